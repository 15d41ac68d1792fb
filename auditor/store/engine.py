"""The database: one URL, SQLite or PostgreSQL, opened once per process.

    database = open_database(settings.database_url)
    database.migrate()
    with database.begin() as tx:      # writes; commits at the end, or nothing of it happened
        audits.create(tx, ...)
    with database.read() as tx:       # cannot write
        audits.get(tx, ...)

A database that refuses (full, away, locked, not migrated) raises Unavailable with one sentence.
"""

import os
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from auditor.errors import InvalidInput
from auditor.store import refusals

Transaction = Connection

BUSY_SECONDS = 30.0
COMMITTED, ROLLED_BACK = "after_commit", "after_rollback"


class Database:
    """Safe to share between threads; a forked child opens its own connections."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._writes = _engine(url, reads=False)
        # On SQLite a reader has its own connections: read-only is a property of the connection there.
        self._reads = _engine(url, reads=True) if self.is_sqlite else self._writes.execution_options(postgresql_readonly=True)
        _dispose_after_fork(self)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """A transaction that writes. On SQLite it takes the write lock at once, so that it never fails half-way."""
        todo: dict[str, list[Callable[[], None]]] = {COMMITTED: [], ROLLED_BACK: []}
        to_be_committed = False
        try:
            with refusals.told(self.url), self._writes.begin() as tx:
                tx.info.update(todo)
                yield tx
                to_be_committed = True
        except BaseException:
            if not to_be_committed:  # a commit that was broken off may have come to be
                _do(todo[ROLLED_BACK])
            raise
        _do(todo[COMMITTED])

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A consistent look that cannot write, and on SQLite waits for no writer."""
        with refusals.told(self.url), self._reads.begin() as tx:
            yield tx

    def migrate(self) -> None:
        """Bring the tables to the newest revision; safe to call from several processes at once."""
        from auditor.store import schema

        with refusals.told(self.url):
            schema.upgrade(self._writes)

    def dispose(self) -> None:
        """Close every connection."""
        self._writes.dispose()
        self._reads.dispose()

    def forget_connections(self) -> None:
        """Drop connections that belong to another process without closing them there."""
        self._writes.dispose(close=False)
        self._reads.dispose(close=False)


def open_database(url: str) -> Database:
    """`sqlite:////path/to/file.sqlite` or `postgresql://user:password@host/name` (psycopg 3)."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        _prepare_file(parsed)
    return Database(parsed)


def after_commit(tx: Transaction, action: Callable[[], None]) -> None:
    """Run once the transaction is safely committed; never if it is rolled back."""
    tx.info.setdefault(COMMITTED, []).append(action)


def after_rollback(tx: Transaction, action: Callable[[], None]) -> None:
    """Run if nothing of the transaction came to be; never where it was, or may have been, committed."""
    tx.info.setdefault(ROLLED_BACK, []).append(action)


def _do(actions: Sequence[Callable[[], None]]) -> None:
    for action in actions:
        action()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidInput(
            "AUDITOR_DATABASE_URL", "write it as sqlite:////path/to/file or postgresql://user:password@host/name"
        ) from None
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"):
        raise InvalidInput("AUDITOR_DATABASE_URL", f"use sqlite or postgresql, not {parsed.drivername!r}")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise InvalidInput("AUDITOR_DATABASE_URL", "name a file: workers and the API share one database, which memory cannot be")
    return parsed


def _prepare_file(url: URL) -> None:
    """The folder and the file, readable by their owner alone: the ledger says who was in the training data."""
    path = Path(url.database or "")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise refusals.of_the_system(error, refusals.where(url)) from error


def _engine(url: URL, *, reads: bool) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=30, connect_args={"connect_timeout": 10})
    engine = create_engine(url, pool_size=10, max_overflow=30, connect_args={"timeout": BUSY_SECONDS})
    begin = "BEGIN" if reads else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # pysqlite must not open transactions of its own
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"query_only={int(reads)}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _dispose_after_fork(database: Database) -> None:
    alive = weakref.ref(database)

    def forget() -> None:
        found = alive()
        if found is not None:
            found.forget_connections()

    os.register_at_fork(after_in_child=forget)
