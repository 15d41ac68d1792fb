"""What a workspace keeps, on both databases; nothing of it is visible from another workspace."""

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from store_world import NOW, World, later

from auditor.domain.audit import AuditStatus
from auditor.domain.catalog import Role
from auditor.domain.policy import Policy
from auditor.errors import Conflict, InvalidInput, NotFound, Unavailable
from auditor.store import (
    audits,
    datasets,
    events,
    findings,
    idempotency,
    keys,
    policies,
    schedules,
    secrets,
    targets,
    views,
    workspaces,
)
from auditor.store.artifacts import Artifacts
from auditor.store.vault import Vault

VAULT = Vault(bytes(range(32)))


@pytest.fixture
def world(database):
    return World(database)


@pytest.fixture
def tx(world):
    with world.database.begin() as open_transaction:
        yield open_transaction


def make_schedule(tx, workspace_id, name="nightly", next_run_at=None, **details):
    new = schedules.NewSchedule(
        name, details.pop("spec", {"seed": 7}), "0 3 * * *", "Europe/Berlin", next_run_at=next_run_at, **details
    )
    return schedules.create_schedule(tx, workspace_id, new, NOW)


def make_dataset(tx, workspace_id, name="members", digest="d" * 64):
    return datasets.create_dataset(tx, workspace_id, name, 5000, {"age": "integer", "work": "string"}, 81_000, digest, NOW)


class TestWorkspaces:
    def test_they_are_listed_in_the_order_they_were_made(self, world, tx):
        assert workspaces.workspaces(tx) == [world.ours, world.theirs]

    def test_two_cannot_have_one_name(self, world, tx):
        with pytest.raises(Conflict, match="ours"):
            workspaces.create_workspace(tx, "ours", NOW)
        assert len(workspaces.workspaces(tx)) == 2

    def test_accounts_belong_to_one(self, world, tx):
        account_id = workspaces.create_account(tx, world.ours.id, "Ada", NOW)
        workspaces.create_account(tx, world.theirs.id, "Ada", NOW)
        assert workspaces.accounts(tx, world.ours.id) == [(account_id, "Ada")]
        with pytest.raises(Conflict, match="Ada"):
            workspaces.create_account(tx, world.ours.id, "Ada", NOW)


ALMOST = [
    lambda k: k[:-1],
    lambda k: k + "x",
    lambda k: k[:17],
    lambda k: k + "\udc80",
    lambda k: "\x00" + k,
    str.swapcase,
    lambda k: "",
    lambda k: "_",
]


