"""What a workspace keeps: targets, secrets, datasets, schedules, policies, keys, events."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """viewer reads findings; auditor also writes and starts audits; record-reader reads per-record results; admin manages keys."""

    VIEWER = "viewer"
    AUDITOR = "auditor"
    RECORD_READER = "record-reader"
    ADMIN = "admin"


@dataclass(frozen=True)
class Workspace:
    id: str
    name: str


@dataclass(frozen=True)
class ApiKey:
    """The key itself is shown once and kept only as SHA-256."""

    id: str
    workspace_id: str
    name: str
    role: Role
    prefix: str
    created_at: datetime
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    revoked: bool = False


@dataclass(frozen=True)
class TargetRecord:
    """`spec` is the `target:` block of the spec as JSON."""

    id: str
    workspace_id: str
    name: str
    spec: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True)
class SecretRecord:
    """Without its value, which only a worker can open; bound to one host."""

    id: str
    workspace_id: str
    name: str
    host: str
    created_at: datetime


@dataclass(frozen=True)
class Dataset:
    """`digest` names the artifact that holds the canonical Parquet; `columns` are {name: native type}."""

    id: str
    workspace_id: str
    name: str
    rows: int
    columns: dict[str, str]
    size: int
    digest: str
    created_at: datetime


@dataclass(frozen=True)
class ModelFile:
    """A submitted model. `digest` names the artifact that holds the file; `format` was recognised by content."""

    id: str
    workspace_id: str
    name: str
    format: str
    size: int
    digest: str
    created_at: datetime


@dataclass(frozen=True)
class Schedule:
    """A frozen spec, a cron expression and an IANA zone."""

    id: str
    workspace_id: str
    name: str
    spec: dict[str, Any]
    cron: str
    zone: str
    paused: bool
    next_run_at: datetime | None
    created_at: datetime
    target_id: str | None = None
    last_audit_id: str | None = None
    last_note: str | None = None


@dataclass(frozen=True)
class Event:
    id: str
    workspace_id: str
    kind: str
    sentence: str
    created_at: datetime
    audit_id: str | None = None
    target_id: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
