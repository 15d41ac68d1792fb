"""An audit that looks again and again finds no more by chance than one that looks once, and still finds what is there."""

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Outcome
from auditor.domain.policy import Policy
from auditor.scoring.grading import Assessment, Grading, Truth
from auditor.scoring.growth import growth, sight
from auditor.scoring.holm import assess_family
from auditor.scoring.score import judge

LOOKS = (4, 16, 64)
ATTACKS, SIDE, PSEUDO = 2, 250, 4
LOWEST = 1e-9  # a level that any lower limit above 0 reaches: the hardest null
IS_MEMBER = np.arange(2 * SIDE) < SIDE


def scores(leak: float, halves: NDArray[np.bool_], noise: NDArray[np.float64], rng: np.random.Generator) -> MembershipScores:
    """A later look sees mostly what the earlier ones saw: four fifths of the variance are the record's own."""
    seen = np.sqrt(0.8) * noise + np.sqrt(0.2) * rng.standard_normal(noise.shape)
    told = leak * np.vstack([IS_MEMBER, halves])
    return MembershipScores((seen + told)[0], (seen + told)[1:], halves)


def looks_of(seed: int, leak: float, share: float, level: float) -> list[list[Assessment]]:
    """Assessments of two attacks at each look."""
    rng = np.random.default_rng((seed, 17))
    truth = Truth(IS_MEMBER, np.zeros(2 * SIDE, np.intp), None, None, 2)
    halves = rng.random((PSEUDO, 2 * SIDE)) < 0.5
    noise = rng.standard_normal((ATTACKS, PSEUDO + 1, 2 * SIDE))
    terms = Grading(level, ATTACKS, 0.95, share, seed)
    return [assess_family([(scores(leak, halves, own, rng), None, truth) for own in noise], terms) for _ in LOOKS]


def stopped_at(looks: list[list[Assessment]], level: float) -> tuple[int, Outcome]:
    """How many shadows the stated rule takes, and the outcome of that look."""
    policy, sights = Policy("test", {"membership": level}), []
    for shadows, graded in zip(LOOKS, looks, strict=True):
        found = []
        for one in graded:
            outcome, _ = judge(one, {}, level)
            limits = {"score": one.score, "score_low": one.score_low, "score_high": one.score_high}
            found.append({"family": "membership", "outcome": outcome, "controls": {}, **limits})
        sights.append(sight(shadows, found, policy))
        if not growth(sights, len(LOOKS)).grows:
            break
    last = sights[-1]
    assert last is not None
    return last.shadows, last.outcome


def is_alarm(graded: list[Assessment]) -> bool:
    return any((one.score_low or 0.0) > 0 for one in graded)


def alarms(share: float, runs: int) -> int:
    """Audits without a leak in which an alarm rings at any of the three looks, of either attack, whatever they stop on."""
    return sum(any(map(is_alarm, looks_of(seed, 0.0, share, LOWEST))) for seed in range(runs))


def test_without_a_leak_all_looks_together_alarm_in_at_most_five_percent() -> None:
    runs = 300
    assert alarms(1 / len(LOOKS), runs) / runs <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)


def test_looks_that_did_not_share_the_error_would_alarm_more_often() -> None:
    """The test above can fail: every look and attack at the full level rings in more than it allows."""
    runs = 100
    assert alarms(float(ATTACKS), runs) / runs > 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)


def test_a_leak_is_found_and_a_safe_target_passes_with_few_shadows() -> None:
    leaking = [stopped_at(looks_of(seed, 1.5, 1 / len(LOOKS), 25.0), 25.0) for seed in range(20)]
    safe = [stopped_at(looks_of(seed, 0.0, 1 / len(LOOKS), 25.0), 25.0) for seed in range(20)]
    assert {outcome for _, outcome in leaking} == {Outcome.BREACH}
    assert {outcome for _, outcome in safe} <= {Outcome.PASS, Outcome.INCONCLUSIVE}
    assert sum(shadows == 16 for shadows, outcome in leaking) >= 15
    assert all(shadows == 64 for shadows, outcome in safe if outcome is Outcome.INCONCLUSIVE)