class TestKeys:
    def test_a_key_opens_its_own_workspace_with_its_role(self, world, tx):
        made, plain = keys.create_key(tx, world.ours.id, "ci", Role.AUDITOR, NOW)
        found = keys.authenticate(tx, plain, NOW)
        assert (found.id, found.workspace_id, found.role, found.name) == (made.id, world.ours.id, Role.AUDITOR, "ci")

    def test_the_plain_key_is_long_and_begins_as_it_is_listed(self, world, tx):
        made, plain = keys.create_key(tx, world.ours.id, "ci", Role.VIEWER, NOW)
        assert re.fullmatch(r"pat_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", plain)
        assert plain.startswith(made.prefix + "_")

    def test_the_database_holds_nothing_that_opens(self, world, tx):
        _, plain = keys.create_key(tx, world.ours.id, "ci", Role.VIEWER, NOW)
        rows = tx.exec_driver_sql("SELECT * FROM api_key").all()
        assert plain.split("_", 2)[2] not in repr(rows)
        assert plain not in repr(rows)

    def test_no_two_keys_are_alike(self, world, tx):
        assert len({keys.create_key(tx, world.ours.id, "ci", Role.VIEWER, NOW)[1] for _ in range(20)}) == 20

    @pytest.mark.parametrize(
        "change", [lambda k: k[:-1], lambda k: k + "x", lambda k: k.swapcase(), lambda k: k[:17], lambda k: "", lambda k: "_"]
    )
    def test_what_is_almost_the_key_opens_nothing(self, world, tx, change):
        _, plain = keys.create_key(tx, world.ours.id, "ci", Role.ADMIN, NOW)
        assert keys.authenticate(tx, change(plain), NOW) is None

    def test_the_secret_of_one_key_does_not_open_another(self, world, tx):
        _, first = keys.create_key(tx, world.ours.id, "a", Role.ADMIN, NOW)
        _, second = keys.create_key(tx, world.ours.id, "b", Role.ADMIN, NOW)
        mixed = "_".join(first.split("_", 2)[:2]) + "_" + second.split("_", 2)[2]
        assert keys.authenticate(tx, mixed, NOW) is None

    def test_a_revoked_key_opens_nothing_and_stays_listed(self, world, tx):
        made, plain = keys.create_key(tx, world.ours.id, "ci", Role.VIEWER, NOW)
        keys.revoke_key(tx, world.ours.id, made.id)
        keys.revoke_key(tx, world.ours.id, made.id)
        assert keys.authenticate(tx, plain, NOW) is None
        assert [k.revoked for k in keys.list_keys(tx, world.ours.id)] == [True]

    def test_a_key_expires_at_its_moment(self, world, tx):
        _, plain = keys.create_key(tx, world.ours.id, "ci", Role.VIEWER, NOW, expires_at=later(10))
        assert keys.authenticate(tx, plain, later(9)) is not None
        assert keys.authenticate(tx, plain, later(10)) is None

    def test_use_is_noted_at_most_once_a_minute(self, world, tx):
        made, plain = keys.create_key(tx, world.ours.id, "ci", Role.VIEWER, NOW)
        noted = []
        for seconds in (0, 59, 61, 100, 130):
            found = keys.authenticate(tx, plain, later(seconds))
            if keys.is_use_due(found, later(seconds)):
                keys.note_use(tx, found, later(seconds))
            noted.append(keys.get_key(tx, world.ours.id, made.id).last_used_at)
        assert noted == [later(0), later(0), later(61), later(61), later(130)]

    def test_keys_are_listed_newest_first_and_only_ours(self, world, tx):
        for name in ("first", "second"):
            keys.create_key(tx, world.ours.id, name, Role.VIEWER, NOW)
        keys.create_key(tx, world.theirs.id, "foreign", Role.ADMIN, NOW)
        assert [k.name for k in keys.list_keys(tx, world.ours.id)] == ["second", "first"]

    def test_an_unknown_role_is_refused(self, world, tx):
        with pytest.raises(ValueError, match="root"):
            keys.create_key(tx, world.ours.id, "ci", "root", NOW)


class TestTargets:
    def test_a_target_comes_back_as_it_was_made(self, world, tx):
        spec = {"url": "http://127.0.0.1/v2", "classes": ["<=50K", ">50K"], "auth": None}
        made = targets.create_target(tx, world.ours.id, "income", spec, NOW)
        assert targets.get_target(tx, world.ours.id, made.id) == made
        assert (made.name, made.spec, made.created_at) == ("income", spec, NOW)

    def test_pages(self, world, tx):
        made = [targets.create_target(tx, world.ours.id, f"t{n}", {}, NOW) for n in range(5)]
        first, cursor = targets.page_targets(tx, world.ours.id, limit=3)
        second, last = targets.page_targets(tx, world.ours.id, limit=3, cursor=cursor)
        assert first + second == made[::-1]
        assert last is None

    def test_the_newest_of_a_name_is_found(self, world, tx):
        targets.create_target(tx, world.ours.id, "income", {"v": 1}, NOW)
        newest = targets.create_target(tx, world.ours.id, "income", {"v": 2}, NOW)
        targets.create_target(tx, world.theirs.id, "income", {"v": 3}, NOW)
        assert targets.named_target(tx, world.ours.id, "income") == newest
        assert targets.named_target(tx, world.ours.id, "other") is None

    def test_an_unused_target_can_be_deleted(self, world, tx):
        made = targets.create_target(tx, world.ours.id, "income", {}, NOW)
        targets.delete_target(tx, world.ours.id, made.id)
        with pytest.raises(NotFound):
            targets.get_target(tx, world.ours.id, made.id)

    def test_one_that_was_audited_cannot(self, world):
        target = world.target()
        world.audit(target_id=target.id)
        with world.database.begin() as tx, pytest.raises(Conflict, match="audits"):
            targets.delete_target(tx, world.ours.id, target.id)

    def test_nor_one_that_is_scheduled(self, world, tx):
        made = targets.create_target(tx, world.ours.id, "income", {}, NOW)
        make_schedule(tx, world.ours.id, target_id=made.id)
        with pytest.raises(Conflict, match="schedule"):
            targets.delete_target(tx, world.ours.id, made.id)


