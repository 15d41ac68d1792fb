"""Who is reported apart: the values of the named columns, and the classes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Records

PARTS = 5  # a column of numbers is cut into so many parts of about equal size
MOST = 50
SHOWN_FROM = 10  # values of fewer records are counted together: a report should not name the only person of a town
MISSING = "missing"

Cells = NDArray[np.object_] | NDArray[np.intp] | NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Group:
    """`inside` (n,): the candidates whose `attribute` has this `value`. `together`: so many values counted as one, 0 for a value
    by itself."""

    attribute: str
    value: str
    inside: NDArray[np.bool_]
    together: int = 0

    def __len__(self) -> int:
        return int(self.inside.sum())


def attributes(candidates: Records, columns: Sequence[str], label: str, classes: Sequence[str]) -> dict[str, Cells]:
    """The cells (n,) of each named column and of the label, as `groups` takes them. A label that is not known, or a target that
    predicts a number, has no classes to report; numbers to be predicted are cut like any other column of numbers."""
    found: dict[str, Cells] = {name: candidates.features[name].to_numpy() for name in columns}
    if candidates.values is not None:
        found[label] = candidates.values
    elif classes:
        names = np.array([*classes, None], dtype=object)  # -1, a label that is not known, is the last: missing
        found[label] = names[candidates.labels]
    return found


def groups(cells: Mapping[str, Cells]) -> list[Group]:
    """At most 50 groups, in the order of the attributes, the largest values first. Values of fewer than 10 records, and those that
    do not fit among the 50, are counted together, one such group an attribute."""
    named = [group for attribute, values in cells.items() for group in _values(attribute, values)]
    large = sorted((g for g in named if len(g) >= SHOWN_FROM), key=len, reverse=True)
    kept = {id(group) for group in large[: max(MOST // 2, MOST - len(cells))]}  # room for what is counted together
    found: list[Group] = []
    for attribute in cells:
        own = [g for g in named if g.attribute == attribute]
        found += [g for g in own if id(g) in kept]
        found += _together(attribute, [g for g in own if id(g) not in kept])
    return found if len(found) <= MOST else [g for g in found if not g.together]


def _values(attribute: str, cells: Cells) -> Iterator[Group]:
    """One group a value; for a column of more than five numbers, one a part of its range."""
    names = _names(cells)
    order = [MISSING, *dict.fromkeys(_parts(cells))] if _is_cut(cells) else []
    sizes = pd.Series(names).value_counts()
    for name in [n for n in order if n in sizes.index] or list(sizes.index):
        yield Group(attribute, str(name), names == name)


def _names(cells: Cells) -> NDArray[np.object_]:
    if _is_cut(cells):
        numbers = np.asarray(cells, dtype=np.float64)
        parts = np.array([*_parts(cells), MISSING], dtype=object)
        place = np.searchsorted(_edges(numbers), numbers, side="left")
        return np.asarray(parts[np.where(np.isnan(numbers), -1, place)])
    codes, distinct = pd.factorize(np.asarray(cells, dtype=object))
    return np.array([*map(_name, distinct), MISSING], dtype=object)[codes]


def _name(cell: object) -> str:
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def _is_cut(cells: Cells) -> bool:
    return cells.dtype.kind in "iuf" and len(pd.unique(cells)) > PARTS


def _edges(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most four: the quintiles over all candidates, so that membership plays no part. Each is a value that occurs."""
    known = numbers[~np.isnan(numbers)]
    edges = np.unique(np.quantile(known, np.arange(1, PARTS) / PARTS, method="lower"))
    return np.asarray(edges[edges < known.max()])


def _parts(cells: Cells) -> list[str]:
    edges = [f"{edge:.6g}" for edge in _edges(np.asarray(cells, dtype=np.float64))]
    if not edges:
        return ["all"]
    between = [f"above {low} up to {high}" for low, high in pairwise(edges)]
    return [f"up to {edges[0]}", *between, f"above {edges[-1]}"]


def _together(attribute: str, rest: list[Group]) -> list[Group]:
    if not rest:
        return []
    inside = np.any([group.inside for group in rest], axis=0)
    return [Group(attribute, f"{len(rest)} more value{'s' if len(rest) > 1 else ''}", inside, len(rest))]
