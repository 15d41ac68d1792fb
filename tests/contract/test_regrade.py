"""Any finding can be graded again from what is stored: without the target, bit for bit, and what was changed is noticed."""

import copy
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from auditor.cli import COMMANDS, main
from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.catalog import Role
from auditor.domain.spec import AuditSpec, SensitiveSpec, parse
from auditor.errors import Conflict, NotFound
from auditor.settings import Settings
from auditor.store import audits, keys
from auditor.store.tables import artifact, step
from auditor.web.app import create_app
from auditor.workflow import Services, regrade, run_locally, submit, tick

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import ended, people, small_spec, small_target, store_small_data, store_table

ATTACKS = ["gap", "rmia", "attribute", "surrogate"]  # every kind of evidence
FEW = [*ATTACKS[:3], {"name": "surrogate", "params": {"queries": 300}}]


@dataclass(frozen=True)
class Done:
    services: Services
    workspace_id: str
    audit: Audit


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """A completed audit whose target is gone: nobody answers at its address any more."""
    home = tmp_path_factory.mktemp("regrade")
    services = run_locally(Settings(home, f"sqlite:///{home}/auditor.sqlite", "filesystem://"))
    with small_target() as target:
        spec = small_spec(target.open_inference, attacks=FEW, shadows=4)
        workspace_id, spec = store_small_data(services, "ours", spec)
        spec = _with_auxiliary(services, workspace_id, spec)
        audit = ended(services, submit(services, workspace_id, spec).id)
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    yield Done(services, workspace_id, audit)
    services.close()


def test_every_finding_comes_out_again_without_the_target(done: Done) -> None:
    again = regrade(done.services, done.workspace_id, done.audit.id)
    assert again.differing == ()
    assert again.identical
    assert {f["attack"] for f in again.result["findings"]} == set(ATTACKS)


def test_the_target_was_asked_nothing(done: Done) -> None:
    before = _stored(done).queries
    regrade(done.services, done.workspace_id, done.audit.id)
    assert _stored(done).queries == before


def test_a_result_that_was_changed_by_one_bit_is_noticed_and_the_place_is_named(done: Done) -> None:
    forged = copy.deepcopy(done.audit.result or {})
    auc = forged["findings"][0]["estimates"][0]
    auc["value"] = auc["value"] * (1 + 2**-52)
    again = regrade(done.services, done.workspace_id, done.audit.id, forged)
    assert not again.identical
    assert again.differing == ("findings[0].estimates[0].value",)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda r: r["findings"].pop(), "findings"),
        (lambda r: r["audit"].update(outcome="pass" if r["audit"]["outcome"] != "pass" else "breach"), "audit.outcome"),
        (lambda r: r["findings"][0].update(caveats=[]), "findings[0].caveats"),
        (lambda r: r.pop("not_run"), "not_run"),
        (lambda r: r["data"].update(members=300.0), "data.members"),
    ],
)
def test_what_was_embellished_in_a_result_file_is_named(done: Done, change: Any, place: str) -> None:
    forged = copy.deepcopy(done.audit.result or {})
    change(forged)
    assert place in regrade(done.services, done.workspace_id, done.audit.id, forged).differing


def test_a_result_of_an_older_version_of_the_score_says_why_it_differs(done: Done) -> None:
    older = copy.deepcopy(done.audit.result)
    assert older is not None
    del older["audit"]["score_version"]  # as the first results were
    again = regrade(done.services, done.workspace_id, done.audit.id, older)
    assert not again.identical
    assert again.differing[0].startswith("audit.score_version: reported by version 1 of the score and graded again by version 3")


def test_what_differs_from_run_to_run_is_not_compared(done: Done) -> None:
    other = copy.deepcopy(done.audit.result or {})
    other["audit"] |= {"id": "another", "seconds": 1e6, "queries": 1}
    other["target"]["measured"] = {}
    other["cost"] = {"estimated": {}, "actual": {}}
    assert regrade(done.services, done.workspace_id, done.audit.id, other).identical


def test_no_result_at_all_is_told_and_not_a_crash(done: Done) -> None:
    again = regrade(done.services, done.workspace_id, done.audit.id, {"audit": {}})
    assert again.differing == ("the reported result lacks parts that every result has",)


def test_evidence_that_was_changed_in_the_database_is_noticed(done: Done) -> None:
    digest = _evidence_of(done, "attack:rmia@4")
    with _altered(done, digest):
        again = regrade(done.services, done.workspace_id, done.audit.id)
    assert not again.identical
    assert again.differing == ("evidence of attack:rmia@4: the stored bytes were changed after the audit",)
    assert regrade(done.services, done.workspace_id, done.audit.id).identical


def test_an_audit_that_another_version_prepared_in_another_way_is_refused(done: Done) -> None:
    with done.services.database.begin() as tx:
        probed = (step.c.audit_id == done.audit.id) & (step.c.key == "probe")
        kept = tx.execute(select(step.c.result).where(probed)).scalar_one()
        tx.execute(update(step).where(probed).values(result={**kept, "digest": "of other records"}))
    with pytest.raises(Conflict, match="took other records from the same files"):
        regrade(done.services, done.workspace_id, done.audit.id)
    with done.services.database.begin() as tx:
        tx.execute(update(step).where(probed).values(result=kept))