class TestSecrets:
    def make(self, tx, workspace, value="s3cret-token"):
        return secrets.create_secret(tx, workspace.id, "token", "Models.Example.com", value, NOW, VAULT)

    def test_a_worker_can_open_what_was_stored(self, world, tx):
        made = self.make(tx, world.ours, "pässwörd ✓")
        assert secrets.open_secret(tx, world.ours.id, made.id, VAULT) == (made, "pässwörd ✓")
        assert made.host == "models.example.com"

    def test_the_value_is_nowhere_in_the_database(self, world, tx):
        self.make(tx, world.ours)
        rows = tx.exec_driver_sql("SELECT * FROM secret").all()
        assert "s3cret-token" not in repr(rows)

    def test_two_seals_of_one_value_differ(self, world, tx):
        self.make(tx, world.ours), self.make(tx, world.ours)
        sealed = [bytes(row.sealed) for row in tx.exec_driver_sql("SELECT sealed FROM secret")]
        assert sealed[0] != sealed[1]

    def test_a_seal_moved_to_another_row_does_not_open(self, world, tx):
        first, second = self.make(tx, world.ours, "first"), self.make(tx, world.ours, "second")
        tx.exec_driver_sql(
            f"UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE id = '{first.id}') WHERE id = '{second.id}'"
        )
        with pytest.raises(Unavailable):
            secrets.open_secret(tx, world.ours.id, second.id, VAULT)

    def test_a_changed_host_does_not_open(self, world, tx):
        made = self.make(tx, world.ours)
        tx.exec_driver_sql("UPDATE secret SET host = 'evil.example.com'")
        with pytest.raises(Unavailable):
            secrets.open_secret(tx, world.ours.id, made.id, VAULT)

    def test_another_master_key_says_what_to_do(self, world, tx):
        made = self.make(tx, world.ours)
        with pytest.raises(Unavailable, match="AUDITOR_MASTER_KEY"):
            secrets.open_secret(tx, world.ours.id, made.id, Vault(bytes(32)))

    @pytest.mark.parametrize(
        ("host", "value", "field"), [("", "x", "host"), ("h" * 256, "x", "host"), ("example.com", "", "value")]
    )
    def test_what_cannot_be_used_is_refused(self, world, tx, host, value, field):
        with pytest.raises(InvalidInput) as caught:
            secrets.create_secret(tx, world.ours.id, "token", host, value, NOW, VAULT)
        assert caught.value.field == field

    def test_one_in_use_cannot_be_deleted(self, world, tx):
        made = self.make(tx, world.ours)
        target = targets.create_target(tx, world.ours.id, "income", {"auth": {"secret": f"secret:{made.id}"}}, NOW)
        with pytest.raises(Conflict, match="income"):
            secrets.delete_secret(tx, world.ours.id, made.id)
        targets.delete_target(tx, world.ours.id, target.id)
        secrets.delete_secret(tx, world.ours.id, made.id)
        assert secrets.page_secrets(tx, world.ours.id, limit=5) == ([], None)


