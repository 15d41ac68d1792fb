"""From rows to domain values and back: one place, so that no row leaves the store."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import uuid_utils
from sqlalchemy import Column, ColumnElement, Select, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from auditor.errors import InvalidInput, NotFound
from auditor.store.engine import Transaction
from auditor.store.tables import workspace

T = TypeVar("T")

NAME_LENGTH = 200


def new_id() -> str:
    """A UUIDv7: ids sort by the time they were made, so pages need no other order."""
    return str(uuid_utils.uuid7())


def columns_of(table: Table, kind: type[Any]) -> list[Column[Any]]:
    """The columns that make a value of this dataclass; its fields carry their names."""
    return [table.c[field.name] for field in fields(kind) if field.name in table.c]


def as_value(kind: type[T], row: Any) -> T:
    return kind(**row._mapping)


def owned(tx: Transaction, table: Table, kind: type[T], workspace_id: str, row_id: str) -> T:
    """The row with this id in this workspace; NotFound also when another workspace has it."""
    chosen = select(*columns_of(table, kind)).where(table.c.id == row_id, table.c.workspace_id == workspace_id)
    row = tx.execute(chosen).one_or_none()
    if row is None:
        raise missing(table)
    return as_value(kind, row)


def missing(table: Table) -> NotFound:
    what = table.name.replace("_", " ")
    return NotFound(f"there is no {what} with this id in this workspace; list them to see which there are")


def page_of(
    tx: Transaction, chosen: Select[Any], key: ColumnElement[str], limit: int, cursor: str | None
) -> tuple[list[Any], str | None]:
    """Newest first; the cursor is the id that the page before ended with."""
    if cursor is not None:
        chosen = chosen.where(key < checked_cursor(cursor))
    rows = list(tx.execute(chosen.order_by(key.desc()).limit(max(1, limit) + 1)))
    more = len(rows) > max(1, limit)
    rows = rows[: max(1, limit)]
    return rows, rows[-1].id if more else None


def insert_missing(tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not there yet, in the order given."""
    if rows:
        tx.execute(_insert_or_leave(tx, table), list(rows))


def insert_if_missing(tx: Transaction, table: Table, row: Mapping[str, Any]) -> bool:
    """False if a row with this key is there already."""
    statement = _insert_or_leave(tx, table).values(dict(row)).returning(*table.primary_key)
    return tx.execute(statement).first() is not None


def checked_name(name: str, field: str = "name") -> str:
    """A name that people can read in a list."""
    stripped = name.strip()
    if not stripped or len(stripped) > NAME_LENGTH or not stripped.isprintable():
        raise InvalidInput(field, f"write a name of 1 to {NAME_LENGTH} printable characters")
    return stripped


def _insert_or_leave(tx: Transaction, table: Table) -> Any:
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()


def checked_cursor(cursor: str) -> str:
    try:
        return str(uuid.UUID(cursor))
    except ValueError:
        raise InvalidInput("cursor", "use the cursor of the page before as it was given, or leave it out") from None


def owner_exists(tx: Transaction, workspace_id: str) -> None:
    """Raises NotFound for a workspace that is not there."""
    if tx.execute(select(workspace.c.id).where(workspace.c.id == workspace_id)).first() is None:
        raise NotFound("there is no workspace with this id; create it first")
