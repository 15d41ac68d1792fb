"""Artifacts on both databases, in SQL and as files: named by content, found by key, never shared across workspaces."""

import hashlib
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from store_world import NOW, World

from auditor.domain.audit import AuditStatus
from auditor.errors import InvalidInput, NotFound, Unavailable
from auditor.store import artifacts as artifacts_module
from auditor.store import audits, datasets, ledger, retention
from auditor.store.artifacts import Artifacts
from auditor.store.engine import after_commit

FAR = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def world(database):
    return World(database)


@pytest.fixture(params=["sql", "files"])
def artifacts(request, tmp_path):
    return Artifacts(None if request.param == "sql" else f"file://{tmp_path}/artifacts")


def put(world, artifacts, data, workspace=None, **details):
    with world.database.begin() as tx:
        return artifacts.put(tx, (workspace or world.ours).id, data, **({"kind": "shadow"} | details))


def get(world, artifacts, digest, workspace=None):
    with world.database.read() as tx:
        return artifacts.get(tx, (workspace or world.ours).id, digest)


def find(world, artifacts, *keys, workspace=None):
    with world.database.read() as tx:
        return artifacts.find(tx, (workspace or world.ours).id, keys)


class TestBytes:
    @pytest.mark.parametrize("data", [b"", b"\x00\xff" * 1000, b"text"])
    def test_they_come_back_as_they_were(self, world, artifacts, data):
        assert get(world, artifacts, put(world, artifacts, data)) == data

    def test_their_name_is_their_sha_256(self, world, artifacts):
        assert put(world, artifacts, b"abc") == hashlib.sha256(b"abc").hexdigest()

    def test_the_same_bytes_are_kept_once(self, world, artifacts):
        assert put(world, artifacts, b"abc") == put(world, artifacts, b"abc", kind="evidence")
        with world.database.read() as tx:
            assert artifacts.sizes(tx, world.ours.id) == {"shadow": 3}

    def test_another_workspace_finds_neither_bytes_nor_keys(self, world, artifacts):
        digest = put(world, artifacts, b"abc", key="recipe")
        with pytest.raises(NotFound):
            get(world, artifacts, digest, world.theirs)
        assert find(world, artifacts, "recipe", workspace=world.theirs) == {}

    def test_each_workspace_keeps_its_own_copy(self, world, artifacts):
        digest = put(world, artifacts, b"abc")
        assert put(world, artifacts, b"abc", world.theirs) == digest
        with world.database.begin() as tx:
            artifacts_module.discard(tx, world.ours.id, [digest])
        with pytest.raises(NotFound):
            get(world, artifacts, digest)
        assert get(world, artifacts, digest, world.theirs) == b"abc"

    def test_what_was_not_committed_is_not_there(self, world, artifacts):
        digest = hashlib.sha256(b"abc").hexdigest()

        def break_off():
            with world.database.begin() as tx:
                artifacts.put(tx, world.ours.id, b"abc", kind="shadow", key="recipe")
                raise RuntimeError("killed")

        with pytest.raises(RuntimeError):
            break_off()
        with pytest.raises(NotFound):
            get(world, artifacts, digest)
        assert find(world, artifacts, "recipe") == {}
        assert get(world, artifacts, put(world, artifacts, b"abc", key="recipe")) == b"abc"

    def test_the_size_of_some_counts_each_once_and_only_ours(self, world):
        artifacts = Artifacts()
        digests = [put(world, artifacts, str(n).encode()) for n in range(100, 110)]
        with world.database.read() as tx:
            assert artifacts.size(tx, world.ours.id, [*digests, digests[0], "no such digest"]) == 30
            assert artifacts.size(tx, world.ours.id, digests * 60) == 30  # more than one statement takes
            assert artifacts.size(tx, world.theirs.id, digests) == artifacts.size(tx, world.ours.id, []) == 0

    def test_sizes_by_kind(self, world, artifacts):
        put(world, artifacts, b"abc"), put(world, artifacts, b"defg"), put(world, artifacts, b"x" * 10, kind="dataset")
        with world.database.read() as tx:
            assert artifacts.sizes(tx, world.ours.id) == {"dataset": 10, "shadow": 7}
            assert artifacts.sizes(tx, world.theirs.id) == {}