class TestDatasets:
    def test_a_dataset_comes_back_as_it_was_made(self, world, tx):
        made = make_dataset(tx, world.ours.id)
        assert datasets.get_dataset(tx, world.ours.id, made.id) == made
        assert list(made.columns.items()) == [("age", "integer"), ("work", "string")]

    def test_pages(self, world, tx):
        made = [make_dataset(tx, world.ours.id, f"d{n}") for n in range(3)]
        first, cursor = datasets.page_datasets(tx, world.ours.id, limit=2)
        second, _ = datasets.page_datasets(tx, world.ours.id, limit=2, cursor=cursor)
        assert first + second == made[::-1]

    def test_deleting_it_deletes_its_records(self, world, tx):
        store = Artifacts()
        digest = store.put(tx, world.ours.id, b"records", kind="dataset")
        made = make_dataset(tx, world.ours.id, digest=digest)
        datasets.delete_dataset(tx, world.ours.id, made.id)
        with pytest.raises(NotFound):
            store.get(tx, world.ours.id, digest)

    def test_records_that_another_dataset_holds_too_stay(self, world, tx):
        store = Artifacts()
        digest = store.put(tx, world.ours.id, b"records", kind="dataset")
        first, second = make_dataset(tx, world.ours.id, digest=digest), make_dataset(tx, world.ours.id, digest=digest)
        datasets.delete_dataset(tx, world.ours.id, first.id)
        assert store.get(tx, world.ours.id, digest) == b"records"
        datasets.delete_dataset(tx, world.ours.id, second.id)
        assert store.sizes(tx, world.ours.id) == {}

    def test_one_that_a_running_audit_reads_cannot_be_deleted(self, world, tx):
        made = make_dataset(tx, world.ours.id)
        spec = {"data": {"members": made.id}}
        audit = audits.create(tx, workspace_id=world.ours.id, name="q3", spec=spec, budget=1, now=NOW)
        with pytest.raises(Conflict, match="running audit"):
            datasets.delete_dataset(tx, world.ours.id, made.id)
        audits.close(tx, audit.id, status=AuditStatus.COMPLETED, now=NOW)
        datasets.delete_dataset(tx, world.ours.id, made.id)

    def test_nor_one_that_is_scheduled(self, world, tx):
        made = make_dataset(tx, world.ours.id)
        make_schedule(tx, world.ours.id, spec={"data": {"auxiliary": made.id}})
        with pytest.raises(Conflict, match="nightly"):
            datasets.delete_dataset(tx, world.ours.id, made.id)


