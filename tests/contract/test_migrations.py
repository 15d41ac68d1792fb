"""Every migration runs both ways with data in every table, on both databases, and ends at the tables that the code knows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from store_world import NOW, World, new_step

from auditor.errors import Conflict
from auditor.store import schema
from auditor.store.engine import open_database
from auditor.store.tables import metadata

REVISIONS = [script.revision for script in ScriptDirectory.from_config(schema._config()).walk_revisions()][::-1]


@pytest.fixture
def empty(database_url):
    """A database without tables."""
    database = open_database(database_url)
    yield database
    database.dispose()


def engine_of(database):
    return database._writes


def tables_in(database):
    with database.read() as tx:
        return set(sa.inspect(tx).get_table_names()) - {"alembic_version"}


def fill(database):
    """One row in every table that this revision has, whatever its columns are: parents first."""
    with database.begin() as tx:
        found = sa.MetaData()
        found.reflect(tx)
        for table in found.sorted_tables:
            if table.name != "alembic_version":
                tx.execute(table.insert().values({c.name: value_for(table, c) for c in table.columns}))
        return {table.name for table in found.sorted_tables} - {"alembic_version"}


def value_for(table, column):
    """Ids are all alike, so that every foreign key finds its row."""
    if column.foreign_keys or column.name == "id":
        return "0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001"
    kind = column.type.as_generic()
    if isinstance(kind, sa.DateTime):
        return datetime(2026, 3, 2, tzinfo=UTC)
    if isinstance(kind, sa.LargeBinary):
        return b"bytes"
    if isinstance(kind, sa.JSON):
        return {"key": "value"}
    if isinstance(kind, sa.Boolean):
        return False
    return 0 if isinstance(kind, sa.Integer | sa.Float) else "text"


def count_rows(database):
    with database.read() as tx:
        return {name: tx.execute(sa.text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in tables_in(database)}


def test_revisions_are_numbered_and_form_one_line():
    assert [f"{n:04d}" for n in range(1, len(REVISIONS) + 1)] == REVISIONS
    assert schema.newest() == REVISIONS[-1]


def test_the_tables_are_those_that_the_code_knows(empty):
    empty.migrate()
    with empty.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    assert tables_in(empty) == set(metadata.tables)


def test_check_constraints_are_there_too(empty):
    """Alembic does not compare them."""
    empty.migrate()
    with empty.read() as tx:
        found = {c["name"] for table in metadata.tables for c in sa.inspect(tx).get_check_constraints(table)}
    known = {c.name for table in metadata.tables.values() for c in table.constraints if isinstance(c, sa.CheckConstraint)}
    assert found == known


def test_migrating_again_changes_nothing(empty):
    empty.migrate()
    before = fill(empty)
    empty.migrate()
    assert count_rows(empty) == dict.fromkeys(before, 1)
    assert schema.current(engine_of(empty)) == REVISIONS[-1]


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_revision_goes_down_and_up_again_with_data(empty, revision):
    engine = engine_of(empty)
    before = REVISIONS[REVISIONS.index(revision) - 1] if revision != REVISIONS[0] else "base"
    schema.upgrade(engine, revision)
    filled = fill(empty)
    schema.downgrade(engine, before)
    left = count_rows(empty)
    assert set(left) <= filled
    assert set(left.values()) <= {1}
    schema.upgrade(engine, revision)
    assert schema.current(engine) == revision
    assert count_rows(empty).keys() == filled
    schema.upgrade(engine)
    assert schema.current(engine) == REVISIONS[-1]


def test_all_the_way_down_leaves_no_table(empty):
    empty.migrate()
    fill(empty)
    schema.downgrade(engine_of(empty), "base")
    assert tables_in(empty) == set()
    assert schema.current(engine_of(empty)) is None


def test_several_processes_may_migrate_at_once(empty):
    databases = [open_database(empty.url.render_as_string(hide_password=False)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda database: database.migrate(), databases))
    for database in databases:
        database.dispose()
    assert tables_in(empty) == set(metadata.tables)


def test_the_store_works_on_migrated_tables_and_keeps_its_keys(empty):
    """Foreign keys are switched off while SQLite's tables are rebuilt; afterwards they hold again."""
    empty.migrate()
    world = World(empty)
    audit = world.audit(new_step("probe"))
    world.run(audit, "probe")
    with pytest.raises(sa.exc.IntegrityError), empty.begin() as tx:
        tx.execute(metadata.tables["account"].insert().values(id="a", workspace_id="nowhere", name="Ada", created_at=NOW))


def test_tables_of_a_newer_version_are_left_alone(empty):
    empty.migrate()
    with empty.begin() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Conflict, match="install the version"):
        empty.migrate()
    assert tables_in(empty) == set(metadata.tables)


def test_every_table_has_its_workspace():
    assert [name for name, table in metadata.tables.items() if "workspace_id" not in table.c] == ["workspace"]


def test_every_foreign_key_and_hot_query_has_an_index():
    """SQLite and PostgreSQL index primary and unique keys by themselves, and nothing else."""
    wanted = {
        ("step", "audit_id"),
        ("step", "status"),
        ("answer", "audit_id"),
        ("audit", "workspace_id"),
        ("audit", "target_id"),
        ("audit", "status"),
        ("finding", "audit_id"),
        ("estimate", "finding_id"),
        ("event", "workspace_id"),
        ("schedule", "paused"),
        ("api_key", "prefix"),
        ("artifact", "workspace_id"),
        ("artifact_key", "workspace_id"),
        ("idempotency", "workspace_id"),
    }
    leading = {(name, next(iter(index.columns)).name) for name, table in metadata.tables.items() for index in table.indexes}
    for name, table in metadata.tables.items():
        for constraint in table.constraints:
            if isinstance(constraint, sa.UniqueConstraint | sa.PrimaryKeyConstraint):
                leading.add((name, next(iter(constraint.columns)).name))
    assert wanted <= leading