class TestKeys:
    def test_a_key_finds_what_was_made_from_it(self, world, artifacts):
        first, second = put(world, artifacts, b"1", key="shadow:1"), put(world, artifacts, b"2", key="shadow:2")
        assert find(world, artifacts, "shadow:1", "shadow:2", "shadow:3") == {"shadow:1": first, "shadow:2": second}
        assert find(world, artifacts) == {}

    def test_more_keys_than_fit_into_one_statement(self, world):
        artifacts = Artifacts()
        with world.database.begin() as tx:
            for n in (0, 700, 1100):
                artifacts.put(tx, world.ours.id, str(n).encode(), kind="shadow", key=f"key {n}")
        assert set(find(world, artifacts, *(f"key {n}" for n in range(1200)))) == {"key 0", "key 700", "key 1100"}

    def test_the_first_artifact_of_a_key_stays(self, world, artifacts):
        first = put(world, artifacts, b"first", key="shadow:1")
        assert put(world, artifacts, b"second", key="shadow:1") == first
        assert find(world, artifacts, "shadow:1") == {"shadow:1": first}
        assert get(world, artifacts, first) == b"first"

    def test_the_same_key_in_two_workspaces_means_two_things(self, world, artifacts):
        ours = put(world, artifacts, b"ours", key="shadow:1")
        theirs = put(world, artifacts, b"theirs", world.theirs, key="shadow:1")
        assert find(world, artifacts, "shadow:1") == {"shadow:1": ours}
        assert find(world, artifacts, "shadow:1", workspace=world.theirs) == {"shadow:1": theirs}


ARRAYS = {
    "log_odds": np.array([[1.5, -np.inf], [np.nan, 0.0]], dtype=np.float32),
    "rows": np.arange(3),
    "flags": np.array([True, False]),
    "empty": np.zeros((0, 4)),
    "file": np.array(7),
}


class TestArrays:
    def test_they_come_back_with_shape_type_and_bits(self, world, artifacts):
        with world.database.begin() as tx:
            digest = artifacts.put_arrays(tx, world.ours.id, ARRAYS, kind="evidence")
            found = artifacts.get_arrays(tx, world.ours.id, digest)
        assert set(found) == set(ARRAYS)
        for name, array in ARRAYS.items():
            assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
            assert found[name].tobytes() == array.tobytes()

    def test_equal_arrays_have_one_name_in_any_order(self, world, artifacts):
        with world.database.begin() as tx:
            first = artifacts.put_arrays(tx, world.ours.id, ARRAYS, kind="evidence")
            turned = dict(reversed([(name, array.copy()) for name, array in ARRAYS.items()]))
            assert artifacts.put_arrays(tx, world.ours.id, turned, kind="evidence") == first

    def test_objects_are_refused(self, world, artifacts):
        with world.database.begin() as tx, pytest.raises(ValueError, match="allow_pickle"):
            artifacts.put_arrays(tx, world.ours.id, {"x": np.array([object()])}, kind="evidence")

    def test_a_pickle_that_was_stored_is_never_opened(self, world, artifacts):
        import io

        buffer = io.BytesIO()
        np.savez(buffer, x=np.array([{"a": 1}], dtype=object))
        digest = put(world, artifacts, buffer.getvalue())
        with world.database.read() as tx, pytest.raises(ValueError, match="allow_pickle"):
            artifacts.get_arrays(tx, world.ours.id, digest)