class TestSchedules:
    def test_a_schedule_comes_back_as_it_was_made(self, world, tx):
        made = make_schedule(tx, world.ours.id, next_run_at=later(60))
        assert schedules.get_schedule(tx, world.ours.id, made.id) == made
        assert (made.cron, made.zone, made.paused, made.next_run_at) == ("0 3 * * *", "Europe/Berlin", False, later(60))
        assert schedules.page_schedules(tx, world.ours.id, limit=5) == ([made], None)

    def test_a_target_of_another_workspace_is_not_found(self, world, tx):
        foreign = targets.create_target(tx, world.theirs.id, "income", {}, NOW)
        with pytest.raises(NotFound):
            make_schedule(tx, world.ours.id, target_id=foreign.id)

    def test_due_are_those_whose_moment_has_come_of_every_workspace(self, world, tx):
        second = make_schedule(tx, world.ours.id, next_run_at=later(20))
        first = make_schedule(tx, world.theirs.id, next_run_at=later(10))
        make_schedule(tx, world.ours.id, next_run_at=later(31))
        make_schedule(tx, world.ours.id, next_run_at=None)
        paused = make_schedule(tx, world.ours.id, next_run_at=later(5))
        schedules.set_paused(tx, world.ours.id, paused.id, True, None)
        assert schedules.due(tx, later(30)) == [first, second]

    def test_a_firing_is_taken_once(self, world, tx):
        seen = make_schedule(tx, world.ours.id, next_run_at=NOW)
        assert schedules.take(tx, seen, next_run_at=later(3600))
        assert not schedules.take(tx, seen, next_run_at=later(3600))
        assert schedules.due(tx, NOW) == []

    def test_one_paused_since_it_was_seen_is_not_taken(self, world, tx):
        seen = make_schedule(tx, world.ours.id, next_run_at=NOW)
        schedules.set_paused(tx, world.ours.id, seen.id, True, NOW)
        assert not schedules.take(tx, seen, next_run_at=later(3600))

    def test_pausing_and_going_on(self, world, tx):
        made = make_schedule(tx, world.ours.id, next_run_at=NOW)
        assert schedules.set_paused(tx, world.ours.id, made.id, True, None) == replace(made, paused=True, next_run_at=None)
        assert schedules.set_paused(tx, world.ours.id, made.id, False, later(9)) == replace(made, next_run_at=later(9))

    def test_what_became_of_a_firing_is_kept(self, world, tx):
        made = make_schedule(tx, world.ours.id)
        schedules.note(tx, made.id, "skipped: the audit before was still running")
        assert schedules.get_schedule(tx, world.ours.id, made.id).last_note.startswith("skipped")
        schedules.started(tx, made.id, "an audit")
        after = schedules.get_schedule(tx, world.ours.id, made.id)
        assert (after.last_audit_id, after.last_note) == ("an audit", None)
        with pytest.raises(NotFound):
            schedules.note(tx, "no such schedule", "x")

    def test_deleting_leaves_the_audits_it_started(self, world, tx):
        made = make_schedule(tx, world.ours.id)
        audit = audits.create(tx, workspace_id=world.ours.id, name="q3", spec={}, budget=1, now=NOW, schedule_id=made.id)
        schedules.delete_schedule(tx, world.ours.id, made.id)
        assert audits.by_id(tx, audit.id).schedule_id is None


class TestPolicies:
    def test_a_policy_takes_the_place_of_the_one_before(self, world, tx):
        policies.save_policy(tx, world.ours.id, Policy("strict", {"membership": 5.0, "stealing": None}), NOW)
        policies.save_policy(tx, world.ours.id, Policy("strict", {"membership": 10.0}), NOW)
        policies.save_policy(tx, world.ours.id, Policy("lax", {"membership": 50.0}), NOW)
        assert [(p.name, p.levels) for p in policies.policies(tx, world.ours.id)] == [
            ("lax", {"membership": 50.0}),
            ("strict", {"membership": 10.0}),
        ]

    def test_it_can_be_deleted(self, world, tx):
        policies.save_policy(tx, world.ours.id, Policy("strict", {}), NOW)
        policies.delete_policy(tx, world.ours.id, "strict")
        assert policies.policies(tx, world.ours.id) == []
        with pytest.raises(NotFound):
            policies.delete_policy(tx, world.ours.id, "strict")


