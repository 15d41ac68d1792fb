"""From a YAML file with paths and variable names to a frozen spec with ids: what the API does with JSON, done here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from auditor.domain.catalog import Dataset
from auditor.domain.spec import AuditSpec, TargetSpec, parse
from auditor.domain.target import AuthKind
from auditor.errors import InvalidInput
from auditor.intake import Limits, Table, read, to_parquet
from auditor.settings import Settings
from auditor.store import datasets, targets
from auditor.store.engine import Transaction
from auditor.workflow import Services, served_model
from auditor.workflow.offer import Offer
from auditor.workflow.prepare import prepare
from auditor.workflow.raw_table import RawTable

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Registered:
    """A spec whose data are ids of datasets, the id of its target, how many records there are, and what has to be said of it."""

    spec: AuditSpec
    target_id: str
    offer: Offer
    notes: tuple[str, ...] = ()


def read_spec(path: Path) -> AuditSpec:
    """Parsed and checked; raises InvalidInput in one sentence."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise InvalidInput(str(path), "save the spec as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise InvalidInput(str(path), f"{where}this is not YAML; `auditor init` writes a spec to start from") from None
    return parse(document)


def register(services: Services, workspace_id: str, spec: AuditSpec, folder: Path) -> Registered:
    """Keeps the files that the spec names (paths are relative to `folder`) and its target, all in one transaction."""
    block, tables, offer = _looked_at(services.settings, services.environ, spec, folder)
    taken = _model(services.settings, block, folder)
    with services.database.begin() as tx:
        if taken is not None:
            kept = served_model.keep(tx, services, workspace_id, Path(block.model).name, taken)
            block = block.model_copy(update={"model": kept.id})
        ids = {name: _dataset(tx, services, workspace_id, table) for name, table in tables.items()}
        target_id = _target(tx, services, workspace_id, spec.name, block)
    document = spec.as_json()
    document["data"].update(ids)
    document["target"] = block.model_dump(mode="json")
    return Registered(parse(document), target_id, offer, () if taken is None else taken.notes)


def offer_of(settings: Settings, spec: AuditSpec, folder: Path) -> Offer:
    """What the files of a spec hold, with every check and nothing kept."""
    return _looked_at(settings, os.environ, spec, folder)[2]


def _looked_at(
    settings: Settings, environ: Mapping[str, str], spec: AuditSpec, folder: Path
) -> "tuple[TargetSpec, dict[str, _File], Offer]":
    block = _with_authority(_block(spec, environ), folder)
    tables = {name: _table(settings, name, folder / path) for name, path in _paths(spec).items()}
    return block, tables, _check(spec, block, tables)


def _paths(spec: AuditSpec) -> dict[str, str]:
    return {name: str(Path(path).expanduser()) for name, path in spec.data.files.items()}


def _block(spec: AuditSpec, environ: Mapping[str, str]) -> TargetSpec:
    """The target with `env:NAME` in place of NAME; the variable must be set now, not when the first worker asks."""
    if isinstance(spec.target, str):
        raise InvalidInput("target", "write a target block with a url; ids of targets are for the API")
    auth = spec.target.auth
    if auth is None or auth.kind is AuthKind.NONE:
        return spec.target
    name = auth.secret.removeprefix("env:")
    if not name or not environ.get(name):
        shown = name if name.replace("_", "").isalnum() else "it names"
        raise InvalidInput("target.auth.secret", f"set the environment variable {shown} to the target's credential")
    return spec.target.model_copy(update={"auth": auth.model_copy(update={"secret": f"env:{name}"})})


def _with_authority(block: TargetSpec, folder: Path) -> TargetSpec:
    """`target.ca` may name a PEM file beside the spec; what is frozen with the audit is its text."""
    return block if not block.ca or "-----BEGIN" in block.ca else block.model_copy(update={"ca": pem_of(folder / block.ca)})


def pem_of(path: Path) -> str:
    try:
        text = path.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InvalidInput("target.ca", f"{path.name} cannot be read as PEM; paths are relative to the spec") from None
    if "-----BEGIN CERTIFICATE" not in text:
        raise InvalidInput("target.ca", f"{path.name} holds no certificate; give the PEM of the authority")
    return text


def _model(settings: Settings, block: TargetSpec, folder: Path) -> served_model.Taken | None:
    """The model file that the target names, scanned and read once in its process; paths are relative to the spec."""
    return served_model.take(settings, folder / Path(block.model).expanduser()) if block.model else None


def _check(spec: AuditSpec, block: TargetSpec, tables: "Mapping[str, _File]") -> Offer:
    """Everything that can be wrong with the records is told before anything is kept; raises InvalidInput."""
    cells = {name: RawTable(file.table.cells, file.table.types) for name, file in tables.items()}
    return Offer.of(prepare(spec.data, cells, block.classes, spec.seed, block.task))


@dataclass(frozen=True)
class _File:
    name: str
    size: int
    table: Table


def _table(settings: Settings, name: str, path: Path) -> _File:
    limits = Limits(bytes=settings.max_upload_mb * MEGABYTE, rows=settings.max_rows, columns=settings.max_columns)
    if not path.exists():
        raise InvalidInput(f"data.{name}", f"there is no file {path}; paths are relative to the spec")
    try:
        return _File(path.name, os.path.getsize(path), read(path, limits))
    except InvalidInput as mistake:
        raise InvalidInput(f"data.{name}", f"{path.name}: {mistake.sentence}") from None


def _dataset(tx: Transaction, services: Services, workspace_id: str, file: _File) -> str:
    digest = services.artifacts.put(tx, workspace_id, to_parquet(file.table), kind="dataset")
    known = _known_dataset(tx, workspace_id, file.name, digest)
    if known is not None:
        return known.id
    table = file.table
    made = datasets.create_dataset(
        tx, workspace_id, file.name, len(table.cells), dict(table.types), file.size, digest, services.clock()
    )
    return made.id


def _known_dataset(tx: Transaction, workspace_id: str, name: str, digest: str) -> Dataset | None:
    """The same file audited again is the same dataset."""
    found, _ = datasets.page_datasets(tx, workspace_id, limit=100)
    return next((one for one in found if one.digest == digest and one.name == name), None)


def _target(tx: Transaction, services: Services, workspace_id: str, name: str, block: TargetSpec) -> str:
    """The same model audited again is the same target, so that the dashboard shows its history."""
    spec: dict[str, Any] = block.model_dump(mode="json")
    found, _ = targets.page_targets(tx, workspace_id, limit=100)
    known = next((one for one in found if one.name == name and _is_same(one.spec, spec)), None)
    return known.id if known is not None else targets.create_target(tx, workspace_id, name, spec, services.clock()).id


def _is_same(known: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    return (known["url"], known.get("model", "")) == (spec["url"], spec["model"])
