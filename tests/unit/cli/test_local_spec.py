"""From a YAML file to what is stored: files, target, ids."""

import re
from dataclasses import replace

import pytest

from auditor import settings
from auditor.cli.exits import code_of
from auditor.cli.local_spec import read_spec, register
from auditor.cli.workspace import first_key, first_workspace, make_key
from auditor.console import files
from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.catalog import Role
from auditor.domain.spec import parse
from auditor.errors import InvalidInput
from auditor.store import datasets, keys, targets
from auditor.workflow import open_services

SPEC = """
spec: 1
name: mine
target: {url: http://127.0.0.1:8080/v2/models/m/infer}
data: {members: members.csv, non_members: sub/non_members.csv, label: y}
"""
FILES = {"members": "m.csv", "non_members": "n.csv", "label": "y"}


class Nobody:
    """Delivers to nobody."""

    def deliver(self, steps):
        return None

    def close(self):
        return None


@pytest.fixture
def services(tmp_path):
    opened = open_services(settings.load({"AUDITOR_HOME": str(tmp_path / "home")}), Nobody())
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path):
    where = tmp_path / "work"
    (where / "sub").mkdir(parents=True)
    (where / "members.csv").write_text(people(0, 60))
    (where / "sub" / "non_members.csv").write_text(people(60, 130))
    (where / "audit.yaml").write_text(SPEC)
    return where


def people(first, last):
    return "a,y\n" + "".join(f"{i},{'no' if i % 2 else 'yes'}\n" for i in range(first, last))


def registered(services, folder, **environ):
    services = replace(services, environ=environ)
    return register(services, first_workspace(services), read_spec(folder / "audit.yaml"), folder)


