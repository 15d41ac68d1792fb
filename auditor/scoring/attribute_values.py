"""Value by value: how often a claim of it is right, and how many of those who have it are found."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.domain.data import Sensitive
from auditor.domain.finding import Estimate, Subgroup
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import Grading
from auditor.scoring.intervals import clopper_pearson

FEWEST = 10  # members, and non-members, with a value: a report should not point at the only person who has it
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Guessed:
    """What was guessed of m records, indices of values: by the attack, without the model, and the truth (-1: never seen)."""

    attack: NDArray[np.intp]
    imputer: NDArray[np.intp]
    true: NDArray[np.intp]
    is_member: Mask


def by_value(guessed: Guessed, attribute: Sensitive, grading: Grading) -> tuple[Subgroup, ...]:
    """One group a value, as many as have it; those of too few people together, in one that is counted and not measured."""
    have = [guessed.true == v for v in range(len(attribute.values))]
    shown = [v for v, rows in enumerate(have) if _is_shown(rows, guessed.is_member)]
    found = [_group(guessed, attribute, v, grading) for v in sorted(shown, key=lambda v: -int(have[v].sum()))]
    return (*found, *_together(guessed, attribute, shown))


def _is_shown(rows: Mask, is_member: Mask) -> bool:
    members = int((rows & is_member).sum())
    return min(members, int(rows.sum()) - members) >= FEWEST


def _group(guessed: Guessed, attribute: Sensitive, value: int, grading: Grading) -> Subgroup:
    members = int(((guessed.true == value) & guessed.is_member).sum())
    others = int((guessed.true == value).sum()) - members
    found = tuple(_figures(guessed, value, grading))
    return Subgroup(attribute.name, named(attribute, value), members, others, found, None, _sentence(found))


def _figures(guessed: Guessed, value: int, grading: Grading) -> Iterator[Estimate]:
    """Precision and recall on members, on non-members, and of the imputer on members."""
    arms = (
        ("", guessed.attack, guessed.is_member),
        ("_non_members", guessed.attack, ~guessed.is_member),
        ("_imputation", guessed.imputer, guessed.is_member),
    )
    for suffix, claimed, side in arms:
        right = int(((claimed == value) & (guessed.true == value) & side).sum())
        yield _share("precision" + suffix, right, int(((claimed == value) & side).sum()), grading)
        yield _share("recall" + suffix, right, int(((guessed.true == value) & side).sum()), grading)


def _share(name: str, right: int, of: int, grading: Grading) -> Estimate:
    if of < FEWEST:
        return Estimate(name, reason=f"fewer than {FEWEST} records")
    return estimate(name, clopper_pearson(right, of, grading.marginal_alpha), of, grading)


def _together(guessed: Guessed, attribute: Sensitive, shown: list[int]) -> tuple[Subgroup, ...]:
    rare = ~np.isin(guessed.true, shown)
    if not rare.any():
        return ()
    members = int((rare & guessed.is_member).sum())
    few = f"Not measured: values that fewer than {FEWEST} members or non-members have, or none of the auxiliary records, together."
    return (Subgroup(attribute.name, "other values", members, int(rare.sum()) - members, sentence=few),)


def _sentence(found: tuple[Estimate, ...]) -> str:
    told = {e.name: e for e in found}
    parts = [
        f"{side}: precision {_told(told['precision' + suffix])}, recall {_told(told['recall' + suffix])}"
        for side, suffix in (("members", ""), ("non-members", "_non_members"), ("members without the model", "_imputation"))
    ]
    return "; ".join(parts)[:1].upper() + "; ".join(parts)[1:] + "."


def _told(item: Estimate) -> str:
    return "unknown" if item.value is None else f"{item.value:.2f} ({item.low:.2f} to {item.high:.2f})"


def named(attribute: Sensitive, value: int) -> str:
    return ", ".join("missing" if cell is None else str(cell) for cell in attribute.values[value])