def test_records_that_were_changed_in_the_database_are_noticed(done: Done) -> None:
    with done.services.database.read() as tx:
        row = tx.execute(select(artifact.c.digest).where(artifact.c.kind == "dataset")).first()
    assert row is not None
    with _altered(done, row.digest):
        again = regrade(done.services, done.workspace_id, done.audit.id)
    assert again.differing[0].startswith("data.")


def test_another_workspace_has_no_such_audit(done: Done) -> None:
    with pytest.raises(NotFound):
        regrade(done.services, "0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001", done.audit.id)


def test_an_audit_that_is_not_over_has_nothing_to_grade_again(done: Done) -> None:
    waiting = replace(done.services, dispatch=_Silent())
    audit = submit(waiting, done.workspace_id, _spec_of(done))
    with pytest.raises(Conflict, match="is running and has no findings to grade again"):
        regrade(done.services, done.workspace_id, audit.id)
    with done.services.database.begin() as tx:
        audits.close(tx, audit.id, status=AuditStatus.CANCELLED, now=done.services.clock())


class TestSurfaces:
    """The same through the command line and the API."""

    def test_the_command_says_identical_and_answers_0(self, done: Done, capsys: pytest.CaptureFixture[str]) -> None:
        assert _auditor(done, done.audit.id) == 0
        assert capsys.readouterr().out.startswith("identical: 4 findings")

    def test_the_command_compares_the_file_it_is_given(
        self, done: Done, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        forged = copy.deepcopy(done.audit.result or {})
        forged["findings"][0]["score"] = 0.123
        (tmp_path / "result.json").write_text(json.dumps(forged))
        assert _auditor(done, str(tmp_path / "result.json"), "--output", str(tmp_path / "again.json")) == 1
        assert capsys.readouterr().out == "not as reported:\n  findings[0].score\n"
        again = json.loads((tmp_path / "again.json").read_text())
        assert again["findings"] == (done.audit.result or {})["findings"]

    def test_a_file_that_is_no_result_is_one_sentence(self, done: Done, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "odd.json").write_text('{"audit": 3, "findings": []}')
        assert _auditor(done, str(tmp_path / "odd.json")) == 2
        assert "does not say which audit it is of" in capsys.readouterr().err

    def test_the_api_answers_whether_all_came_out_again(self, done: Done) -> None:
        answer = _asked(done, Role.AUDITOR)
        assert (answer.status_code, answer.json) == (200, {"identical": True, "differing": []})

    def test_who_may_only_read_may_not_make_the_service_work(self, done: Done) -> None:
        assert _asked(done, Role.VIEWER).status_code == 403


def test_after_the_retention_a_sentence_says_that_the_evidence_is_gone(done: Done) -> None:
    later = done.services.clock() + timedelta(days=done.services.settings.retention_days + 1)
    tick(replace(done.services, clock=lambda: later, dispatch=_Silent()))
    with pytest.raises(Conflict, match=r"evidence of this audit is gone.*AUDITOR_RETENTION_DAYS"):
        regrade(done.services, done.workspace_id, done.audit.id)


def _with_auxiliary(services: Services, workspace_id: str, spec: AuditSpec) -> AuditSpec:
    with services.database.begin() as tx:
        auxiliary = store_table(tx, services, workspace_id, "auxiliary", people(300, 3))
    town = SensitiveSpec(name="town", columns=("town",))
    return spec.model_copy(update={"data": spec.data.model_copy(update={"auxiliary": auxiliary, "sensitive": (town,)})})


def _auditor(done: Done, *arguments: str) -> int:
    return main(["regrade", *arguments, "--home", str(done.services.settings.home)], COMMANDS)


def _asked(done: Done, role: Role) -> Any:
    with done.services.database.begin() as tx:
        _, plain = keys.create_key(tx, done.workspace_id, f"a key for {role}", role, done.services.clock())
    client = create_app(done.services).test_client(use_cookies=False)
    return client.post(f"/api/v1/audits/{done.audit.id}/regrade", headers={"Authorization": f"Bearer {plain}"})


class _Silent:
    """A dispatch that delivers to nobody."""

    def deliver(self, steps: Any) -> None:
        pass

    def close(self) -> None:
        pass


@contextmanager
def _altered(done: Done, digest: str) -> Iterator[None]:
    """The stored bytes of an artifact with one bit turned, and back."""
    with done.services.database.read() as tx:
        kept = bytes(tx.execute(select(artifact.c.data).where(artifact.c.digest == digest)).scalar_one())
    turned = bytearray(kept)
    turned[len(turned) // 2] ^= 1
    _write(done, digest, bytes(turned))
    yield
    _write(done, digest, kept)


def _write(done: Done, digest: str, data: bytes) -> None:
    with done.services.database.begin() as tx:
        tx.execute(update(artifact).where(artifact.c.digest == digest).values(data=data))


def _spec_of(done: Done) -> AuditSpec:
    return parse(done.audit.spec)


def _stored(done: Done) -> Audit:
    with done.services.database.read() as tx:
        return audits.get(tx, done.workspace_id, done.audit.id)


def _evidence_of(done: Done, key: str) -> str:
    with done.services.database.read() as tx:
        step = next(s for s in audits.steps(tx, done.audit.id) if s.key == key)
    return str((step.result or {})["evidence"])
