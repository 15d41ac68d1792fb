"""A submitted model file behind the door that servers are behind: taken in once, served from a process, asked like any target."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from auditor.domain.catalog import ModelFile
from auditor.domain.parameters import ModelParameters
from auditor.errors import InvalidInput
from auditor.intake.scan import ScanReport, scan
from auditor.querying import Reply, Transport
from auditor.querying.reply import from_numbers
from auditor.serving.limits import MEGABYTE, Limits
from auditor.serving.recognise import FIELD
from auditor.serving.served import Answer, Served, open_model
from auditor.serving.shelf import Shelf
from auditor.settings import Settings
from auditor.store import model_files
from auditor.store.engine import Transaction
from auditor.workflow.services import Services

_shelf = Shelf()


@dataclass(frozen=True, eq=False)
class Taken:
    """A file that was scanned, read in its process and answered no more than that; `sandbox` says what kept it in."""

    data: bytes
    format: str
    report: ScanReport
    sandbox: dict[str, Any]

    @property
    def notes(self) -> tuple[str, ...]:
        """What this host could not do to keep the model in."""
        return tuple(f"not possible on this host for the process of the model: {what}" for what in self.sandbox["missing"])


@dataclass(frozen=True, eq=False)
class ModelTransport:
    """One exchange with the process of a model, in the terms of any target. Nothing is tried again: a process that ended, ended."""

    served: Served

    def ask(self, frame: pd.DataFrame) -> Reply:
        return _reply(self.served.ask(frame))


def take(settings: Settings, path: Path) -> Taken:
    """Scanned, recognised, and read once in a process of its own. Raises InvalidInput("target.model") with what to change."""
    limits = limits_of(settings)
    if not path.is_file():
        raise InvalidInput(FIELD, f"there is no file {path}; paths are relative to the spec")
    if path.stat().st_size > limits.file_mb * MEGABYTE:
        raise InvalidInput(FIELD, f"the model file is larger than {limits.file_mb:,} MB, AUDITOR_MAX_UPLOAD_MB; give a smaller one")
    report = scan(path)
    if report.executes:
        raise InvalidInput(FIELD, report.refusal().rstrip("."))
    data = path.read_bytes()
    served = open_model(data, limits)
    try:
        return Taken(data, str(served.kind), report, served.sandbox)
    finally:
        served.close()


def keep(tx: Transaction, services: Services, workspace_id: str, name: str, taken: Taken) -> ModelFile:
    """The file as an artifact and its row; the same file under the same name is kept once."""
    digest = services.artifacts.put(tx, workspace_id, taken.data, kind="model")
    known = model_files.same_model_file(tx, workspace_id, name, digest)
    if known is not None:
        return known
    return model_files.create_model_file(tx, workspace_id, name, taken.format, len(taken.data), digest, services.clock())


def transport(services: Services, workspace_id: str, model_id: str) -> Transport:
    return ModelTransport(_served(services, workspace_id, model_id)[1])


def parameters(services: Services, workspace_id: str, model_id: str) -> ModelParameters | None:
    """What the model was fitted to, for attacks that may look inside."""
    return _served(services, workspace_id, model_id)[1].describe()


def facts(services: Services, workspace_id: str, model_id: str) -> dict[str, Any]:
    """`target` of the result: which file was audited, and what kept it in while it was."""
    record, served = _served(services, workspace_id, model_id)
    return {"model": record.name, "format": record.format, "sha256": record.digest, "sandbox": served.sandbox}


def limits_of(settings: Settings) -> Limits:
    return Limits(settings.model_memory_mb, settings.model_seconds, settings.max_upload_mb, settings.allow_weak_sandbox)


def _served(services: Services, workspace_id: str, model_id: str) -> tuple[ModelFile, Served]:
    with services.database.read() as tx:
        record = model_files.get_model_file(tx, workspace_id, model_id)
    read = partial(_read, services, record)
    return record, _shelf.take(f"{workspace_id}/{record.digest}", read, limits_of(services.settings))


def _read(services: Services, record: ModelFile) -> bytes:
    with services.database.read() as tx:
        return services.artifacts.get(tx, record.workspace_id, record.digest)


def _reply(answer: Answer) -> Reply:
    if answer.numbers is None:
        return Reply(labels=answer.labels)
    if answer.numbers.shape[1] == 1 and answer.names is None:
        return from_numbers(answer.numbers.tolist())
    return Reply(answer.numbers, names=answer.names)
