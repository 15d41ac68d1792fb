"""Fixtures for tests that run on both databases: import them into a conftest.

`database_url` names a new database without tables; `database` is one that is migrated and open. Both come twice, for SQLite and
for PostgreSQL, and each test has its own.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from services import fresh_postgres, fresh_sqlite, postgres_server

from auditor.store.engine import Database, open_database

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def migrated_template(kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database that was migrated once, to be copied: much faster than migrating for every test."""
    if kind == "sqlite":
        made = fresh_sqlite(tmp_path_factory.mktemp("template"))
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
def database(kind: str, migrated_template: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if kind == "sqlite":
        made = fresh_sqlite(tmp_path, migrated_template)
    else:
        made = fresh_postgres(request.getfixturevalue("postgres_url"), migrated_template)
    with made as url:
        opened = open_database(url)
        yield opened
        opened.dispose()
