"""Everything the workflow needs from the outside world, in one value: no globals, no look-ups."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from auditor.dispatch import CeleryDispatch, Dispatch
from auditor.querying.control_dns import TextRecords, text_records
from auditor.settings import Settings
from auditor.store.artifacts import Artifacts
from auditor.store.engine import Database, open_database
from auditor.store.vault import Vault
from auditor.workflow.memory import available


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Services:
    settings: Settings
    database: Database
    artifacts: Artifacts
    vault: Vault
    dispatch: Dispatch
    clock: Callable[[], datetime] = _now
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    text_records: TextRecords = text_records
    free_memory: Callable[[], int | None] = available

    def close(self) -> None:
        self.dispatch.close()
        self.database.dispose()


def open_services(settings: Settings, dispatch: Dispatch | None = None) -> Services:
    """Opens and, in embedded mode, migrates the database; messages go to Celery unless told otherwise."""
    database = open_database(settings.database_url)
    if settings.embedded:
        database.migrate()
    sender = CeleryDispatch(settings) if dispatch is None else dispatch
    return Services(settings, database, Artifacts(settings.artifacts_url), Vault.load(settings), sender)
