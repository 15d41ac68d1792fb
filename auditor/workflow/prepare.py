"""From files to `AuditData`: typed columns, distinct records, an order that says nothing about membership. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import AuditData, Column, Records
from auditor.domain.learner import Task
from auditor.domain.seeds import generator
from auditor.domain.spec import DataSpec, suggestion
from auditor.errors import InvalidInput
from auditor.intake.types import infer, typed
from auditor.workflow import canaries
from auditor.workflow.bounds import with_bounds
from auditor.workflow.duplicates import SCORED, distinct
from auditor.workflow.named_columns import features_of
from auditor.workflow.raw_table import RawTable as RawTable
from auditor.workflow.sensitive_columns import sensitive_of
from auditor.workflow.true_values import as_numbers, refuse_constant
from auditor.workflow.units import with_units

MIN_SIDE = 50
MIN_NON_MEMBERS_AFTER_SPLIT = 1_500
TOO_FEW = "No auxiliary records were given, and of the non-members"
MAX_CLASSES = 1_000
KNOWS_THE_REST = "Shadow models were trained on {n:,} further training records too: the adversary is taken to know these."
ON_BOTH_SIDES = (
    "Shadow models were trained on {n:,} rows of members that stand among the non-members too and are not scored: the target was"
    " trained on them, whoever they are."
)
NOT_CHOSEN = "Canaries that the coins left out stand in the training data all the same ({n:,}); many make the bound too low."
COIN_FLIPS = "The records are canaries: an independent fair coin decided of each whether it was trained on."


@dataclass(frozen=True, eq=False)
class _Side:
    """One file after cleaning: feature cells, label text, a digest per record, and the cells of the columns reported apart."""

    cells: pd.DataFrame
    labels: NDArray[np.object_]
    digests: NDArray[np.object_]
    groups: pd.DataFrame

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "_Side":
        chosen = np.flatnonzero(rows) if rows.dtype == bool else rows
        return _Side(self.cells.iloc[chosen], self.labels[chosen], self.digests[chosen], self.groups.iloc[chosen])

    def joined(self, other: "_Side") -> "_Side":
        cells, groups = (pd.concat(pair, ignore_index=True) for pair in ((self.cells, other.cells), (self.groups, other.groups)))
        return _Side(cells, np.concatenate([self.labels, other.labels]), np.concatenate([self.digests, other.digests]), groups)

    def __len__(self) -> int:
        return len(self.digests)


def prepare(
    spec: DataSpec, tables: Mapping[str, RawTable], classes: tuple[str, ...], seed: int, task: Task = Task.CLASSIFICATION
) -> AuditData:
    """Join the files of an audit. `tables` has members and non_members, or canaries and their key, and maybe auxiliary; raises
    InvalidInput. For regression the label column holds numbers, and there are no classes."""
    features = features_of(spec, {name: list(table.cells.columns) for name, table in tables.items()})
    flipped, tables = "canaries" in tables, canaries.sides(tables)
    removed: dict[str, int] = {}
    sides = {name: _clean(name, table, features, spec, removed) for name, table in tables.items()}
    if task is Task.REGRESSION:
        sides = {name: _with_numbers(name, side) for name, side in sides.items()}
    if flipped:
        sides = _without_twins(sides, removed)
    notes: list[str] = [COIN_FLIPS] if flipped else []
    if flipped and "training" in sides:
        notes.extend(_not_chosen(sides))
    sides, on_both = _distinct(sides, None if flipped else seed, removed)
    refuse_small({name: len(side) for name, side in sides.items()}, removed)
    if task is Task.REGRESSION:
        refuse_constant(side.labels for side in sides.values())
    if "training" in sides:
        notes.append(KNOWS_THE_REST.format(n=len(sides["training"])))
    if len(on_both):
        notes.append(ON_BOTH_SIDES.format(n=len(on_both)))
        sides["training"] = sides["training"].joined(on_both) if "training" in sides else on_both
    if "auxiliary" not in sides and not flipped:  # setting canaries of one side aside would load the coins
        sides = _set_aside(sides, seed, notes)
    columns = _columns(features, tables, spec)
    apart = _columns([c for c in spec.subgroups if c != spec.label], tables, spec)
    known = _classes(sides, classes) if task is Task.CLASSIFICATION else ()
    base = AuditData((), (), _none(), np.zeros(0, bool), _none(), (), removed, tuple(notes))
    order = _order(sides, seed)
    data = with_bounds(_join(sides, order, columns, known, spec, replace(base, groups=_groups(sides, order, apart))), spec)
    if spec.group is None:
        return data
    return with_units(data, pd.concat([sides[name].groups[spec.group] for name in SCORED]).iloc[order].tolist(), flipped)


def _not_chosen(sides: Mapping[str, _Side]) -> list[str]:
    """Canaries stay where their coin put them: leaving some out for what was trained on would load the coins, and a canary that was
    trained on without being chosen only lowers the bound."""
    known = set(sides["training"].digests)
    crossing = sum(d in known for d in sides["non_members"].digests)
    return [NOT_CHOSEN.format(n=crossing)] if crossing else []


def _groups(sides: Mapping[str, _Side], order: NDArray[np.intp], columns: tuple[Column, ...]) -> pd.DataFrame | None:
    if not columns:
        return None
    cells = pd.concat([sides[name].groups for name in SCORED], ignore_index=True).iloc[order]
    return typed(cells.reset_index(drop=True), columns)


def _without_twins(sides: dict[str, _Side], removed: dict[str, int]) -> dict[str, _Side]:
    """Canaries that cannot be told apart by what the target is asked are left out, all of them: which side they are on plays no
    part, so the coins of the others stay fair."""
    pooled = np.concatenate([sides["members"].digests, sides["non_members"].digests])
    twins = set(pooled[pd.Series(pooled).duplicated(keep=False).to_numpy()])
    if not twins:
        return sides
    alone = {name: np.array([d not in twins for d in sides[name].digests]) for name in ("members", "non_members")}
    removed["duplicate_canaries"] = int(sum((~kept).sum() for kept in alone.values()))
    return sides | {name: sides[name].take(kept) for name, kept in alone.items()}


def _none() -> Records:
    return Records(pd.DataFrame(), np.zeros(0, np.intp))


def _clean(name: str, table: RawTable, features: list[str], spec: DataSpec, removed: dict[str, int]) -> _Side:
    apart = [c for c in (*spec.subgroups, spec.group) if c in table.cells.columns]
    cells = table.cells[list(dict.fromkeys([*features, spec.label, *apart]))].astype(object)
    if spec.missing:
        cells = cells.mask(cells.isin(list(spec.missing)))
    cells = cells.where(cells.notna(), None)
    labelled = cells[spec.label].notna().to_numpy()
    if not labelled.all():
        removed[f"{name}_without_label"] = int((~labelled).sum())
    cells = cells.loc[labelled].reset_index(drop=True)
    labels = cells[spec.label].to_numpy(dtype=object)
    body = cells[features]
    return _Side(body, labels, _digests(body, labels), cells[[c for c in apart if c != spec.label]])


def _with_numbers(name: str, side: _Side) -> _Side:
    labels = as_numbers(side.labels, name)
    return replace(side, labels=labels, digests=_digests(side.cells, labels))


def _digests(cells: pd.DataFrame, labels: NDArray[np.object_]) -> NDArray[np.object_]:
    """A digest per record over its text cells and its label; missing differs from every text."""
    columns = [["\x00" if v is None else v for v in cells[c]] for c in cells.columns]
    rows = zip(*columns, labels, strict=True)
    return np.array([hashlib.blake2b("\x1f".join(row).encode(), digest_size=16).digest() for row in rows], dtype=object)


def _distinct(sides: dict[str, _Side], seed: int | None, removed: dict[str, int]) -> tuple[dict[str, _Side], _Side]:
    """The files, each record once, and the rows of members whose records stand on both sides."""
    found = distinct({name: side.digests for name, side in sides.items()}, seed)
    removed.update(found.removed)
    return {name: side.take(found.kept[name]) for name, side in sides.items()}, sides["members"].take(found.on_both)


def refuse_small(records: Mapping[str, int], removed: Mapping[str, int] = MappingProxyType({})) -> None:
    for name in SCORED:
        if name in records and records[name] < MIN_SIDE:
            crossing = max(removed.get("members_also_non_members", 0), removed.get("non_members_also_training", 0))
            both = f", since {crossing:,} stand on both sides; take what was trained on out of non_members" if crossing else ""
            raise InvalidInput(
                f"data.{name}",
                f"{records[name]} distinct labelled records are left of this file{both or '; give more'}, an audit needs at least"
                f" {MIN_SIDE}",
            )


def _set_aside(sides: dict[str, _Side], seed: int, notes: list[str]) -> dict[str, _Side]:
    """Without auxiliary records, a seeded third of the non-members takes their place, if enough remain to score."""
    others = sides["non_members"]
    third = len(others) // 3
    if len(others) - third < MIN_NON_MEMBERS_AFTER_SPLIT:
        enough = 3 * MIN_NON_MEMBERS_AFTER_SPLIT // 2
        notes.append(
            f"{TOO_FEW} {len(others):,} are left (each record once, none that"
            f" is also a member): too few to set a third aside, which takes {enough:,}."
        )
        return sides
    order = np.argsort(others.digests)[generator(seed, "auxiliary").permutation(len(others))]
    notes.append(f"No auxiliary records were given: {third:,} of the non-members were set aside as auxiliary and are not scored.")
    return {**sides, "non_members": others.take(np.sort(order[third:])), "auxiliary": others.take(np.sort(order[:third]))}


def _columns(features: list[str], tables: Mapping[str, RawTable], spec: DataSpec) -> tuple[Column, ...]:
    missing = set(spec.missing)
    columns = []
    for name in features:
        having = [table for table in tables.values() if name in table.cells.columns]
        cells = [table.cells[name] for table in having]
        native = [table.types.get(name, "string") for table in having]
        columns.append(Column(name, infer(cells, override=spec.types.get(name), native=native, missing=missing)))
    return tuple(columns)


def _classes(sides: dict[str, _Side], declared: tuple[str, ...]) -> tuple[str, ...]:
    seen = sorted({str(v) for side in sides.values() for v in side.labels})
    if len(seen) < 2:
        raise InvalidInput(
            "data.label", f"the label has one value only ({seen[0]!r}); a classifier needs records of at least two classes"
        )
    if len(seen) > MAX_CLASSES:
        raise InvalidInput(
            "data.label", f"the label has {len(seen):,} distinct values; name the column with the classes, at most {MAX_CLASSES:,}"
        )
    if not declared:
        return tuple(seen)
    strange = [v for v in seen if v not in declared]
    if strange:
        raise InvalidInput(
            "target.classes",
            f"the label {strange[0]!r} stands in the data but not among the target's classes{suggestion(strange[0], declared)}",
        )
    return declared


def _order(sides: Mapping[str, _Side], seed: int) -> NDArray[np.intp]:
    """Candidates sorted by digest, then shuffled by the seed: the order depends on the set of records and nothing else."""
    digests = np.concatenate([sides[name].digests for name in SCORED])
    return np.asarray(np.argsort(digests)[generator(seed, "order").permutation(len(digests))])


def _join(
    sides: dict[str, _Side],
    order: NDArray[np.intp],
    columns: tuple[Column, ...],
    classes: tuple[str, ...],
    spec: DataSpec,
    base: AuditData,
) -> AuditData:
    """`order` (n,): the candidates among the members and then the non-members."""
    members, others = sides["members"], sides["non_members"]
    digests = np.concatenate([members.digests, others.digests])
    is_member = (np.arange(len(digests)) < len(members))[order]
    cells = pd.concat([members.cells, others.cells], ignore_index=True).iloc[order]
    labels = np.concatenate([members.labels, others.labels])[order]
    candidates = _records(cells, labels, columns, classes)
    aux = sides.get("auxiliary")
    auxiliary = _none() if aux is None else _records(aux.cells, aux.labels, columns, classes)
    asked = {"member": candidates.take(is_member), "non-member": candidates.take(~is_member)}
    rest = sides.get("training")
    pool = hashlib.blake2b(b"".join(digests[order]) + repr((columns, classes, spec.label)).encode(), digest_size=16).hexdigest()
    return replace(
        base,
        columns=columns,
        classes=classes,
        candidates=candidates,
        is_member=is_member,
        auxiliary=auxiliary,
        sensitive=tuple(sensitive_of(s.name, s.columns, asked, auxiliary) for s in spec.sensitive),
        digest=pool,
        training=None if rest is None else _records(rest.cells, rest.labels, columns, classes),
        training_digest="" if rest is None else hashlib.blake2b(b"".join(rest.digests), digest_size=16).hexdigest(),
    )


def _records(cells: pd.DataFrame, labels: NDArray[np.object_], columns: tuple[Column, ...], classes: tuple[str, ...]) -> Records:
    frame = typed(cells.reset_index(drop=True), columns)
    if not classes:
        return Records(frame, np.zeros(len(frame), np.intp), labels.astype(np.float64))
    index = {c: i for i, c in enumerate(classes)}
    return Records(frame, np.array([index[str(v)] for v in labels], dtype=np.intp))