class TestForgetting:
    def older(self, world, artifacts, before=FAR, kinds=("shadow", "evidence")):
        with world.database.begin() as tx:
            return artifacts.delete_older(tx, before, kinds)

    def test_only_what_is_old_and_of_these_kinds_goes(self, world, artifacts):
        old = put(world, artifacts, b"shadow", key="recipe")
        kept = put(world, artifacts, b"records", kind="dataset")
        assert self.older(world, artifacts, datetime.now(UTC) - timedelta(days=1)) == 0
        assert self.older(world, artifacts) == 1
        assert get(world, artifacts, kept) == b"records"
        with pytest.raises(NotFound):
            get(world, artifacts, old)
        assert find(world, artifacts, "recipe") == {}

    @pytest.mark.parametrize("use", ["put", "put by key", "keep"])
    def test_what_is_used_again_is_as_young_as_what_is_new(self, world, artifacts, use):
        digest, idle = put(world, artifacts, b"shadow", key="recipe"), put(world, artifacts, b"idle")
        between = datetime.now(UTC)
        if use == "keep":
            with world.database.begin() as tx:
                assert artifacts.keep(tx, world.ours.id, [digest, "no such digest"]) == 1
                assert artifacts.keep(tx, world.theirs.id, [digest, idle]) == 0
        else:
            put(world, artifacts, b"shadow", key="recipe" if use == "put by key" else None)
        assert self.older(world, artifacts, between) == 1
        assert get(world, artifacts, digest) == b"shadow"
        with pytest.raises(NotFound):
            get(world, artifacts, idle)

    def test_what_is_used_while_it_is_to_be_forgotten_stays(self, world, artifacts):
        digest = put(world, artifacts, b"shadow")
        between = datetime.now(UTC)
        with world.database.begin() as tx:
            artifacts.keep(tx, world.ours.id, [digest])
            artifacts_module.discard(tx, world.ours.id, [digest], between)
        assert get(world, artifacts, digest) == b"shadow"

    def test_what_was_forgotten_can_be_made_again(self, world, artifacts):
        put(world, artifacts, b"shadow", key="recipe")
        self.older(world, artifacts)
        assert get(world, artifacts, put(world, artifacts, b"shadow", key="recipe")) == b"shadow"

    def test_nothing_goes_while_an_audit_may_need_it(self, world, artifacts):
        audit = world.audit()
        put(world, artifacts, b"ours"), put(world, artifacts, b"theirs", world.theirs)
        assert self.older(world, artifacts) == 1
        with world.database.begin() as tx:
            audits.close(tx, audit.id, status=AuditStatus.COMPLETED, now=NOW)
        assert self.older(world, artifacts) == 1

    def test_the_records_of_a_dataset_stay_even_if_evidence_equals_them(self, world, artifacts):
        digest = put(world, artifacts, b"records", kind="evidence")
        with world.database.begin() as tx:
            datasets.create_dataset(tx, world.ours.id, "members", 1, {}, 7, digest, NOW)
        self.older(world, artifacts)
        assert get(world, artifacts, digest) == b"records"


