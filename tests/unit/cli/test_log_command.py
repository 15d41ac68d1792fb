"""`auditor log`: the requests of an audit as CSV."""

import csv
import io

import pytest
from web_house import services_over

from auditor.domain.attempt import Exchange
from auditor.domain.audit import Audit
from auditor.store import attempts, audits, workspaces
from auditor.store.engine import open_database
from auditor.workflow import Services


@pytest.fixture
def audit(tmp_path):
    """In the database of the home that the commands use: one request answered, one never heard of again."""
    home = tmp_path / "home"
    home.mkdir()
    database = open_database(f"sqlite:///{home / 'auditor.sqlite'}")
    database.migrate()
    opened = services_over(database, home)
    made = _planted(opened)
    opened.close()
    return made


def _planted(services: Services) -> Audit:
    with services.database.begin() as tx:
        now = services.clock()
        workspace = workspaces.create_workspace(tx, "local", now)
        audit = audits.create(tx, workspace_id=workspace.id, name="q3", spec={}, budget=1000, now=now)
        first = attempts.begin(tx, audit, "probe", 1, now)
        attempts.begin(tx, audit, "ask:0-512", 64, now)
        attempts.settle(tx, {first: Exchange("answered", 200, 300, 40, 1.5)})
    return audit


def test_every_request_is_a_line_of_the_file(auditor, audit, tmp_path):
    path = tmp_path / "queries.csv"
    code, out, _ = auditor("log", audit.id, "--output", path)
    assert (code, out) == (0, f"wrote {path}: 2 requests of 65 rows\n")
    first, second = csv.DictReader(io.StringIO(path.read_text()))
    assert (first["asked_by"], first["rows"], first["ended"], first["status"]) == ("probe", "1", "answered", "200")
    assert (first["sent"], first["received"], first["milliseconds"]) == ("300", "40", "1.5")
    assert (second["ended"], second["status"]) == ("unknown", "")
    assert first["created_at"].endswith("+00:00")
    assert path.stat().st_mode & 0o077 == 0


def test_a_dash_is_standard_output(auditor, audit):
    code, out, _ = auditor("log", audit.id, "--output", "-")
    assert code == 0
    assert out.splitlines()[0] == "id,created_at,asked_by,rows,ended,status,sent,received,milliseconds"
    assert len(out.splitlines()) == 3


def test_an_audit_that_is_not_there_is_one_sentence(auditor, audit):
    code, _, err = auditor("log", "0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001")
    assert code == 2
    assert "there is no audit with this id" in err