class TestIdempotency:
    ANSWER = idempotency.Answer("digest", 201, {"Location": "/api/v1/audits/1"}, b'{"id": 1}')

    def test_the_answer_is_kept_for_a_day(self, world, tx):
        idempotency.remember(tx, world.ours.id, "key", self.ANSWER, NOW)
        assert idempotency.recall(tx, world.ours.id, "key", later(86_399)) == self.ANSWER
        assert idempotency.recall(tx, world.ours.id, "key", later(86_400)) is None

    def test_another_workspace_has_its_own_keys(self, world, tx):
        idempotency.remember(tx, world.ours.id, "key", self.ANSWER, NOW)
        assert idempotency.recall(tx, world.theirs.id, "key", NOW) is None
        idempotency.remember(tx, world.theirs.id, "key", self.ANSWER, NOW)

    def test_a_claim_takes_back_no_answer(self, world, tx):
        """Two requests find the key free; the first is answered before the second takes it."""
        idempotency.claim(tx, world.ours.id, "key", idempotency.Answer("digest", 0), NOW)
        idempotency.remember(tx, world.ours.id, "key", self.ANSWER, NOW)
        with pytest.raises(Conflict):
            idempotency.claim(tx, world.ours.id, "key", idempotency.Answer("digest", 0), NOW)
        assert idempotency.recall(tx, world.ours.id, "key", NOW) == self.ANSWER

    def test_a_claim_becomes_an_answer(self, world, tx):
        idempotency.remember(tx, world.ours.id, "key", idempotency.Answer("digest", 0), NOW)
        idempotency.remember(tx, world.ours.id, "key", self.ANSWER, later(1))
        assert idempotency.recall(tx, world.ours.id, "key", NOW) == self.ANSWER

    def test_a_key_is_claimed_once(self, world, tx):
        idempotency.remember(tx, world.ours.id, "key", idempotency.Answer("digest", 0), NOW)
        with pytest.raises(Conflict):
            idempotency.remember(tx, world.ours.id, "key", idempotency.Answer("digest", 0), NOW)

    def test_another_request_does_not_overwrite_the_answer(self, world, tx):
        idempotency.remember(tx, world.ours.id, "key", self.ANSWER, NOW)
        with pytest.raises(Conflict):
            idempotency.remember(tx, world.ours.id, "key", idempotency.Answer("other", 202), NOW)
        assert idempotency.recall(tx, world.ours.id, "key", NOW) == self.ANSWER

    def test_after_a_day_the_key_is_free(self, world, tx):
        idempotency.remember(tx, world.ours.id, "key", self.ANSWER, NOW)
        other = idempotency.Answer("other", 202)
        idempotency.remember(tx, world.ours.id, "key", other, later(86_400))
        assert idempotency.recall(tx, world.ours.id, "key", later(86_400)) == other

    def test_a_request_without_effect_frees_its_key(self, world, tx):
        idempotency.remember(tx, world.ours.id, "key", idempotency.Answer("digest", 0), NOW)
        idempotency.forget(tx, world.ours.id, "key")
        assert idempotency.recall(tx, world.ours.id, "key", NOW) is None

    def test_old_answers_go(self, world, tx):
        idempotency.remember(tx, world.ours.id, "old", self.ANSWER, NOW)
        idempotency.remember(tx, world.ours.id, "new", self.ANSWER, later(10))
        idempotency.forget_old(tx, later(86_405))
        assert [row.key for row in tx.exec_driver_sql("SELECT key FROM idempotency")] == ["new"]


