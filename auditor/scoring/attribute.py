"""Grading of attribute guesses: what the model tells of its members beyond what the population tells of anybody."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import AttributeGuesses, Evidence
from auditor.domain.finding import Estimate
from auditor.errors import AttackFailed
from auditor.scoring.attribute_bulk import Right
from auditor.scoring.attribute_numbers import Numbers, claims_of_numbers, errors, tolerance_of, within
from auditor.scoring.attribute_score import Parts, graded
from auditor.scoring.attribute_tail import Arms
from auditor.scoring.attribute_values import Guessed, by_value
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import Assessment, Grading, Truth
from auditor.scoring.intervals import Floats, clopper_pearson
from auditor.scoring.precision import claims

FEWEST = 50


@dataclass(frozen=True, eq=False)
class Guesses:
    """The attack's and the imputer's guesses about the same m records, with the truth about them."""

    attack: Floats
    imputer: Floats
    true: NDArray[np.intp]
    is_member: NDArray[np.bool_]
    common: int
    cases: NDArray[np.intp]
    numbers: Floats

    def known(self) -> "Guesses":
        """Those of whom the number is known."""
        kept = ~np.isnan(self.numbers)
        parts = (self.attack[kept], self.imputer[kept], self.true[kept], self.is_member[kept])
        return Guesses(*parts, self.common, self.cases[kept], self.numbers[kept])

    @property
    def guessed(self) -> Guessed:
        return Guessed(self.attack.argmax(axis=1), self.imputer.argmax(axis=1), self.true, self.is_member)

    @property
    def k(self) -> int:
        """100 claims or 1 % of the members, but at most a fifth of them."""
        members = int(self.is_member.sum())
        return max(1, min(max(100, members // 100), members // 5))


def assess_attribute(evidence: AttributeGuesses, baseline: Evidence | None, truth: Truth, grading: Grading) -> Assessment:
    """Guesses against the truth and against the imputation baseline for the same records; the score is that of `attribute_score`.
    Raises AttackFailed for guesses that cannot be graded."""
    guesses = aligned(evidence, baseline, truth)
    if evidence.attribute.is_number:
        return _of_numbers(evidence, guesses, grading)
    found = (*_accuracies(guesses, grading), *_by_case(evidence, guesses, grading))
    values = by_value(guesses.guessed, evidence.attribute, grading)
    reason = _too_few(guesses)
    if reason:
        return replace(_ungraded(found, reason), subgroups=values)
    parts = Parts(arms_of(guesses), right_of(guesses))
    return replace(graded(parts, found, _caveat(evidence, guesses), grading), subgroups=values)


def _ungraded(found: tuple[Estimate, ...], reason: str) -> Assessment:
    unknown = tuple(Estimate(name, reason=reason) for name in ("accuracy_advantage", "precision@k", "advantage_over_imputation"))
    caveat = f"Attribute inference cannot be graded: it {reason}."
    return Assessment((*found, *unknown), None, None, None, (caveat,), resolved=False)


def _of_numbers(evidence: AttributeGuesses, guesses: Guesses, grading: Grading) -> Assessment:
    """The same score, where a claim is a number and right if it is close; how far off guesses are stands beside it."""
    known = guesses.known()
    reason = _too_few(known)
    if reason:
        return _ungraded((), reason)
    grid = np.array([cell for (cell,) in evidence.attribute.values], dtype=np.float64)
    numbers = Numbers(known.numbers, grid, tolerance_of(known.numbers, known.is_member))
    inside = known.is_member
    attack, imputer = (claims_of_numbers(scores, numbers) for scores in (known.attack, known.imputer))
    arms = Arms(attack.take(inside), imputer.take(inside), attack.take(~inside), known.k, imputer.take(~inside))
    found = [within("within_tolerance", arms.members, grading), within("within_tolerance_non_members", arms.non_members, grading)]
    found.append(within("within_tolerance_imputation", arms.imputer, grading))
    for name, side in (("", inside), ("_non_members", ~inside)):
        apart = Numbers(numbers.true[side], grid, numbers.tolerance)
        found += errors(known.attack[side], known.imputer[side], apart, grading, name)
    caveat = f"A guess counts as right within {numbers.tolerance:.3g}, a quarter of the standard deviation among non-members."
    right = Right(arms.members.correct, arms.imputer.correct, arms.non_members.correct)
    return graded(Parts(arms, right), tuple(found), caveat, grading)


def aligned(evidence: AttributeGuesses, baseline: Evidence | None, truth: Truth) -> Guesses:
    """The records that both the attack and the imputer guessed about."""
    if not isinstance(baseline, AttributeGuesses) or truth.attribute is None:
        raise AttackFailed("Attribute inference is graded against imputation; its baseline did not run.")
    if np.isnan(evidence.scores).any() or np.isnan(baseline.scores).any():
        raise AttackFailed("The attack left scores that are not numbers (NaN); it has to score every value of every record.")
    rows, mine, theirs = np.intersect1d(evidence.rows, baseline.rows, return_indices=True)
    if not len(rows):
        raise AttackFailed("The attack and its imputation baseline guessed about different records.")
    true, is_member = truth.attribute[rows], truth.is_member[rows]
    attack, imputer = _finite(evidence.scores[mine]), _finite(baseline.scores[theirs])
    known = true[~is_member & (true >= 0)]
    common = int(np.bincount(known if len(known) else np.zeros(1, np.intp), minlength=attack.shape[1]).argmax())
    cases = np.zeros(len(rows), np.intp) if evidence.cases is None else evidence.cases[mine]
    return Guesses(attack, imputer, true, is_member, common, cases, _numbers(truth, rows))


def right_of(guesses: Guesses) -> Right:
    made, inside = guesses.guessed, guesses.is_member
    attack, imputer = made.attack == made.true, made.imputer == made.true
    return Right(attack[inside], imputer[inside], attack[~inside])


def _numbers(truth: Truth, rows: NDArray[np.intp]) -> Floats:
    return np.full(len(rows), np.nan) if truth.numbers is None else truth.numbers[rows]


def arms_of(guesses: Guesses) -> Arms:
    attack = claims(guesses.attack, guesses.true, guesses.common)
    imputer = claims(guesses.imputer, guesses.true, guesses.common)
    return Arms(
        attack.take(guesses.is_member),
        imputer.take(guesses.is_member),
        attack.take(~guesses.is_member),
        guesses.k,
        imputer.take(~guesses.is_member),
    )


def _accuracies(guesses: Guesses, grading: Grading) -> tuple[Estimate, ...]:
    """Share of members, and of non-members, whose value is guessed right, and of members by the imputer."""
    made, inside = guesses.guessed, guesses.is_member
    return (
        _accuracy("accuracy", made.attack == made.true, inside, grading),
        _accuracy("accuracy_non_members", made.attack == made.true, ~inside, grading),
        _accuracy("baseline_accuracy", made.imputer == made.true, inside, grading),
    )


def _by_case(evidence: AttributeGuesses, guesses: Guesses, grading: Grading) -> list[Estimate]:
    """Of an attack that proceeds by cases: each case apart, on members and on non-members."""
    if evidence.cases is None:
        return []
    right, sides = guesses.guessed.attack == guesses.true, (("", guesses.is_member), ("_non_members", ~guesses.is_member))
    return [
        _accuracy(f"accuracy{suffix}@case={case}", right, side & (guesses.cases == case), grading)
        for case in (1, 2, 3)
        for suffix, side in sides
    ]


def _accuracy(name: str, right: NDArray[np.bool_], rows: NDArray[np.bool_], grading: Grading) -> Estimate:
    if not rows.any():
        return Estimate(name, reason="no attacked record is of this kind")
    n = int(rows.sum())
    return estimate(name, clopper_pearson(int((right & rows).sum()), n, grading.marginal_alpha), n, grading)


def _too_few(guesses: Guesses) -> str | None:
    members = int(guesses.is_member.sum())
    others = len(guesses.is_member) - members
    if min(members, others) >= FEWEST:
        return None
    return f"needs at least {FEWEST} attacked members and {FEWEST} attacked non-members; {members:,} and {others:,} were attacked"


def _caveat(evidence: AttributeGuesses, guesses: Guesses) -> str:
    common = ", ".join(str(cell) for cell in evidence.attribute.values[guesses.common])
    return (
        f"Precision@k looks at the k = {guesses.k} surest claims; guesses of the most common value ({common}) say little about "
        "a person and are left out of the ranking."
    )


def _finite(scores: Floats) -> Floats:
    return np.clip(np.asarray(scores, dtype=np.float64), -1e100, 1e100)
