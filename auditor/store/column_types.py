"""Column types that read back the same on SQLite and PostgreSQL, and the columns that many tables have."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import JSON, DateTime, Dialect, String, TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=NAMES)
Document = JSON(none_as_null=True)


class UtcTime(TypeDecorator[datetime]):
    """A moment, aware and in UTC on both sides; a naive datetime is a mistake of the caller."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times are stored with their zone; pass an aware datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """One word of a closed vocabulary, stored as text and returned as its enum."""

    impl = String(32)
    cache_ok = True

    def __init__(self, vocabulary: type[StrEnum]) -> None:
        super().__init__()
        self.vocabulary = vocabulary

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else str(self.vocabulary(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.vocabulary(value)


def id_column() -> sa.Column[str]:
    return sa.Column("id", sa.String(36), primary_key=True)


def owner_column() -> sa.Column[str]:
    return sa.Column("workspace_id", sa.String(36), sa.ForeignKey("workspace.id", ondelete="CASCADE"), nullable=False)


def ref_column(name: str, to: str, *, nullable: bool = True, on_delete: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(36), sa.ForeignKey(to, ondelete=on_delete), nullable=nullable)


def made_column() -> sa.Column[Any]:
    return sa.Column("created_at", UtcTime, nullable=False)


def name_column() -> sa.Column[str]:
    return sa.Column("name", sa.String(200), nullable=False)
