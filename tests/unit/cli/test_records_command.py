"""`auditor records`: the owner of a home takes the single records out as CSV."""

import csv
import io

import exposed_audit
import pytest
import recovered_audit
from web_house import services_over

from auditor.cli.records import Sheet, as_csv, inert
from auditor.domain.audit import AuditStatus
from auditor.store import audits, events, workspaces
from auditor.store.engine import open_database
from auditor.workflow.recovered_values import RecoveredValue


@pytest.fixture
def services(tmp_path):
    """On the database of the home that the commands use."""
    home = tmp_path / "home"
    home.mkdir()
    database = open_database(f"sqlite:///{home / 'auditor.sqlite'}")
    database.migrate()
    opened = services_over(database, home)
    yield opened
    opened.close()


@pytest.fixture
def workspace_id(services):
    with services.database.begin() as tx:
        return workspaces.create_workspace(tx, "local", services.clock()).id


@pytest.fixture
def exposed(services, workspace_id):
    return exposed_audit.plant(services, workspace_id)


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_all_records_are_written_the_most_exposed_first(auditor, exposed, tmp_path):
    path = tmp_path / "records.csv"
    code, out, _ = auditor("records", exposed.audit_id, "--output", path)
    rows = read(path.read_text())
    assert (code, out) == (0, f"wrote {path}: 60 records by pseudonym, of the attack stacked\n")
    assert [row["rank"] for row in rows] == [str(rank) for rank in range(1, 61)]
    assert (rows[0]["side"], rows[0]["vulnerability"], rows[0]["named"]) == ("member", "4.0", "True")
    assert rows[-1]["memorisation"] == ""


def test_the_file_is_for_its_owner_alone_and_the_reading_is_an_event(auditor, exposed, services, workspace_id, tmp_path):
    path = tmp_path / "records.csv"
    auditor("records", exposed.audit_id, "--output", path)
    assert path.stat().st_mode & 0o077 == 0
    with services.database.read() as tx:
        happened, _ = events.page(tx, workspace_id, 10)
    assert happened[0].kind == "records.read"
    assert happened[0].sentence == "The owner of this home read 60 results of single records of wages (attack stacked)"


def test_they_can_be_piped(auditor, exposed):
    code, out, _ = auditor("records", exposed.audit_id, "--output", "-", "--attack", "stacked")
    assert code == 0
    assert len(read(out)) == 60
    assert out.startswith("pseudonym,side,score,p_value,q_value,named,vulnerability,")


def test_recovered_values_are_written_beside_truth_and_guess(auditor, services, workspace_id, tmp_path):
    planted, path = recovered_audit.plant(services, workspace_id, ("job",)), tmp_path / "values.csv"
    code, out, _ = auditor("records", planted.audit_id, "--recovered", "--attack", "attribute[job]", "--output", path)
    rows = read(path.read_text())
    assert code == 0
    assert out.startswith(f"wrote {path}: the 20 surest claims about members, recovered by attribute[job]. Of 20 values shown, ")
    assert list(rows[0]) == ["pseudonym", "column", "true", "recovered", "guess", "right", "guess_right", "confidence"]
    assert all((row["true"] == row["recovered"]) == (row["right"] == "True") for row in rows)


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\uff1d1+1"])
def test_a_text_that_a_spreadsheet_would_run_is_written_as_text(text):
    row = RecoveredValue("p", f"{text}-column", text, text, "state", True, False, 0.5)
    (written,) = read(as_csv(Sheet((row,), RecoveredValue, "")))
    assert written["column"] == f"'{text}-column"
    assert written["true"] == written["recovered"] == f"'{text}"
    assert (written["guess"], written["confidence"]) == ("state", "0.5")


@pytest.mark.parametrize("cell", [-1.5, "-1.5", "+7", "-3e-05", "2-room", "", None, "a=b"])
def test_numbers_and_plain_texts_are_written_as_they_are(cell):
    assert inert(cell) is cell


def test_what_is_asked_for_and_is_not_there_is_one_sentence(auditor, exposed, services, workspace_id, tmp_path):
    path = tmp_path / "records.csv"
    spec, now = {"spec": 1}, services.clock()
    with services.database.begin() as tx:
        bare = audits.create(tx, workspace_id=workspace_id, name="bare", spec=spec, budget=1, now=now)
        audits.close(tx, bare.id, status=AuditStatus.COMPLETED, now=now, result={"findings": [{"attack": "gap", "exposure": None}]})
    for arguments, says in (
        ((exposed.audit_id, "--attack", "gap"), "attack: no single records were kept of this attack; there are those of stacked"),
        ((bare.id,), "this audit has no single records: they take shadow models to compare with"),
        (("0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001",), "there is no audit with this id"),
    ):
        code, _, err = auditor("records", *arguments, "--output", path)
        assert code == 2
        assert err.startswith(f"auditor: {says}")
        assert err.count("\n") == 1
    assert not path.exists()


def test_a_folder_that_is_missing_is_told_before_anything_is_read(auditor, exposed, services, workspace_id, tmp_path):
    code, _, err = auditor("records", exposed.audit_id, "--output", tmp_path / "no" / "records.csv")
    assert code == 2
    assert "there is no folder" in err
    with services.database.read() as tx:
        assert events.page(tx, workspace_id, 10)[0] == []