class TestTenancy:
    """Every function that takes a workspace and an id, with the id of a row that another workspace has."""

    FUNCTIONS = (
        ("audit", audits.get),
        ("audit", lambda tx, w, i: audits.request_cancel(tx, w, i, NOW)),
        ("audit", lambda tx, w, i: audits.reopen(tx, w, i, NOW)),
        ("audit", findings.of_audit),
        ("audit", lambda tx, w, i: findings.replace(tx, i, w, [])),
        ("audit", lambda tx, w, i: events.page(tx, w, 5, audit_id=i)),
        ("audit", lambda tx, w, i: events.add(tx, w, "kind", "sentence", NOW, audit_id=i)),
        ("target", targets.get_target),
        ("target", targets.delete_target),
        ("target", findings.history),
        ("target", findings.latest_of_target),
        ("target", lambda tx, w, i: audits.page(tx, w, limit=5, target_id=i)),
        ("target", lambda tx, w, i: events.add(tx, w, "kind", "sentence", NOW, target_id=i)),
        ("secret", secrets.get_secret),
        ("secret", lambda tx, w, i: secrets.open_secret(tx, w, i, VAULT)),
        ("secret", secrets.delete_secret),
        ("dataset", datasets.get_dataset),
        ("dataset", datasets.delete_dataset),
        ("schedule", schedules.get_schedule),
        ("schedule", lambda tx, w, i: schedules.set_paused(tx, w, i, True, None)),
        ("schedule", schedules.delete_schedule),
        ("key", keys.get_key),
        ("key", keys.revoke_key),
        ("policy", policies.get_policy),
        ("policy", policies.delete_policy),
        ("artifact", lambda tx, w, i: Artifacts().get(tx, w, i)),
    )

    @pytest.fixture
    def ids(self, world):
        """One of everything, all theirs."""
        target = world.target(workspace=world.theirs)
        made = {"target": target.id, "audit": world.audit(workspace=world.theirs, target_id=target.id).id, "policy": "strict"}
        with world.database.begin() as tx:
            theirs = world.theirs.id
            audits.close(tx, made["audit"], status=AuditStatus.FAILED, now=NOW)
            policies.save_policy(tx, theirs, Policy("strict", {}), NOW)
            made["secret"] = secrets.create_secret(tx, theirs, "token", "example.com", "x", NOW, VAULT).id
            made["dataset"] = make_dataset(tx, theirs).id
            made["schedule"] = make_schedule(tx, theirs).id
            made["key"] = keys.create_key(tx, theirs, "ci", Role.ADMIN, NOW)[0].id
            made["artifact"] = Artifacts().put(tx, theirs, b"bytes", kind="dataset")
        return made

    @pytest.mark.parametrize("index", range(len(FUNCTIONS)))
    def test_a_foreign_id_is_not_found_and_nothing_happens_to_it(self, world, ids, index):
        kind, function = self.FUNCTIONS[index]
        before = self.everything(world)
        with pytest.raises(NotFound), world.database.begin() as tx:
            function(tx, world.ours.id, ids[kind])
        assert self.everything(world) == before

    def test_lists_and_views_show_nothing_foreign(self, world, ids, tx):
        ours = world.ours.id
        pages = [
            audits.page(tx, ours, limit=5),
            targets.page_targets(tx, ours, limit=5),
            secrets.page_secrets(tx, ours, limit=5),
            datasets.page_datasets(tx, ours, limit=5),
            schedules.page_schedules(tx, ours, limit=5),
            events.page(tx, ours, 5),
        ]
        assert pages == [([], None)] * 6
        assert (
            keys.list_keys(tx, ours)
            == policies.policies(tx, ours)
            == workspaces.accounts(tx, ours)
            == views.overview(tx, ours)
            == []
        )

    @pytest.mark.parametrize(
        "make",
        [
            lambda tx: targets.create_target(tx, "nowhere", "income", {}, NOW),
            lambda tx: secrets.create_secret(tx, "nowhere", "token", "example.com", "x", NOW, VAULT),
            lambda tx: make_dataset(tx, "nowhere"),
            lambda tx: make_schedule(tx, "nowhere"),
            lambda tx: keys.create_key(tx, "nowhere", "ci", Role.ADMIN, NOW),
            lambda tx: policies.save_policy(tx, "nowhere", Policy("strict", {}), NOW),
            lambda tx: workspaces.create_account(tx, "nowhere", "Ada", NOW),
            lambda tx: events.add(tx, "nowhere", "kind", "sentence", NOW),
        ],
    )
    def test_nothing_is_made_in_a_workspace_that_is_not_there(self, world, tx, make):
        with pytest.raises(NotFound, match="workspace"):
            make(tx)

    def everything(self, world):
        with world.database.read() as tx:
            names = ("audit", "target", "secret", "dataset", "schedule", "api_key", "policy", "artifact", "finding", "event")
            return {name: tx.exec_driver_sql(f"SELECT * FROM {name}").all() for name in names}


class TestTimes:
    @pytest.mark.parametrize("hours", [0, 5.5, -8])
    def test_a_moment_comes_back_in_utc_whatever_zone_it_was_given_in(self, world, tx, hours):
        moment = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=hours)))
        made = targets.create_target(tx, world.ours.id, "income", {}, moment)
        found = targets.get_target(tx, world.ours.id, made.id)
        assert found.created_at == moment
        assert found.created_at.utcoffset() == timedelta(0)

    def test_a_moment_without_a_zone_is_a_mistake(self, world, tx):
        with pytest.raises(Exception, match="aware datetime"):
            targets.create_target(tx, world.ours.id, "income", {}, datetime(2026, 3, 2))