class TestFiles:
    """What is particular to files: they outlive no row, and nobody may change them unseen."""

    @pytest.fixture
    def folder(self, tmp_path):
        return tmp_path / "artifacts"

    @pytest.fixture
    def artifacts(self, folder):
        return Artifacts(f"file://{folder}")

    def files(self, folder):
        return [path for path in folder.rglob("*") if path.is_file()]

    def test_the_bytes_are_in_a_file_and_not_in_sql(self, world, artifacts, folder):
        digest = put(world, artifacts, b"abc")
        assert [path.name.split(".")[0] for path in self.files(folder)] == [digest]
        with world.database.read() as tx:
            assert tx.exec_driver_sql("SELECT count(data) FROM artifact").scalar_one() == 0

    def test_a_file_goes_when_its_row_is_gone_for_good(self, world, artifacts, folder):
        digest = put(world, artifacts, b"abc")

        def break_off():
            with world.database.begin() as tx:
                artifacts_module.discard(tx, world.ours.id, [digest])
                raise RuntimeError("killed")

        with pytest.raises(RuntimeError):
            break_off()
        assert get(world, artifacts, digest) == b"abc"
        with world.database.begin() as tx:
            artifacts_module.discard(tx, world.ours.id, [digest, "no such digest"])
        assert self.files(folder) == []

    def test_bytes_that_are_stored_again_while_they_are_forgotten_stay(self, world, artifacts, folder):
        digest = put(world, artifacts, b"abc")
        with world.database.begin() as tx:
            after_commit(tx, lambda: put(world, artifacts, b"abc"))  # before the file of the first is removed
            artifacts_module.discard(tx, world.ours.id, [digest])
        assert get(world, artifacts, digest) == b"abc"
        assert len(self.files(folder)) == 1

    def test_what_was_not_committed_leaves_no_file(self, world, artifacts, folder):
        def break_off():
            with world.database.begin() as tx:
                artifacts.put(tx, world.ours.id, b"abc", kind="shadow")
                raise RuntimeError("killed")

        with pytest.raises(RuntimeError):
            break_off()
        assert self.files(folder) == []

    def test_a_damaged_file_is_not_handed_out(self, world, artifacts, folder):
        digest = put(world, artifacts, b"abc")
        self.files(folder)[0].write_bytes(b"abd")
        with pytest.raises(Unavailable, match="damaged"):
            get(world, artifacts, digest)

    def test_a_file_that_is_gone_is_said(self, world, artifacts, folder):
        digest = put(world, artifacts, b"abc")
        self.files(folder)[0].unlink()
        with pytest.raises(NotFound, match="gone"):
            get(world, artifacts, digest)

    def test_a_folder_that_cannot_be_written_is_one_sentence(self, world, tmp_path):
        (tmp_path / "taken").write_text("a file stands where the folder should be")
        with pytest.raises(Unavailable, match="AUDITOR_ARTIFACTS_URL"):
            put(world, Artifacts(f"file://{tmp_path}/taken"), b"abc")

    def test_an_unknown_kind_of_url_is_one_sentence(self, world):
        with pytest.raises(InvalidInput) as caught:
            put(world, Artifacts("gopher://example.com/x"), b"abc")
        assert caught.value.field == "AUDITOR_ARTIFACTS_URL"

    def test_an_object_store_is_written_without_a_draft(self, world):
        import fsspec

        artifacts = Artifacts("memory://bucket/artifacts")
        digest = put(world, artifacts, b"abc")
        memory = fsspec.filesystem("memory")
        (path,) = memory.find("/bucket")
        assert path.rsplit("/", 1)[1].startswith(f"{digest}.")
        assert get(world, artifacts, digest) == b"abc"
        memory.rm("/bucket", recursive=True)

    def test_what_was_stored_in_sql_is_found_after_the_move_to_files(self, world, artifacts):
        digest = put(world, Artifacts(), b"abc")
        assert get(world, artifacts, digest) == b"abc"


def test_retention_forgets_answers_and_evidence_of_audits_that_ended_long_ago(world):
    artifacts = Artifacts()
    ended, running = world.audit(), world.audit(workspace=world.theirs)
    with world.database.begin() as tx:
        for audit in (ended, running):
            ledger.spend(tx, audit.id, 1)
            ledger.record(tx, audit.id, [b"d" * 32], np.array([[1.0]]))
        audits.close(tx, ended.id, status=AuditStatus.COMPLETED, now=NOW, result={"findings": []})
        evidence = artifacts.put(tx, world.ours.id, b"evidence", kind="evidence")
        records = artifacts.put(tx, world.ours.id, b"records", kind="dataset")
        theirs = artifacts.put(tx, world.theirs.id, b"evidence", kind="evidence")
    with world.database.begin() as tx:
        retention.forget(tx, artifacts, NOW)
        assert len(ledger.load_all(tx, ended.id)) == 1
        retention.forget(tx, artifacts, FAR)
    with world.database.read() as tx:
        assert ledger.load_all(tx, ended.id) == {}
        assert len(ledger.load_all(tx, running.id)) == 1
        assert audits.by_id(tx, ended.id).result == {"findings": []}
        assert artifacts.get(tx, world.ours.id, records) == b"records"
        assert artifacts.get(tx, world.theirs.id, theirs) == b"evidence"
        with pytest.raises(NotFound):
            artifacts.get(tx, world.ours.id, evidence)
