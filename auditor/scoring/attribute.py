"""Grading of attribute guesses: what the model tells of its members beyond what the population tells of anybody."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import AttributeGuesses, Evidence
from auditor.domain.finding import Estimate
from auditor.domain.seeds import generator
from auditor.errors import AttackFailed
from auditor.scoring.attribute_numbers import Numbers, claims_of_numbers, errors, tolerance_of, within
from auditor.scoring.attribute_values import Guessed, by_value
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import NOTHING, Assessment, Grading, Truth
from auditor.scoring.intervals import Floats, Interval, clopper_pearson, difference, percentiles, wilson
from auditor.scoring.precision import Claims, claims, precision_at, resampled
from auditor.scoring.shares import percent

NOTHING_LEFT = 0.99
FEWEST = 50
POPULATION = (
    "Of people it was not trained on, too, the model tells more than imputation does (distributional_advantage): that is knowledge "
    "about the population, whoever was trained on, and is not counted in the score."
)


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


@dataclass(frozen=True, eq=False)
class Arms:
    """P@k of the attack on members, of the imputer on the same members, and of both on non-members (same share k)."""

    members: Claims
    imputer: Claims
    non_members: Claims
    k: int
    imputer_non_members: Claims

    @property
    def k_non_members(self) -> float:
        return max(1.0, self.k * len(self.non_members) / len(self.members))

    def precision(self) -> tuple[float, float, float]:
        pairs = ((self.members, self.k), (self.imputer, self.k), (self.non_members, self.k_non_members))
        found = [float(precision_at(made, k)[0]) for made, k in pairs]
        return found[0], found[1], found[2]


def assess_attribute(evidence: AttributeGuesses, baseline: Evidence | None, truth: Truth, grading: Grading) -> Assessment:
    """Guesses against the truth and against the imputation baseline for the same records.

    Score (ATTACKS 9.2): 100 max(0, P@k on members - best) / (1 - best), best = the better of P@k on non-members and the imputer's
    on members. Raises AttackFailed for guesses that cannot be graded.
    """
    guesses = aligned(evidence, baseline, truth)
    if evidence.attribute.is_number:
        return _of_numbers(evidence, guesses, grading)
    found = (*_accuracies(guesses, grading), *_by_case(evidence, guesses, grading))
    values = by_value(guesses.guessed, evidence.attribute, grading)
    reason = _too_few(guesses)
    if reason:
        unknown = (Estimate("precision@k", reason=reason), Estimate("advantage_over_imputation", reason=reason))
        caveat = f"Attribute inference cannot be graded: it {reason}."
        return Assessment((*found, *unknown), None, None, None, (caveat,), resolved=False, subgroups=values)
    return replace(_graded(arms_of(guesses), found, _caveat(evidence, guesses), grading), subgroups=values)


def _of_numbers(evidence: AttributeGuesses, guesses: Guesses, grading: Grading) -> Assessment:
    """The same score, where a claim is a number and right if it is close; how far off guesses are stands beside it."""
    known = guesses.known()
    reason = _too_few(known)
    if reason:
        caveat = f"Attribute inference cannot be graded: it {reason}."
        unknown = (Estimate("precision@k", reason=reason), Estimate("advantage_over_imputation", reason=reason))
        return Assessment(unknown, None, None, None, (caveat,), resolved=False)
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
    return _graded(arms, tuple(found), caveat, grading)


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


def _graded(arms: Arms, found: tuple[Estimate, ...], caveat: str, grading: Grading) -> Assessment:
    members, imputer, non_members = arms.precision()
    draws = _draws(arms, grading.seed)
    best = max(imputer, non_members)
    printed, deciding = (advantage(arms, draws, alpha) for alpha in (grading.marginal_alpha, grading.alpha))
    listed = [
        _precision("precision@k", members, arms.k, grading),
        _precision("precision@k_non_members", non_members, round(arms.k_non_members), grading),
        _precision("precision@k_imputation", imputer, arms.k, grading),
        estimate("advantage_over_imputation", printed, len(arms.members), grading),
    ]
    population = distributional(arms, draws, grading.marginal_alpha)
    listed.append(estimate("distributional_advantage", population, len(arms.non_members), grading))
    caveats = (caveat, *([POPULATION] if population.low > 0 else []))
    if best >= NOTHING_LEFT:
        nothing = (
            f"Nothing is left to leak: without the records of members {percent(best, 0)} of the surest claims are right already."
        )
        return Assessment((*found, *listed), 0.0, 0.0, 0.0, (*caveats, nothing), driver=NOTHING)
    score, low, high = (min(100.0, 100 * max(0.0, v) / (1 - best)) for v in (deciding.value, deciding.low, deciding.high))
    return Assessment((*found, *listed), score, low, high, caveats)


def advantage(arms: Arms, draws: Floats, alpha: float) -> Interval:
    """P@k on members minus the better rival: the smaller of the two differences and of each of their limits.

    Limits are percentiles of the paired bootstrap. A precision of 0 or 1 never varies under resampling, though people not seen may
    differ: then the limits reach at least as far as Newcombe's for independent proportions.
    """
    members, imputer, non_members = arms.precision()
    ours = (members, float(arms.k))
    rivals = [
        _above(ours, rival, draws[0] - draws[place], alpha)
        for place, rival in ((1, (imputer, float(arms.k))), (2, (non_members, arms.k_non_members)))
    ]
    return Interval(min(r.low for r in rivals), min(r.value for r in rivals), min(r.high for r in rivals))


def distributional(arms: Arms, draws: Floats, alpha: float) -> Interval:
    """P@k on non-members minus the imputer's on the same non-members: what the model tells of people it never saw."""
    k = arms.k_non_members
    found = [(float(precision_at(made, k)[0]), k) for made in (arms.non_members, arms.imputer_non_members)]
    return _above(found[0], found[1], draws[2] - draws[3], alpha)


def _above(ours: tuple[float, float], rival: tuple[float, float], draws: Floats, alpha: float) -> Interval:
    """Difference of two precisions, each with its k, from resampled differences (B,)."""
    value = ours[0] - rival[0]
    low, high = percentiles(draws, alpha)
    if min(ours[0], 1 - ours[0], rival[0], 1 - rival[0]) < 1e-9:
        plain = difference(*(wilson(share * k, k, alpha) for share, k in (ours, rival)))
        low, high = min(low, plain.low), max(high, plain.high)
    return Interval(min(low, value), value, max(high, value))


def _draws(arms: Arms, seed: int) -> Floats:
    """(4, B): members, imputer, non-members, imputer on these; each two under the same resamples."""
    rng = generator(seed, "precision")
    paired = resampled(((arms.members, arms.k), (arms.imputer, arms.k)), rng)
    others = ((arms.non_members, arms.k_non_members), (arms.imputer_non_members, arms.k_non_members))
    return np.concatenate([paired, resampled(others, rng)])


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


def _precision(name: str, value: float, k: int, grading: Grading) -> Estimate:
    return estimate(name, clopper_pearson(value * k, k, grading.marginal_alpha), k, grading)


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
