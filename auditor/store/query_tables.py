"""The tables of what was asked of targets: answers, requests, and whose turn it is."""

import sqlalchemy as sa

from auditor.store.column_types import id_column, made_column, metadata, owner_column, ref_column

answer = sa.Table(
    "answer",
    metadata,
    owner_column(),
    ref_column("audit_id", "audit.id", nullable=False, on_delete="CASCADE"),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("outputs", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("audit_id", "digest"),
    sqlite_with_rowid=False,
)

attempt = sa.Table(
    "attempt",
    metadata,
    id_column(),
    owner_column(),
    ref_column("audit_id", "audit.id", nullable=False, on_delete="CASCADE"),
    made_column(),
    sa.Column("asked_by", sa.String(200), nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("ended", sa.String(32), nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("sent", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("received", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("milliseconds", sa.Float, nullable=False, server_default="0"),
    sa.Index(None, "audit_id", "id"),
)

pace = sa.Table(
    "pace",
    metadata,
    owner_column(),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("free_at", sa.Float, nullable=False),
    sa.PrimaryKeyConstraint("workspace_id", "host"),
)
