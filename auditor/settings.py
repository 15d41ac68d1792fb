"""What the environment decides. Every setting is documented under its name in docs/settings.md."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import InvalidInput

PREFIX = "AUDITOR_"


@dataclass(frozen=True)
class Settings:
    home: Path
    database_url: str
    broker_url: str
    artifacts_url: str | None = None
    allow_private_targets: bool = False
    master_key: str | None = None
    lease_seconds: float = 60.0
    tick_seconds: float = 30.0
    worker_threads: int = 2
    max_attempts: int = 20
    target_timeout: float = 30.0
    retention_days: int = 90
    max_upload_mb: int = 200
    max_rows: int = 2_000_000
    max_columns: int = 2_000

    @property
    def embedded(self) -> bool:
        """SQLite and a folder as broker: a laptop, where loopback targets are expected."""
        return self.database_url.startswith("sqlite") and self.broker_url.startswith("filesystem")

    @property
    def allows_loopback_targets(self) -> bool:
        return self.embedded or self.allow_private_targets


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; a value that cannot be read names its variable."""
    env = os.environ if environ is None else environ
    home = Path(env.get(PREFIX + "HOME") or Path.home() / ".auditor").expanduser().absolute()
    return Settings(
        home=home,
        database_url=env.get(PREFIX + "DATABASE_URL") or f"sqlite:///{home / 'auditor.sqlite'}",
        broker_url=env.get(PREFIX + "BROKER_URL") or "filesystem://",
        artifacts_url=env.get(PREFIX + "ARTIFACTS_URL") or None,
        allow_private_targets=_flag(env, "ALLOW_PRIVATE_TARGETS"),
        master_key=env.get(PREFIX + "MASTER_KEY") or None,
        lease_seconds=_number(env, "LEASE_SECONDS", 60.0),
        tick_seconds=_number(env, "TICK_SECONDS", 30.0),
        worker_threads=int(_number(env, "WORKER_THREADS", os.cpu_count() or 2)),
        max_attempts=int(_number(env, "MAX_ATTEMPTS", 20)),
        target_timeout=_number(env, "TARGET_TIMEOUT", 30.0),
        retention_days=int(_number(env, "RETENTION_DAYS", 90)),
        max_upload_mb=int(_number(env, "MAX_UPLOAD_MB", 200)),
        max_rows=int(_number(env, "MAX_ROWS", 2_000_000)),
        max_columns=int(_number(env, "MAX_COLUMNS", 2_000)),
    )


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(PREFIX + name, "").strip().lower()
    if value in ("", "0", "false", "no"):
        return False
    if value in ("1", "true", "yes"):
        return True
    raise InvalidInput(PREFIX + name, f"set {PREFIX + name} to 1 or 0, not {value!r}")


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(PREFIX + name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value < float("inf"):
        raise InvalidInput(PREFIX + name, f"set {PREFIX + name} to a positive number, not {text!r}")
    return value
