"""Each record once, and nothing left out that would make members and non-members differ by itself. Pure.

Where a population holds a record several times, a random split of it puts copies on both sides, and the more often the likelier.
To take such records off the non-members alone leaves members that are commoner than non-members: a classifier that never saw the
model then tells them apart. So they leave both sides, and what is left of the records with k copies is thinned, on the side that
has too many, to the ratio of members to non-members among records with one copy: given k, the side is chance again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.seeds import generator

Digests = NDArray[np.object_]
Mask = NDArray[np.bool_]
Copies = NDArray[np.intp]
SCORED = ("members", "non_members")
MOST = 0.5  # a file of training data that holds more of the members than this was not cut down to the rest


@dataclass(frozen=True, eq=False)
class Distinct:
    """Which rows of each file are kept, and how many are not, by reason. `on_both` (rows of members,): those of records that stand
    among the non-members as well. The target was trained on them and nobody's membership is in question, so shadow models may be
    trained on them too; as both sides hold these records, that makes no difference between the sides."""

    kept: dict[str, Mask]
    removed: dict[str, int]
    on_both: Mask


@dataclass(frozen=True, eq=False)
class _Counted:
    """`codes`: per row of each file, which record it is. `copies`: per record, how many rows of each file are it."""

    codes: dict[str, Copies]
    copies: dict[str, Copies]

    @classmethod
    def of(cls, digests: Mapping[str, Digests]) -> "_Counted":
        every, _ = pd.factorize(np.concatenate(list(digests.values())))
        ends = np.cumsum([len(one) for one in digests.values()])
        codes = dict(zip(digests, np.split(every, ends[:-1]), strict=True))
        return cls(codes, {name: np.bincount(one, minlength=every.max(initial=-1) + 1) for name, one in codes.items()})

    def has(self, name: str) -> Mask:
        """(records,) whether the file holds the record."""
        return self.copies[name] > 0 if name in self.copies else np.zeros_like(next(iter(self.copies.values())), dtype=bool)

    def trained_on(self) -> Copies:
        """(records,) copies in the training data: those of both files, or of the larger where one repeats most of the other."""
        members, rest = self.copies["members"], self.copies.get("training")
        if rest is None:
            return members
        repeats = np.mean(rest[members > 0] > 0) > MOST
        return np.maximum(members, rest) if repeats else members + rest


def distinct(digests: Mapping[str, Digests], seed: int | None) -> Distinct:
    """`digests`: (rows,) of each file: members, non_members and maybe training and auxiliary. Without a seed fair coins have put
    the records on their sides and none may be taken off; the caller has left out those that cannot be told apart."""
    counted, removed = _Counted.of(digests), dict[str, int]()
    kept = {name: ~pd.Series(digests[name]).duplicated().to_numpy() for name in digests if name != "training"}
    for name, first in kept.items():
        removed[f"duplicate_{name}"] = int((~first).sum())
    if seed is not None:
        _off_both_sides(counted, kept, removed)
        _balanced(_Balance(counted, digests, seed), kept, removed)
    _others(counted, kept, removed)
    return Distinct(kept, {word: n for word, n in removed.items() if n}, _on_both(counted, seed))


def _on_both(counted: _Counted, seed: int | None) -> Mask:
    """Each row counts, as what was trained on twice counts twice; what the rest of the training data holds stands there."""
    crossing = counted.has("non_members") & ~counted.has("training")
    return crossing[counted.codes["members"]] & (seed is not None)


def _off_both_sides(counted: _Counted, kept: dict[str, Mask], removed: dict[str, int]) -> None:
    """Records that were trained on and stand among the non-members leave members and non-members."""
    members, others, training = (counted.has(name) for name in ("members", "non_members", "training"))
    reasons = {
        "members_also_non_members": ("members", others),
        "non_members_also_members": ("non_members", members),
        "non_members_also_training": ("non_members", training & ~members),
    }
    for word, (name, crossing) in reasons.items():
        crosses = kept[name] & crossing[counted.codes[name]]
        removed[word] = int(crosses.sum())
        kept[name] = kept[name] & ~crosses


@dataclass(frozen=True, eq=False)
class _Balance:
    counted: _Counted
    digests: Mapping[str, Digests]
    seed: int

    def copies(self, name: str) -> Copies:
        """(rows,) how many copies of the row's record all files hold that are said to be in the training data or out of it."""
        counted = self.counted
        total = counted.trained_on() + counted.copies["non_members"]
        return total[counted.codes[name]]

    def chosen(self, name: str, rows: NDArray[np.intp], size: int, copies: int) -> NDArray[np.intp]:
        """So many of the rows, by what they hold and the seed and not by their order in the file."""
        ordered = rows[np.argsort(self.digests[name][rows], kind="stable")]
        return ordered[generator(self.seed, "copies", name, copies).permutation(len(ordered))[:size]]


def _balanced(balance: _Balance, kept: dict[str, Mask], removed: dict[str, int]) -> None:
    copies = {name: balance.copies(name) for name in SCORED}
    rows = {name: {k: np.flatnonzero(kept[name] & (copies[name] == k)) for k in _repeated(copies, kept)} for name in SCORED}
    once = {name: int((kept[name] & (copies[name] == 1)).sum()) for name in SCORED}
    per_other = _ratio(once) or _ratio({name: len(kept[name]) for name in SCORED})
    for k in _repeated(copies, kept):
        members, others = (len(rows[name][k]) for name in SCORED)
        others = min(others, round(members / per_other))
        sizes = {"members": min(members, round(others * per_other)), "non_members": others}
        for name, size in sizes.items():
            kept[name] = kept[name].copy()
            kept[name][np.setdiff1d(rows[name][k], balance.chosen(name, rows[name][k], size, k))] = False
            removed[f"unmatched_{name}"] = removed.get(f"unmatched_{name}", 0) + len(rows[name][k]) - size


def _repeated(copies: Mapping[str, Copies], kept: Mapping[str, Mask]) -> list[int]:
    """The numbers of copies, above one, that kept records have."""
    return sorted({int(k) for name in SCORED for k in np.unique(copies[name][kept[name]]) if k > 1})


def _ratio(counts: Mapping[str, int]) -> float:
    """Members for each non-member; 0 where that says nothing."""
    return counts["members"] / counts["non_members"] if all(counts[name] for name in SCORED) else 0.0


def _others(counted: _Counted, kept: dict[str, Mask], removed: dict[str, int]) -> None:
    """Auxiliary records are nobody's candidates, nor is the rest of the training data; what was trained on twice counts twice."""
    asked = np.zeros_like(counted.has("members"))
    for name in SCORED:
        asked[counted.codes[name][kept[name]]] = True
    for name in ("auxiliary", "training"):
        if name in counted.codes:
            before = kept.get(name, np.ones(len(counted.codes[name]), dtype=bool))
            crosses = before & asked[counted.codes[name]]
            removed[f"{name}_also_candidates"] = int(crosses.sum())
            kept[name] = before & ~crosses
