"""`auditor canaries` as people use it."""

import csv
import hashlib
import json

import pytest
import yaml

from auditor.cli.local_spec import register
from auditor.cli.workspace import first_workspace
from auditor.domain.spec import parse
from auditor.errors import InvalidInput
from auditor.intake import read
from auditor.settings import load
from auditor.store import datasets
from auditor.workflow import open_services
from auditor.workflow.canaries import sides
from auditor.workflow.raw_table import RawTable


@pytest.fixture
def holdout(tmp_path):
    path = tmp_path / "holdout.csv"
    rows = "".join(f'{i},"a, ""quoted"" town{i % 7}",{"no" if i % 2 else "yes"}\n' for i in range(400))
    path.write_text("age,town,label\n" + rows)
    return path


def raw(path):
    table = read(path)
    return RawTable(table.cells, table.types)


def test_three_files_that_belong_together(auditor, holdout, tmp_path):
    code, out, _ = auditor("canaries", "--data", holdout, "--label", "label", "--count", 300, "--output", tmp_path / "c")
    assert code == 0
    parts = sides({"canaries": raw(tmp_path / "c" / "canaries.csv"), "key": raw(tmp_path / "c" / "key.json")})
    included = read(tmp_path / "c" / "include.csv")
    assert parts["members"].cells.equals(included.cells)
    assert len(parts["members"].cells) + len(parts["non_members"].cells) == 300
    assert f"{len(included):,} of 300 canaries" in out


def test_the_key_is_for_its_owner_alone_and_its_digest_is_told(auditor, holdout, tmp_path):
    _, out, _ = auditor("canaries", "--data", holdout, "--label", "label", "--count", 200, "--output", tmp_path / "c")
    key = tmp_path / "c" / "key.json"
    assert key.stat().st_mode & 0o777 == 0o600
    assert hashlib.sha256(key.read_bytes()).hexdigest() in out


def test_neither_records_nor_their_included_half_stand_in_the_key(auditor, holdout, tmp_path):
    auditor("canaries", "--data", holdout, "--label", "label", "--count", 200, "--output", tmp_path / "c")
    assert "town" not in (tmp_path / "c" / "key.json").read_text()


def test_coins_differ_from_run_to_run(auditor, holdout, tmp_path):
    for name in ("one", "two"):
        auditor("canaries", "--data", holdout, "--label", "label", "--count", 200, "--output", tmp_path / name)
    one, two = (json.loads((tmp_path / name / "key.json").read_text()) for name in ("one", "two"))
    assert one["salt"] != two["salt"]
    assert [f["included"] for f in one["canaries"]] != [f["included"] for f in two["canaries"]]


def test_hold_out_canaries_are_records_of_the_file(auditor, holdout, tmp_path):
    auditor("canaries", "--data", holdout, "--label", "label", "--count", 200, "--kind", "holdout", "--output", tmp_path / "c")
    with holdout.open() as file:
        known = set(map(tuple, csv.reader(file)))
    with (tmp_path / "c" / "canaries.csv").open() as file:
        assert set(map(tuple, csv.reader(file))) <= known


def test_a_key_is_never_overwritten(auditor, holdout, tmp_path):
    wanted = ("canaries", "--data", holdout, "--label", "label", "--count", 200, "--output", tmp_path / "c")
    auditor(*wanted)
    before = (tmp_path / "c" / "key.json").read_bytes()
    code, _, err = auditor(*wanted)
    assert code == 2
    assert "is already there and was not touched" in err
    assert (tmp_path / "c" / "key.json").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--data": "nowhere.csv"}, "--data: there is no file"),
        ({"--label": "lable"}, "did you mean 'label'?"),
        ({"--count": "401"}, "only 400 distinct records"),
        ({"--kind": "outlier"}, "choose wrong-label or holdout"),
        ({"--output": "{file}"}, "is a file; name a folder"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(auditor, holdout, tmp_path, change, said):
    wanted = {"--data": holdout, "--label": "label", "--count": "200", "--output": tmp_path / "c", **change}
    wanted["--output"] = holdout if wanted["--output"] == "{file}" else wanted["--output"]
    code, out, err = auditor("canaries", *(part for pair in wanted.items() for part in pair))
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert not (tmp_path / "c").exists()


SPEC = "{spec: 1, target: {url: 'http://127.0.0.1/'}, data: {label: label, %s}}"


class TestSpec:
    """Members and non-members, or canaries and their key: one of the two, and whole."""

    @pytest.mark.parametrize("files", ["members: a, non_members: b", "canaries: a, key: b", "canaries: a, key: b, auxiliary: c"])
    def test_what_goes_together(self, files):
        named = parse(yaml.safe_load(SPEC % files)).data.files
        assert sorted(named) == sorted(part.split(":")[0].strip() for part in files.split(","))

    @pytest.mark.parametrize(
        ("files", "field", "said"),
        [
            ("non_members: b", "data.members", "add the key 'members', or audit with canaries"),
            ("members: b", "data.non_members", "add the key 'non_members'"),
            ("canaries: a", "data.key", "add the key 'key'"),
            ("key: a", "data.canaries", "add the key 'canaries'"),
            ("canaries: a, key: b, members: c", "data.members", "take it out"),
            ("canaries: a, members: c", "data.members", "take it out"),
        ],
    )
    def test_what_does_not(self, files, field, said):
        with pytest.raises(InvalidInput) as caught:
            parse(yaml.safe_load(SPEC % files))
        assert caught.value.field == field
        assert said in caught.value.sentence


def test_canaries_are_registered_like_other_files(auditor, holdout, tmp_path):
    """`auditor run` keeps canaries, key and training data, and the spec comes back with their ids."""
    auditor("canaries", "--data", holdout, "--label", "label", "--count", 300, "--output", tmp_path / "c")
    (tmp_path / "training.csv").write_text(
        "age,town,label\n" + "".join(f"{i},elsewhere,{'no' if i % 2 else 'yes'}\n" for i in range(90))
    )
    files = "canaries: c/canaries.csv, key: c/key.json, training: training.csv"
    services = open_services(load({"AUDITOR_HOME": str(tmp_path / "home")}), Nobody())
    try:
        workspace_id = first_workspace(services)
        made = register(services, workspace_id, parse(yaml.safe_load(SPEC % files)), tmp_path)
        with services.database.read() as tx:
            rows = {name: datasets.get_dataset(tx, workspace_id, one).rows for name, one in made.spec.data.files.items()}
    finally:
        services.close()
    assert rows == {"canaries": 300, "key": 300, "training": 90}


def test_misaligned_canaries_are_told_before_anything_is_kept(auditor, holdout, tmp_path):
    auditor("canaries", "--data", holdout, "--label", "label", "--count", 300, "--output", tmp_path / "c")
    header, first, *others = (tmp_path / "c" / "canaries.csv").read_text().splitlines()
    (tmp_path / "c" / "canaries.csv").write_text("\n".join([header, *others, first]) + "\n")
    services = open_services(load({"AUDITOR_HOME": str(tmp_path / "home")}), Nobody())
    try:
        workspace_id, spec = first_workspace(services), parse(yaml.safe_load(SPEC % "canaries: c/canaries.csv, key: c/key.json"))
        with pytest.raises(InvalidInput, match="canaries and key are misaligned: the canaries stand in another order"):
            register(services, workspace_id, spec, tmp_path)
    finally:
        services.close()


class Nobody:
    """Delivers to nobody."""

    def deliver(self, steps):
        return None

    def close(self):
        return None
