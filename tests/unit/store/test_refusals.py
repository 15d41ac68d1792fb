"""What a database says, in one sentence that says what to change and never a password."""

import errno

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from auditor.errors import InvalidInput, Unavailable
from auditor.store import refusals

SQLITE = make_url("sqlite:////data/auditor.sqlite")
POSTGRES = make_url("postgresql://auditor:hunter2@db.internal/audits")

SAID = [
    (SQLITE, OperationalError, "database or disk is full", "disk space"),
    (SQLITE, OperationalError, "unable to open database file", "cannot be opened"),
    (SQLITE, OperationalError, "attempt to write a readonly database", "permissions"),
    (SQLITE, OperationalError, "database is locked", "busy"),
    (SQLITE, OperationalError, "disk I/O error", "the disk it is on"),
    (SQLITE, DatabaseError, "file is not a database", "not an SQLite database"),
    (SQLITE, DatabaseError, "database disk image is malformed", "restore it from a backup"),
    (SQLITE, OperationalError, "no such table: audit", "auditor migrate"),
    (SQLITE, OperationalError, "no such column: audit.queries", "auditor migrate"),
    (POSTGRES, ProgrammingError, 'relation "audit" does not exist\nLINE 1', "auditor migrate"),
    (POSTGRES, ProgrammingError, "column audit.budget does not exist", "auditor migrate"),
    (POSTGRES, OperationalError, 'could not extend file "base/1": No space left on device', "disk space"),
    (POSTGRES, OperationalError, "deadlock detected", "busy"),
    (POSTGRES, OperationalError, 'password authentication failed for user "auditor"', "user or password"),
    (POSTGRES, OperationalError, 'database "audits" does not exist', "create it"),
    (POSTGRES, OperationalError, "FATAL: sorry, too many clients already", "max_connections"),
    (POSTGRES, OperationalError, "connection refused", "AUDITOR_DATABASE_URL"),
    (POSTGRES, OperationalError, "server closed the connection unexpectedly", "check that it runs"),
    (POSTGRES, ProgrammingError, "cannot execute INSERT in a read-only transaction", "permissions"),
]


@pytest.mark.parametrize(("url", "kind", "text", "says"), SAID)
def test_a_refusal_says_where_and_what_to_change(url, kind, text, says):
    with pytest.raises(Unavailable) as caught, refusals.told(url):
        raise kind("SELECT 1", {}, Exception(text))
    assert says in caught.value.sentence
    assert ("/data/auditor.sqlite" if url is SQLITE else "db.internal") in caught.value.sentence
    assert "hunter2" not in caught.value.sentence
    assert "\n" not in caught.value.sentence


def test_the_cause_is_kept_for_the_log():
    original = OperationalError("SELECT 1", {}, Exception("database is locked"))
    with pytest.raises(Unavailable) as caught, refusals.told(SQLITE):
        raise original
    assert caught.value.__cause__ is original


def test_a_pool_without_a_free_connection_is_a_refusal():
    with pytest.raises(Unavailable, match="fewer threads"), refusals.told(POSTGRES):
        raise PoolTimeout("QueuePool limit reached")


def test_a_value_that_cannot_be_stored_is_bad_input():
    with pytest.raises(InvalidInput, match="NUL"), refusals.told(POSTGRES):
        raise DataError("INSERT", {}, Exception("PostgreSQL text fields cannot contain NUL (0x00) bytes"))


@pytest.mark.parametrize(
    "mistake",
    [
        IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed")),
        ProgrammingError("SELEKT", {}, Exception('syntax error at or near "SELEKT"')),
        ValueError("nothing to do with a database"),
        OSError(errno.ENOSPC, "a file of the caller"),
    ],
)
def test_a_mistake_of_the_code_passes_as_it_is(mistake):
    with pytest.raises(type(mistake)) as caught, refusals.told(POSTGRES):
        raise mistake
    assert caught.value is mistake


def test_a_mistake_on_sqlite_passes_though_sqlite_calls_it_operational():
    mistake = OperationalError("SELEKT", {}, Exception('near "SELEKT": syntax error'))
    with pytest.raises(OperationalError), refusals.told(SQLITE):
        raise mistake


def test_where_a_socket_is_used_it_is_named():
    assert "/run/postgresql" in refusals.where(make_url("postgresql:///audits?host=/run/postgresql"))
    assert "this machine" in refusals.where(make_url("postgresql:///audits"))


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "no disk space"),
        (errno.EDQUOT, "no disk space"),
        (errno.EACCES, "permissions"),
        (errno.EROFS, "permissions"),
        (errno.ENOTDIR, "folder exists"),
        (None, "folder exists"),
    ],
)
def test_a_file_that_cannot_be_used(number, says):
    refusal = refusals.of_the_system(OSError(number, "x") if number else OSError("x"), "the database file /data/a")
    assert says in refusal.sentence
    assert "/data/a" in refusal.sentence
