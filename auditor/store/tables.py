"""The tables. Every row belongs to a workspace; the rows themselves never leave the store."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from auditor.domain.audit import AuditStatus, Queue, StepKind, StepStatus
from auditor.domain.catalog import Role
from auditor.store.column_types import Document, UtcTime, Word

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)


def _id() -> Column[str]:
    return Column("id", String(36), primary_key=True)


def _owner() -> Column[str]:
    return Column("workspace_id", String(36), ForeignKey("workspace.id", ondelete="CASCADE"), nullable=False)


def _ref(name: str, to: str, *, nullable: bool = True, on_delete: str | None = None) -> Column[str]:
    return Column(name, String(36), ForeignKey(to, ondelete=on_delete), nullable=nullable)


def _made() -> Column[Any]:
    return Column("created_at", UtcTime, nullable=False)


def _name() -> Column[str]:
    return Column("name", String(200), nullable=False)


workspace = Table("workspace", metadata, _id(), _name(), _made(), UniqueConstraint("name"))

account = Table("account", metadata, _id(), _owner(), _name(), _made(), UniqueConstraint("workspace_id", "name"))

api_key = Table(
    "api_key",
    metadata,
    _id(),
    _owner(),
    _ref("account_id", "account.id", on_delete="SET NULL"),
    _name(),
    Column("role", Word(Role), nullable=False),
    Column("prefix", String(32), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    _made(),
    Column("last_used_at", UtcTime),
    Column("expires_at", UtcTime),
    Column("revoked", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("prefix"),
    Index(None, "workspace_id", "id"),
)

secret = Table(
    "secret",
    metadata,
    _id(),
    _owner(),
    _name(),
    Column("host", String(255), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    _made(),
    Index(None, "workspace_id", "id"),
)

target = Table(
    "target",
    metadata,
    _id(),
    _owner(),
    _name(),
    Column("spec", Document, nullable=False),
    _made(),
    Index(None, "workspace_id", "id"),
)

dataset = Table(
    "dataset",
    metadata,
    _id(),
    _owner(),
    _name(),
    Column("rows", BigInteger, nullable=False),
    Column("columns", Document, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    _made(),
    Index(None, "workspace_id", "id"),
)

schedule = Table(
    "schedule",
    metadata,
    _id(),
    _owner(),
    _name(),
    Column("spec", Document, nullable=False),
    Column("cron", String(200), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("paused", Boolean, nullable=False, server_default=false()),
    Column("next_run_at", UtcTime),
    _made(),
    _ref("target_id", "target.id"),
    # Without a foreign key: audit already points at schedule, and a circle of keys cannot be created in one order.
    Column("last_audit_id", String(36)),
    Column("last_note", Text),
    Index(None, "workspace_id", "id"),
    Index(None, "paused", "next_run_at"),
    Index(None, "target_id"),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    _owner(),
    _name(),
    Column("spec", Document, nullable=False),
    Column("status", Word(AuditStatus), nullable=False),
    _made(),
    _ref("target_id", "target.id"),
    _ref("schedule_id", "schedule.id", on_delete="SET NULL"),
    Column("finished_at", UtcTime),
    Column("cancel_requested", Boolean, nullable=False, server_default=false()),
    Column("reason", Text),
    Column("queries", BigInteger, nullable=False, server_default=text("0")),
    Column("budget", BigInteger, nullable=False, server_default=text("0")),
    Column("outcome", String(32)),
    Column("score", Float),
    Column("severity", String(32)),
    Column("result", Document),
    CheckConstraint("queries <= budget", name="within_budget"),
    Index(None, "workspace_id", "id"),
    Index(None, "target_id", "id"),
    Index(None, "schedule_id", "status"),
    Index(None, "status"),
)

step = Table(
    "step",
    metadata,
    _id(),
    _ref("audit_id", "audit.id", nullable=False, on_delete="CASCADE"),
    _owner(),
    Column("key", String(200), nullable=False),
    Column("kind", Word(StepKind), nullable=False),
    Column("stage", Integer, nullable=False),
    Column("queue", Word(Queue), nullable=False),
    Column("params", Document, nullable=False),
    Column("weight", Float, nullable=False),
    Column("required", Boolean, nullable=False),
    Column("status", Word(StepStatus), nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    # Attempts that do not count against the limit: hand-backs of a worker that shut down, and those before a resume.
    Column("forgiven", Integer, nullable=False, server_default=text("0")),
    Column("progress", Float, nullable=False, server_default=text("0")),
    Column("result", Document),
    Column("reason", Text),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("lease_until", UtcTime),
    Column("delivered_at", UtcTime),
    UniqueConstraint("audit_id", "key"),
    Index(None, "audit_id", "status", "stage"),
    Index(None, "status", "lease_until"),
    Index(None, "status", "delivered_at"),
)

answer = Table(
    "answer",
    metadata,
    _owner(),
    _ref("audit_id", "audit.id", nullable=False, on_delete="CASCADE"),
    Column("digest", LargeBinary, nullable=False),
    Column("outputs", LargeBinary, nullable=False),
    PrimaryKeyConstraint("audit_id", "digest"),
    sqlite_with_rowid=False,
)

finding = Table(
    "finding",
    metadata,
    _id(),
    _owner(),
    _ref("audit_id", "audit.id", nullable=False, on_delete="CASCADE"),
    Column("position", Integer, nullable=False),
    Column("attack", String(200), nullable=False),
    Column("family", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("severity", String(32), nullable=False),
    Column("score", Float),
    Column("score_low", Float),
    Column("score_high", Float),
    Column("document", Document, nullable=False),
    UniqueConstraint("audit_id", "position"),
)

estimate = Table(
    "estimate",
    metadata,
    _ref("finding_id", "finding.id", nullable=False, on_delete="CASCADE"),
    _owner(),
    Column("position", Integer, nullable=False),
    Column("name", String(200), nullable=False),
    Column("value", Float),
    Column("low", Float),
    Column("high", Float),
    Column("confidence", Float),
    Column("n", BigInteger),
    Column("reason", Text),
    PrimaryKeyConstraint("finding_id", "position"),
)

artifact = Table(
    "artifact",
    metadata,
    _owner(),
    Column("digest", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("data", LargeBinary),
    Column("location", Text),
    _made(),
    PrimaryKeyConstraint("workspace_id", "digest"),
    Index(None, "kind", "created_at"),
)

artifact_key = Table(
    "artifact_key",
    metadata,
    _owner(),
    Column("key", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    PrimaryKeyConstraint("workspace_id", "key"),
    Index(None, "workspace_id", "digest"),
)

policy = Table(
    "policy",
    metadata,
    _id(),
    _owner(),
    _name(),
    Column("levels", Document, nullable=False),
    _made(),
    UniqueConstraint("workspace_id", "name"),
)

event = Table(
    "event",
    metadata,
    _id(),
    _owner(),
    Column("kind", String(64), nullable=False),
    Column("sentence", Text, nullable=False),
    _made(),
    _ref("audit_id", "audit.id", on_delete="SET NULL"),
    _ref("target_id", "target.id", on_delete="SET NULL"),
    Column("details", Document, nullable=False),
    Index(None, "workspace_id", "id"),
    Index(None, "audit_id"),
)

idempotency = Table(
    "idempotency",
    metadata,
    _owner(),
    Column("key", String(255), nullable=False),
    Column("body_digest", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Document, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _made(),
    PrimaryKeyConstraint("workspace_id", "key"),
    Index(None, "created_at"),
)
