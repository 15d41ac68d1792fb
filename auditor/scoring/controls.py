"""Checks on the audit itself: would the attack have seen a leak, and does it stay silent where there is none?"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from auditor.domain.evidence import AttributeGuesses, Copies, Evidence, MembershipScores
from auditor.domain.finding import Control, Estimate
from auditor.scoring import roc, thresholds
from auditor.scoring.attribute import aligned
from auditor.scoring.grading import NOTHING, Assessment, Grading, Truth
from auditor.scoring.intervals import Interval, difference, wilson
from auditor.scoring.shares import percent, points
from auditor.scoring.stealing import agreement_on_rows, agreement_on_uniform, beside_the_best_blind, normalised
from auditor.scoring.thresholds import ORACLE

ERROR = 0.01
DETECTED = 5.0
ENOUGH = 5  # pseudo-targets that show how much training varies


def negative(evidence: MembershipScores, truth: Truth, grading: Grading) -> Control:
    """Pseudo-targets graded with the real labels, which they know nothing of: their mean AUC has to be .5.

    Pseudo-targets share records, so they are not J independent trials: each record's placement is averaged over them first, and
    DeLong's variance is taken over records. Fails if the interval at 99 % (Bonferroni over the attacks of the family) excludes .5.
    """
    if not len(evidence.pseudo_targets):
        return Control(None, "Without shadow models that play the target for this attack it cannot check the split.")
    truth = truth.of(evidence)
    scores = thresholds.checked(evidence, truth.is_member).pseudo_targets
    interval, confidence = _mean_auc(scores, truth.is_member, ERROR / grading.family_size)
    found = Estimate("auc", interval.value, interval.low, interval.high, confidence, len(truth.is_member))
    shown = f"AUC {interval.value:.3f}, {interval.low:.3f} to {interval.high:.3f}"
    if interval.low <= 0.5 <= interval.high:
        return Control(
            True, f"On {len(scores)} models drawn without regard to the real split the attack finds nothing ({shown}).", (found,)
        )
    return Control(
        False,
        f"Even on models drawn without regard to the real split the attack tells members from non-members ({shown}): the two sides "
        "differ by themselves. Take members and non-members from one random split.",
        (found,),
    )


def lookup_twin(assessment: Assessment) -> Control:
    """A target that remembers its members: an attack that does not find it would not have found a leak. Where guessing without
    the model is right already, even that target has nothing to add, and the check does not apply."""
    if assessment.driver == NOTHING:
        return Control(
            None, "Guessing without the model is right already, so even a target that remembers its members adds nothing."
        )
    return _must_be_found(assessment.score_low, "a target that remembers its members")


def pseudo_targets(evidence: MembershipScores, truth: Truth, grading: Grading) -> Control:
    """What to expect of this learner: the attack on shadows with their own membership. It gates nothing.

    Each estimate is the median over pseudo-targets, with the smallest and the largest beside it (an interval of the median at
    confidence 1 - 2 ** (1 - J), were they independent). TPR uses each one's own oracle threshold.
    """
    count = len(evidence.pseudo_targets)
    if not count:
        return Control(
            None, "Without shadow models that play the target for this attack there is no expectation for this kind of model."
        )
    truth = truth.of(evidence)
    scores = thresholds.checked(evidence, truth.is_member).pseudo_targets
    pairs = list(zip(scores, evidence.membership, strict=True))
    found = [_median("auc", [roc.auc(s, m) for s, m in pairs], len(truth.is_member))]
    rate = thresholds.headline_rate(int((~truth.is_member).sum()))
    if rate is not None:
        rates = [float((s[m] > roc.cut(s[~m], rate)).mean()) for s, m in pairs]
        found.append(replace(_median(f"tpr@fpr={rate:g}", rates, int(truth.is_member.sum())), threshold=ORACLE))
    return Control(None, _expectation(found, count), tuple(found))


def _expectation(found: list[Estimate], count: int) -> str:
    """The spread over models, in words: it is how much training varies, which no interval over records holds."""
    auc, *tails = found
    shown = [f"AUC {auc.low:.3f} to {auc.high:.3f} (median {auc.value:.3f})"]
    shown += [
        f"TPR at {100 * float(t.name.removeprefix('tpr@fpr=')):g} % FPR {percent(t.low, 2)} to {percent(t.high, 2)}"
        f" (median {percent(t.value, 2)})"
        for t in tails
    ]
    few = "" if count >= ENOUGH else f" Fewer than {ENOUGH} models say little about it."
    return (
        f"{count} models of this kind, trained on random halves of the same records: {', '.join(shown)}. That is how much training "
        f"varies; the intervals of the estimates are over records, for this one target, and do not hold it.{few} This is what to "
        "expect, not a check."
    )


def attribute_negative(evidence: AttributeGuesses, baseline: Evidence | None, truth: Truth, grading: Grading) -> Control:
    """The imputer never saw the model, so it has to do as well on members as on non-members: else the two sides differ."""
    guesses = aligned(evidence, baseline, truth)
    right = guesses.imputer.argmax(axis=1) == guesses.true
    alpha = ERROR / grading.family_size
    sides = [
        wilson(int(right[side].sum()), int(side.sum()), alpha) for side in (guesses.is_member, ~guesses.is_member) if side.any()
    ]
    if len(sides) < 2:
        return Control(None, "Only one side was attacked, so the imputer cannot be compared on both.")
    gap = difference(*sides)
    found = Estimate("accuracy_difference", gap.value, gap.low, gap.high, 1 - alpha, len(right))
    shown = f"difference {points(gap.value)}, {points(gap.low).removesuffix(' pp')} to {points(gap.high)}"
    if gap.low <= 0 <= gap.high:
        return Control(True, f"Imputation, which never asks the model, guesses members and non-members alike ({shown}).", (found,))
    sentence = (
        f"Imputation, which never asks the model, guesses one side better ({shown}): members and non-members differ by themselves."
    )
    return Control(False, sentence, (found,))


def stealing(known: Copies, noise: Copies, baseline: Evidence | None, rule: Truth, grading: Grading) -> dict[str, Control]:
    """Two targets whose truth is known: a rule that can be learned, whose own answers for candidates stand in `rule`, and answers
    without any rule, judged on uniform points."""
    chance = f"chance alone agrees on 1 in {rule.classes}" if rule.classes else "chance alone agrees on very few"
    learned = normalised(beside_the_best_blind(agreement_on_rows(known, baseline, rule)), grading.marginal_alpha, grading.seed)
    random = normalised(agreement_on_uniform(noise, baseline), ERROR / grading.family_size, grading.seed)
    silent = random.low <= 0
    sentence = "finds nothing in" if silent else "seems to copy"
    return {
        "known_target": _must_be_found(learned.low, "a target whose rule is known"),
        "noise_target": Control(
            silent, f"The attack {sentence} a target whose answers follow no rule ({_lowest(silent, random.low)}; {chance})."
        ),
    }


def _lowest(silent: bool, low: float) -> str:
    return "its score may be 0" if silent else f"score at least {low:.0f}"


def _must_be_found(score_low: float | None, target: str) -> Control:
    shown = score_low or 0.0
    if shown >= DETECTED:
        return Control(True, f"The attack finds {target} (score at least {shown:.0f}).")
    return Control(
        False,
        f"The attack does not find {target} (its score there may be {shown:.0f}), so its silence on the real one means nothing.",
    )


def _mean_auc(scores: NDArray[np.float64], is_member: NDArray[np.bool_], alpha: float) -> tuple[Interval, float]:
    placed = roc.placements(scores, is_member)
    half = _student(alpha, min(len(placed.members), len(placed.non_members)) - 1) * float(np.sqrt(placed.variance))
    return Interval(max(0.0, placed.auc - half), placed.auc, min(1.0, placed.auc + half)), 1 - alpha


def _student(alpha: float, degrees: int) -> float:
    """Student's quantile of a two-sided limit: with 50 on a side the normal one failed 1.6 % of fair splits at 1 %."""
    return float(stdtrit(max(1, degrees), 1 - alpha / 2))


def _median(name: str, values: list[float], n: int) -> Estimate:
    return Estimate(name, float(np.median(values)), min(values), max(values), 1 - 2.0 ** (1 - len(values)), n)
