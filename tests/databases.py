"""Fixtures for tests that run on both databases: import them into a conftest.

`database_url` names a new database without tables; `database` is one that is migrated, open and empty. Both come twice, for
SQLite and for PostgreSQL.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from services import fresh_postgres, fresh_sqlite, postgres_server

from auditor.store.engine import Database, open_database
from auditor.store.tables import metadata

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def migrated_url(kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database that was migrated once: creating one for every test takes PostgreSQL longer than most tests."""
    if kind == "sqlite":
        made = fresh_sqlite(tmp_path_factory.mktemp("migrated"))
    else:
        made = fresh_postgres(request.getfixturevalue("postgres_url"))
    with made as url:
        database = open_database(url)
        database.migrate()
        database.dispose()
        yield url


@pytest.fixture
def database_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    made = fresh_sqlite(tmp_path) if kind == "sqlite" else fresh_postgres(request.getfixturevalue("postgres_url"))
    with made as url:
        yield url


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    opened = open_database(migrated_url)
    with opened.begin() as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(table.delete())
    yield opened
    opened.dispose()
