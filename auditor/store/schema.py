"""Moving the tables from one revision to another, in process: Alembic configured in code, from the installed package."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, text

from auditor.errors import Conflict, Unavailable

LOCK = 0x617564  # any number, the same in every process


def upgrade(engine: Engine, revision: str = "head") -> None:
    """To this revision and no further; nothing happens where the tables are there already."""
    _move(engine, revision, command.upgrade)


def downgrade(engine: Engine, revision: str) -> None:
    """Back to this revision (`base`: no tables at all)."""
    _move(engine, revision, command.downgrade)


def current(engine: Engine) -> str | None:
    """The revision the tables are at; None before the first."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision this version of the product needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _move(engine: Engine, revision: str, move: Callable[[Config, str], None]) -> None:
    config = _config()
    with engine.connect() as connection:
        _foreign_keys(connection, on=False)
        try:
            with connection.begin():
                _only_one(connection)
                config.attributes["connection"] = connection
                move(config, revision)
                _check_foreign_keys(connection)
        except CommandError as error:
            raise Conflict(
                f"the tables cannot be brought to revision {revision!r}; install the version of the auditor that made them"
            ) from error
        finally:
            _foreign_keys(connection, on=True)


def _config() -> Config:
    found = importlib.util.find_spec("migrations")
    if found is None or not found.submodule_search_locations:
        raise Unavailable("the package `migrations` is missing; install the auditor again")
    config = Config()
    config.set_main_option("script_location", str(Path(found.submodule_search_locations[0])).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _only_one(connection: Connection) -> None:
    """SQLite holds its write lock already; PostgreSQL lets many change tables at once, so the second one waits here."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _foreign_keys(connection: Connection, *, on: bool) -> None:
    """Off while SQLite rebuilds a table, or dropping the old one would delete what points at it. Only outside a transaction."""
    if connection.dialect.name == "sqlite":
        raw = connection.connection.dbapi_connection
        raw.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")  # type: ignore[union-attr]


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise Unavailable("the database has rows that point at nothing; restore it from a backup before migrating")