class TestReading:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("a: [b", "this is not YAML"),
            ("spec: 1\nname: x: y", "line 2: this is not YAML"),
            ("- a\n- b", "as a mapping of keys"),
            ("", "as a mapping of keys"),
            ("!!python/object/apply:os.system ['true']", "this is not YAML"),
        ],
    )
    def test_what_is_no_spec_is_one_sentence(self, tmp_path, text, said):
        path = tmp_path / "a.yaml"
        path.write_text(text)
        with pytest.raises(InvalidInput, match=said):
            read_spec(path)

    def test_another_encoding_is_one_sentence(self, tmp_path):
        path = tmp_path / "a.yaml"
        path.write_bytes("name: Grün".encode("latin-1"))
        with pytest.raises(InvalidInput, match="save the spec as UTF-8"):
            read_spec(path)

    def test_a_missing_file_is_the_systems_own_error(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            read_spec(tmp_path / "none.yaml")


class TestRegistering:
    def test_paths_are_relative_to_the_spec_and_become_ids(self, services, folder):
        known = registered(services, folder)
        workspace_id = first_workspace(services)
        with services.database.read() as tx:
            members = datasets.get_dataset(tx, workspace_id, known.spec.data.members)
            others = datasets.get_dataset(tx, workspace_id, known.spec.data.non_members)
        assert (members.name, members.rows, others.name, others.rows) == ("members.csv", 60, "non_members.csv", 70)
        assert known.spec.data.auxiliary is None

    def test_the_target_is_registered_under_the_name_of_the_spec(self, services, folder):
        known = registered(services, folder)
        with services.database.read() as tx:
            target = targets.get_target(tx, first_workspace(services), known.target_id)
        assert target.name == "mine"
        assert target.spec["url"] == "http://127.0.0.1:8080/v2/models/m/infer"

    def test_the_same_audit_again_adds_nothing(self, services, folder):
        first, second = registered(services, folder), registered(services, folder)
        assert first == second

    def test_a_changed_file_is_another_dataset_of_the_same_target(self, services, folder):
        first = registered(services, folder)
        (folder / "members.csv").write_text(people(0, 59))
        second = registered(services, folder)
        assert first.target_id == second.target_id
        assert first.spec.data.members != second.spec.data.members
        assert first.spec.data.non_members == second.spec.data.non_members

    def test_a_file_that_is_not_there_names_its_key(self, services, folder):
        (folder / "members.csv").unlink()
        with pytest.raises(InvalidInput, match=r"data.members: there is no file .*members.csv; paths are relative to the spec"):
            registered(services, folder)

    def test_a_file_that_cannot_be_read_names_its_key_and_itself(self, services, folder):
        (folder / "members.csv").write_bytes(b"")
        with pytest.raises(InvalidInput, match=r"^data.members: members.csv: "):
            registered(services, folder)

    def test_if_one_file_is_bad_nothing_is_kept(self, services, folder):
        (folder / "sub" / "non_members.csv").write_bytes(b"")
        with pytest.raises(InvalidInput):
            registered(services, folder)
        with services.database.read() as tx:
            assert datasets.page_datasets(tx, first_workspace(services), limit=10)[0] == []

    @pytest.mark.parametrize(
        ("members", "says"),
        [
            (people(0, 3), "data.members: 3 distinct labelled records are left"),
            (people(60, 130), "data.members: 0 distinct labelled records are left"),
            ("a,y,z\n" + people(0, 60).partition("\n")[2].replace("\n", ",1\n"), "column 'z' is missing"),
        ],
    )
    def test_records_that_cannot_be_audited_are_told_before_anything_is_kept(self, services, folder, members, says):
        (folder / "members.csv").write_text(members)
        with pytest.raises(InvalidInput) as mistake:
            registered(services, folder)
        assert says in str(mistake.value)
        with services.database.read() as tx:
            assert datasets.page_datasets(tx, first_workspace(services), limit=10)[0] == []
            assert targets.page_targets(tx, first_workspace(services), limit=10)[0] == []

    def test_an_id_of_a_target_is_for_the_api(self, services, folder):
        (folder / "audit.yaml").write_text(SPEC.replace("{url: http://127.0.0.1:8080/v2/models/m/infer}", "some-id"))
        with pytest.raises(InvalidInput, match="target: write a target block with a url"):
            registered(services, folder)


class TestSecrets:
    @pytest.fixture
    def with_secret(self, folder):
        (folder / "audit.yaml").write_text(SPEC.replace("/infer}", "/infer, auth: {kind: bearer, secret: TOKEN}}"))
        return folder

    def test_the_name_is_kept_and_never_the_value(self, services, with_secret):
        known = registered(services, with_secret, TOKEN="hush")
        assert known.spec.target.auth.secret == "env:TOKEN"
        with services.database.read() as tx:
            assert "hush" not in str(targets.get_target(tx, first_workspace(services), known.target_id))

    @pytest.mark.parametrize("environ", [{}, {"TOKEN": ""}])
    def test_a_variable_that_is_not_set_is_told_before_anything_is_asked(self, services, with_secret, environ):
        with pytest.raises(InvalidInput, match="set the environment variable TOKEN to the target's credential"):
            registered(services, with_secret, **environ)

    def test_a_value_where_the_name_belongs_is_not_repeated(self, services, folder):
        (folder / "audit.yaml").write_text(SPEC.replace("/infer}", "/infer, auth: {kind: bearer, secret: 'sk-live-42!'}}"))
        with pytest.raises(InvalidInput) as refused:
            registered(services, folder)
        assert "sk-live" not in str(refused.value)


class TestKeys:
    def test_the_first_key_is_made_once(self, services):
        plain = first_key(services)
        assert plain.startswith("pat_")
        assert first_key(services) is None
        with services.database.begin() as tx:
            assert keys.authenticate(tx, plain, services.clock()).role is Role.ADMIN

    def test_a_viewers_key_does_not_stand_in_for_the_first_one(self, services):
        make_key(services, "looks", Role.VIEWER)
        assert first_key(services) is not None

    def test_there_is_one_first_workspace(self, services):
        assert first_workspace(services) == first_workspace(services)


@pytest.mark.parametrize(
    ("status", "outcome", "code"),
    [
        (AuditStatus.COMPLETED, "pass", 0),
        (AuditStatus.COMPLETED, "breach", 1),
        (AuditStatus.FAILED, None, 2),
        (AuditStatus.CANCELLED, None, 3),
        (AuditStatus.COMPLETED, "inconclusive", 4),
        (AuditStatus.COMPLETED, None, 4),
        (AuditStatus.RUNNING, None, 2),
    ],
)
def test_exit_codes(status, outcome, code):
    assert code_of(Audit("a", "w", "n", {}, status, None, outcome=outcome)) == code


class TestFiles:
    def test_a_file_appears_whole_and_for_its_owner_alone(self, tmp_path):
        files.write(tmp_path / "r.json", b"whole")
        assert (tmp_path / "r.json").read_bytes() == b"whole"
        assert (tmp_path / "r.json").stat().st_mode & 0o077 == 0
        assert [path.name for path in tmp_path.iterdir()] == ["r.json"]

    def test_a_file_that_was_there_is_replaced(self, tmp_path):
        (tmp_path / "r.json").write_bytes(b"old and longer")
        files.write(tmp_path / "r.json", b"new")
        assert (tmp_path / "r.json").read_bytes() == b"new"

    def test_what_fails_leaves_the_old_file_and_nothing_else(self, tmp_path):
        (tmp_path / "r.json").write_bytes(b"old")
        with pytest.raises(TypeError):
            files.write(tmp_path / "r.json", "not bytes")
        assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
        assert (tmp_path / "r.json").read_bytes() == b"old"

    @pytest.mark.parametrize(("path", "said"), [("none/r.json", "there is no folder"), ("", "is a folder; name a file")])
    def test_an_output_that_cannot_be_written_is_told_first(self, tmp_path, path, said):
        with pytest.raises(InvalidInput, match=said):
            files.check_writable(tmp_path / path)


@pytest.mark.parametrize(("written", "meant"), [("tagret", "target"), ("dat", "data")])
def test_a_misspelled_key_that_is_required_is_told_as_misspelled(tmp_path, written, meant):
    path = tmp_path / "a.yaml"
    path.write_text(SPEC.replace(f"{meant}:", f"{written}:", 1))
    with pytest.raises(InvalidInput, match=f"unknown key '{written}'; did you mean '{meant}'"):
        read_spec(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shadows": "many"}, "shadows: give an even number from 4 to 1024, or auto"),
        ({"attacks": "standart"}, "attacks: give a tier .* or a list of attacks"),
        ({"claimed_epsilon": "four"}, "claimed_epsilon: give a number such as 4, or {epsilon: 4, delta: 1e-5}"),
        ({"claimed_epsilon": {"epsilon": -1}}, "claimed_epsilon.epsilon: give a number above 0"),
        ({"learner": 3}, "learner: give a name"),
        ({"policy": [25]}, "policy: give default or people, or levels"),
        ({"budget": 5000}, "budget: give a mapping of keys"),
        ({"data": {"members": "m.csv", "non_members": "n.csv", "label": "y", "subgroups": "sex"}}, "data.subgroups: give a list"),
        (
            {"data": {"members": "m.csv", "non_members": "n.csv", "label": "y", "types": "sex"}},
            "data.types: give a mapping of keys",
        ),
    ],
)
def test_a_value_of_another_kind_is_told_what_the_key_takes(changes, said):
    with pytest.raises(InvalidInput) as caught:
        parse(
            {"target": {"url": "http://127.0.0.1/"}, "data": {"members": "m.csv", "non_members": "n.csv", "label": "y"}} | changes
        )
    assert re.match(said, str(caught.value))


class TestAuthority:
    SPEC = SPEC.replace("/infer}", "/infer, ca: ca.pem}")

    def test_what_is_frozen_is_the_text_of_the_file(self, services, folder):
        pem = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"
        (folder / "ca.pem").write_text(pem)
        (folder / "audit.yaml").write_text(self.SPEC)
        assert registered(services, folder).spec.target_block.ca == pem

    @pytest.mark.parametrize("content", [None, "no certificate", "-----BEGIN PRIVATE KEY-----"])
    def test_a_file_that_holds_none_is_refused(self, services, folder, content):
        if content is not None:
            (folder / "ca.pem").write_text(content)
        (folder / "audit.yaml").write_text(self.SPEC)
        with pytest.raises(InvalidInput) as refusal:
            registered(services, folder)
        assert refusal.value.field == "target.ca"
