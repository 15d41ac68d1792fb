"""Results of single records: personal data, so they go by pseudonym, and whoever reads them is written down."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.domain.audit import Audit
from auditor.errors import Conflict, InvalidInput, NotFound
from auditor.querying import record_digests
from auditor.store import audits, events
from auditor.workflow import material
from auditor.workflow.services import Services

READ = "records.read"
PSEUDONYM_DIGITS = 20
FORGOTTEN = "the single records of this audit are forgotten, because evidence is kept for a limited time; audit again to have them"
NONE_KEPT = "this audit has no single records: they take shadow models to compare with; audit again with 16 or more"


@dataclass(frozen=True)
class Reader:
    """Who reads, for the event that says so."""

    workspace_id: str
    name: str


@dataclass(frozen=True)
class Exposed:
    """One candidate. The figures that an audit could not give are None; `vulnerability` is how far apart models trained with and
    without the record score it, in standard deviations, and `tpr` the share of such models in which it would be found."""

    pseudonym: str
    side: str | None
    score: float | None = None
    p_value: float | None = None
    q_value: float | None = None
    named: bool | None = None
    vulnerability: float | None = None
    vulnerability_low: float | None = None
    vulnerability_high: float | None = None
    tpr: float | None = None
    memorisation: float | None = None
    memorisation_error: float | None = None
    rank: int | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    outlier_rank: int | None = None


COLUMNS = tuple(field.name for field in fields(Exposed))

STORED = {
    "vulnerability": "gap",
    "vulnerability_low": "gap_low",
    "vulnerability_high": "gap_high",
}
"""Columns of the stored table that go by another name."""


@dataclass(frozen=True)
class Page:
    """Some of the `total` rows of one attack's table, the most exposed first; `next` is where the following page starts."""

    attack: str
    attacks: tuple[str, ...]
    rows: tuple[Exposed, ...]
    total: int
    next: int | None


def read(services: Services, reader: Reader, audit_id: str, attack: str | None, window: range) -> Page:
    """The rows of `window`, of the named attack or of the first that has a table; raises NotFound, Conflict, InvalidInput."""
    with services.database.read() as tx:
        audit = audits.get(tx, reader.workspace_id, audit_id)
    tables = _tables(audit)
    chosen = _chosen(tables, attack)
    table = _stored(services, audit, tables[chosen])
    total = len(table["row"])
    places = slice(min(window.start, total), min(window.stop, total))
    rows = _rows(services, audit, {name: column[places] for name, column in table.items()})
    write_down(services, reader, audit, chosen, len(rows))
    return Page(chosen, tuple(tables), rows, total, places.stop if places.stop < total else None)


def has_table(result: Mapping[str, Any] | None) -> bool:
    """Does any finding of this result have a table of single records?"""
    return any((f.get("exposure") or {}).get("digest") for f in (result or {}).get("findings", ()))


def _tables(audit: Audit) -> dict[str, str]:
    """Digests of the tables by attack, the highest lower limit first."""
    if audit.result is None:
        raise Conflict(f"this audit is {audit.status} and has no results of single records; they come with its findings")
    findings = sorted(audit.result["findings"], key=lambda f: -(f.get("score_low") or 0))
    tables = {f["attack"]: f["exposure"]["digest"] for f in findings if (f.get("exposure") or {}).get("digest")}
    if not tables:
        raise Conflict(NONE_KEPT)
    return tables


def _chosen(tables: Mapping[str, str], attack: str | None) -> str:
    if attack is None:
        return next(iter(tables))
    if attack not in tables:
        raise InvalidInput("attack", f"no single records were kept of this attack; there are those of {', '.join(tables)}")
    return attack


def _stored(services: Services, audit: Audit, digest: str) -> dict[str, NDArray[Any]]:
    try:
        with services.database.read() as tx:
            return services.artifacts.get_arrays(tx, audit.workspace_id, digest)
    except NotFound:
        raise Conflict(FORGOTTEN) from None


def _rows(services: Services, audit: Audit, table: Mapping[str, NDArray[Any]]) -> tuple[Exposed, ...]:
    names = pseudonyms(services, audit, table["row"])
    columns = {name: table[STORED.get(name, name)] for name in COLUMNS if STORED.get(name, name) in table}
    sides = table.get("is_member")
    return tuple(
        Exposed(
            pseudonym,
            None if sides is None else "member" if sides[i] else "non-member",
            **{name: _plain(column[i]) for name, column in columns.items()},
        )
        for i, pseudonym in enumerate(names)
    )


def _plain(value: Any) -> Any:
    """A Python value; what is not a number is not told."""
    found = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(found, float) and not np.isfinite(found) else found


def pseudonyms(services: Services, audit: Audit, rows: NDArray[np.intp]) -> Sequence[str]:
    """The same record has the same pseudonym in every audit of the workspace, and another one in every other workspace."""
    if not len(rows):
        return ()
    key = services.vault.derive(f"pseudonyms|{audit.workspace_id}")
    candidates = material.of_audit(services, audit).data.candidates.take(np.asarray(rows, dtype=np.intp))
    truth = candidates.labels if candidates.values is None else candidates.values
    contents = (
        digest + repr(label).encode() for digest, label in zip(record_digests(candidates.features), truth.tolist(), strict=True)
    )
    return [hmac.digest(key, content, "sha256").hex()[:PSEUDONYM_DIGITS] for content in contents]


def write_down(services: Services, reader: Reader, audit: Audit, attack: str, count: int) -> None:
    """Whoever reads about single people is named among the events of the workspace."""
    sentence = f"{reader.name} read {count:,} results of single records of {audit.name} (attack {attack})"
    with services.database.begin() as tx:
        events.add(
            tx,
            reader.workspace_id,
            READ,
            sentence,
            services.clock(),
            audit_id=audit.id,
            target_id=audit.target_id,
            details={"attack": attack, "records": count},
        )
