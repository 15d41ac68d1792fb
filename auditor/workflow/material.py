"""What every step of an audit starts from: its frozen spec and its prepared data, loaded once per process."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.domain.audit import Audit, Step
from auditor.domain.data import AuditData, Sensitive
from auditor.domain.spec import AuditSpec, parse
from auditor.errors import Conflict
from auditor.intake import from_parquet
from auditor.store import audits, datasets
from auditor.workflow.prepare import prepare
from auditor.workflow.raw_table import RawTable
from auditor.workflow.services import Services

KEPT_IN_MEMORY = 2

_prepared: OrderedDict[str, AuditData] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Material:
    audit: Audit
    spec: AuditSpec
    data: AuditData
    steps: tuple[Step, ...] = ()

    @cached_property
    def results(self) -> dict[str, dict[str, Any]]:
        """What finished steps recorded, by key."""
        return {s.key: s.result for s in self.steps if s.result is not None}

    @property
    def units(self) -> NDArray[np.intp] | None:
        """(n,) which candidates became members together; None where each did alone. Canaries have a coin each."""
        return None if self.spec.data.canaries is not None else self.data.candidates.units

    def sensitive(self, name: str | None) -> Sensitive | None:
        return next((s for s in self.data.sensitive if s.name == name), None)


def load(services: Services, step: Step) -> Material:
    """The audit of this step with its data; the data is a pure function of the frozen spec, so it may be kept."""
    with services.database.read() as tx:
        audit = audits.by_id(tx, step.audit_id)
    return of_audit(services, audit)


def of_audit(services: Services, audit: Audit) -> Material:
    with services.database.read() as tx:
        steps = tuple(audits.steps(tx, audit.id))
    spec = parse(audit.spec)
    material = Material(audit, spec, _data(services, audit, spec), steps)
    _refuse_other_records(material)
    return material


def _refuse_other_records(material: Material) -> None:
    """What is stored about records belongs to those that the probe saw; a later version may take others from the same files."""
    seen = material.results.get("probe", {}).get("digest", material.data.digest)
    if seen != material.data.digest:
        raise Conflict(
            "the version of the auditor that began this audit took other records from the same files (duplicates, types);"
            " run the audit again, its stored result stays as it is"
        )


def _data(services: Services, audit: Audit, spec: AuditSpec) -> AuditData:
    with _lock:
        if audit.id not in _prepared:
            block = spec.target_block
            _prepared[audit.id] = prepare(spec.data, _tables(services, audit, spec), block.classes, spec.seed, block.task)
            while len(_prepared) > KEPT_IN_MEMORY:
                _prepared.popitem(last=False)
        _prepared.move_to_end(audit.id)
        return _prepared[audit.id]


def _tables(services: Services, audit: Audit, spec: AuditSpec) -> dict[str, RawTable]:
    tables = {}
    with services.database.read() as tx:
        for name, dataset_id in spec.data.files.items():
            digest = datasets.get_dataset(tx, audit.workspace_id, dataset_id).digest
            table = from_parquet(services.artifacts.get(tx, audit.workspace_id, digest))
            tables[name] = RawTable(table.cells, table.types)
    return tables
