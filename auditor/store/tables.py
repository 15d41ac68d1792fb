"""The tables. Every row belongs to a workspace; the rows themselves never leave the store."""

import sqlalchemy as sa

from auditor.domain.audit import AuditStatus, Queue, StepKind, StepStatus
from auditor.domain.catalog import Role
from auditor.domain.control import ProofKind
from auditor.store.column_types import (
    Document,
    UtcTime,
    Word,
    id_column,
    made_column,
    metadata,
    name_column,
    owner_column,
    ref_column,
)
from auditor.store.query_tables import answer as answer
from auditor.store.query_tables import attempt as attempt
from auditor.store.query_tables import pace as pace

workspace = sa.Table("workspace", metadata, id_column(), name_column(), made_column(), sa.UniqueConstraint("name"))

account = sa.Table(
    "account", metadata, id_column(), owner_column(), name_column(), made_column(), sa.UniqueConstraint("workspace_id", "name")
)

api_key = sa.Table(
    "api_key",
    metadata,
    id_column(),
    owner_column(),
    ref_column("account_id", "account.id", on_delete="SET NULL"),
    name_column(),
    sa.Column("role", Word(Role), nullable=False),
    sa.Column("prefix", sa.String(32), nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    made_column(),
    sa.Column("last_used_at", UtcTime),
    sa.Column("expires_at", UtcTime),
    sa.Column("revoked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("prefix"),
    sa.Index(None, "workspace_id", "id"),
)

secret = sa.Table(
    "secret",
    metadata,
    id_column(),
    owner_column(),
    name_column(),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    made_column(),
    sa.Index(None, "workspace_id", "id"),
)

target = sa.Table(
    "target",
    metadata,
    id_column(),
    owner_column(),
    name_column(),
    sa.Column("spec", Document, nullable=False),
    made_column(),
    sa.Index(None, "workspace_id", "id"),
)

dataset = sa.Table(
    "dataset",
    metadata,
    id_column(),
    owner_column(),
    name_column(),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("columns", Document, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    made_column(),
    sa.Index(None, "workspace_id", "id"),
)

model_file = sa.Table(
    "model_file",
    metadata,
    id_column(),
    owner_column(),
    name_column(),
    sa.Column("format", sa.String(32), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    made_column(),
    sa.Index(None, "workspace_id", "id"),
)

schedule = sa.Table(
    "schedule",
    metadata,
    id_column(),
    owner_column(),
    name_column(),
    sa.Column("spec", Document, nullable=False),
    sa.Column("cron", sa.String(200), nullable=False),
    sa.Column("zone", sa.String(64), nullable=False),
    sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("next_run_at", UtcTime),
    made_column(),
    ref_column("target_id", "target.id"),
    # Without a foreign key: audit already points at schedule, and a circle of keys cannot be created in one order.
    sa.Column("last_audit_id", sa.String(36)),
    sa.Column("last_note", sa.Text),
    sa.Index(None, "workspace_id", "id"),
    sa.Index(None, "paused", "next_run_at"),
    sa.Index(None, "target_id"),
)

audit = sa.Table(
    "audit",
    metadata,
    id_column(),
    owner_column(),
    name_column(),
    sa.Column("spec", Document, nullable=False),
    sa.Column("status", Word(AuditStatus), nullable=False),
    made_column(),
    ref_column("target_id", "target.id"),
    ref_column("schedule_id", "schedule.id", on_delete="SET NULL"),
    sa.Column("finished_at", UtcTime),
    sa.Column("cancel_requested", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("reason", sa.Text),
    sa.Column("queries", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("budget", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("outcome", sa.String(32)),
    sa.Column("score", sa.Float),
    sa.Column("severity", sa.String(32)),
    sa.Column("result", Document),
    sa.CheckConstraint("queries <= budget", name="within_budget"),
    sa.Index(None, "workspace_id", "id"),
    sa.Index(None, "target_id", "id"),
    sa.Index(None, "schedule_id", "status"),
    sa.Index(None, "status"),
)

step = sa.Table(
    "step",
    metadata,
    id_column(),
    ref_column("audit_id", "audit.id", nullable=False, on_delete="CASCADE"),
    owner_column(),
    sa.Column("key", sa.String(200), nullable=False),
    sa.Column("kind", Word(StepKind), nullable=False),
    sa.Column("stage", sa.Integer, nullable=False),
    sa.Column("queue", Word(Queue), nullable=False),
    sa.Column("params", Document, nullable=False),
    sa.Column("weight", sa.Float, nullable=False),
    sa.Column("required", sa.Boolean, nullable=False),
    sa.Column("status", Word(StepStatus), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    # Attempts that do not count against the limit: hand-backs of a worker that shut down, and those before a resume.
    sa.Column("forgiven", sa.Integer, nullable=False, server_default="0"),
    sa.Column("progress", sa.Float, nullable=False, server_default="0"),
    sa.Column("result", Document),
    sa.Column("reason", sa.Text),
    sa.Column("started_at", UtcTime),
    sa.Column("finished_at", UtcTime),
    sa.Column("lease_until", UtcTime),
    sa.Column("delivered_at", UtcTime),
    sa.UniqueConstraint("audit_id", "key"),
    sa.Index(None, "audit_id", "status", "stage"),
    sa.Index(None, "status", "lease_until"),
    sa.Index(None, "status", "delivered_at"),
)

finding = sa.Table(
    "finding",
    metadata,
    id_column(),
    owner_column(),
    ref_column("audit_id", "audit.id", nullable=False, on_delete="CASCADE"),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("attack", sa.String(200), nullable=False),
    sa.Column("family", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("severity", sa.String(32), nullable=False),
    sa.Column("score", sa.Float),
    sa.Column("score_low", sa.Float),
    sa.Column("score_high", sa.Float),
    sa.Column("document", Document, nullable=False),
    sa.UniqueConstraint("audit_id", "position"),
)

estimate = sa.Table(
    "estimate",
    metadata,
    ref_column("finding_id", "finding.id", nullable=False, on_delete="CASCADE"),
    owner_column(),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("value", sa.Float),
    sa.Column("low", sa.Float),
    sa.Column("high", sa.Float),
    sa.Column("confidence", sa.Float),
    sa.Column("n", sa.BigInteger),
    sa.Column("reason", sa.Text),
    sa.PrimaryKeyConstraint("finding_id", "position"),
)

artifact = sa.Table(
    "artifact",
    metadata,
    owner_column(),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("data", sa.LargeBinary),
    sa.Column("location", sa.Text),
    made_column(),
    sa.PrimaryKeyConstraint("workspace_id", "digest"),
    sa.Index(None, "kind", "created_at"),
)

artifact_key = sa.Table(
    "artifact_key",
    metadata,
    owner_column(),
    sa.Column("key", sa.String(200), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.PrimaryKeyConstraint("workspace_id", "key"),
    sa.Index(None, "workspace_id", "digest"),
)

policy = sa.Table(
    "policy",
    metadata,
    id_column(),
    owner_column(),
    name_column(),
    sa.Column("levels", Document, nullable=False),
    made_column(),
    sa.UniqueConstraint("workspace_id", "name"),
)

event = sa.Table(
    "event",
    metadata,
    id_column(),
    owner_column(),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("sentence", sa.Text, nullable=False),
    made_column(),
    ref_column("audit_id", "audit.id", on_delete="SET NULL"),
    ref_column("target_id", "target.id", on_delete="SET NULL"),
    sa.Column("details", Document, nullable=False),
    sa.Index(None, "workspace_id", "id"),
    sa.Index(None, "audit_id"),
)

signing_key = sa.Table(
    "signing_key",
    metadata,
    id_column(),
    owner_column(),
    name_column(),
    sa.Column("public", sa.String(64), nullable=False),
    made_column(),
    sa.Column("revoked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("workspace_id", "public"),
)

proof = sa.Table(
    "proof",
    metadata,
    id_column(),
    owner_column(),
    sa.Column("kind", Word(ProofKind), nullable=False),
    sa.Column("shown_by", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("starts", UtcTime, nullable=False),
    sa.Column("ends", UtcTime, nullable=False),
    made_column(),
    sa.Column("attacks", Document, nullable=False),
    sa.Column("budget", sa.BigInteger),
    ref_column("key_id", "signing_key.id", on_delete="CASCADE"),
    sa.Column("evidence", Document, nullable=False),
    sa.Index(None, "workspace_id", "ends"),
    sa.Index(None, "key_id"),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    owner_column(),
    sa.Column("key", sa.String(255), nullable=False),
    sa.Column("body_digest", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", Document, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    made_column(),
    sa.PrimaryKeyConstraint("workspace_id", "key"),
    sa.Index(None, "created_at"),
)
