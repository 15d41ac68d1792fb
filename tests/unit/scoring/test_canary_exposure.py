"""Exposure of canaries: known ranks, the null, a model that knows them by heart, and what is certain among what is found."""

import math

import numpy as np
import pytest

from auditor.attacks.inversion.exposure_signals import Exposure
from auditor.domain.evidence import CanarySignals
from auditor.domain.finding import Severity
from auditor.domain.spec import parse
from auditor.errors import AttackFailed
from auditor.scoring.assess import Grading, Truth, assess
from auditor.scoring.canary_exposure import at_least_true, exposures, p_values, sum_p_value
from auditor.scoring.score import severity
from auditor.testing import small_world
from auditor.workflow.evidence_store import from_arrays, to_arrays
from auditor.workflow.offer import requested_attacks

REFERENCES = np.arange(7.0)  # with the canary itself |R| = 8


def truth_of(inserted: int, left_out: int) -> Truth:
    is_member = np.arange(inserted + left_out) < inserted
    return Truth(is_member, np.zeros(len(is_member), np.intp), None, None, 2)


def test_exposure_of_known_ranks() -> None:
    assert exposures(np.array([9.0, 5.5, 2.5, -1.0]), REFERENCES) == pytest.approx([3.0, 2.0, math.log2(8 / 5), 0.0])
    assert p_values(np.array([9.0, 5.5, 2.5, -1.0]), REFERENCES) == pytest.approx([1 / 8, 2 / 8, 5 / 8, 1.0])


def test_ties_count_against_the_claim_and_half_in_bits() -> None:
    assert p_values(np.array([6.0]), REFERENCES) == pytest.approx([2 / 8])
    assert exposures(np.array([6.0]), REFERENCES) == pytest.approx([math.log2(8 / 1.5)])


def test_canaries_that_were_never_inserted_have_1_44_bits() -> None:
    rng = np.random.default_rng(0)
    means = [exposures(rng.normal(size=1_000), rng.normal(size=1_000)).mean() for _ in range(20)]
    assert np.mean(means) == pytest.approx(1.4427, abs=0.1)
    assert np.quantile(p_values(rng.normal(size=4_000), rng.normal(size=1_000)), [0.05, 0.5]) == pytest.approx(
        [0.05, 0.5], abs=0.06
    )


def test_a_model_that_knows_its_canaries_by_heart_gives_each_all_bits() -> None:
    signals = np.where(np.arange(600) < 300, 0.0, -1.0 - np.random.default_rng(0).random(600))
    assessed = assess(CanarySignals(signals), truth_of(300, 300), Grading(25.0))
    found = {e.name: e for e in assessed.estimates}
    assert found["exposure"].value == pytest.approx(math.log2(301))
    assert found["exposure"].ceiling == pytest.approx(math.log2(301))
    assert found["memorised_share"].value == 1.0
    assert assessed.score == 100.0
    assert assessed.score_low is not None
    assert assessed.score_low > 80


def test_nothing_is_found_where_nothing_is_remembered() -> None:
    """In at most 5 % of audits anything is certain; 40 of them allow six with a probability of 98.6 %."""
    wrong = 0
    for seed in range(40):
        signals = np.random.default_rng(seed).normal(size=600)
        assessed = assess(CanarySignals(signals), truth_of(300, 300), Grading(25.0))
        assert assessed.score_low is not None and assessed.score_high is not None  # noqa: PT018
        wrong += assessed.score_low > 0
        assert assessed.score_high < 25
    assert wrong <= 6


def test_chance_alone_gives_many_bits_as_rarely_as_the_p_value_says() -> None:
    """1,000 audits in which nothing is remembered; 60 canaries share 60 references, which doubles the variance of the mean."""
    draws = (np.random.default_rng(seed).normal(size=(2, 60)) for seed in range(1_000))
    found = np.array([sum_p_value(exposures(*drawn), 60) for drawn in draws])
    assert 0.01 < (found < 0.05).mean() <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 1_000)
    assert (found < 0.01).mean() <= 0.02
    assert 0.35 < np.median(found) < 0.65


def test_a_weak_leak_over_many_canaries_is_low_and_rests_on_all_of_them() -> None:
    """Half a standard deviation: no canary stands out."""
    signals = np.random.default_rng(1).normal(size=1_000)
    signals[:500] += 0.5
    assessed = assess(CanarySignals(signals), truth_of(500, 500), Grading(25.0))
    found = {e.name: e.value for e in assessed.estimates}
    assert found["memorised_share"] == 0.0
    assert (found["exposure_p_value"] or 0.0) < 1e-6
    assert severity(assessed.score_low) is Severity.LOW
    assert any("rests on all canaries together" in caveat for caveat in assessed.caveats)


def test_half_of_the_canaries_remembered() -> None:
    rng = np.random.default_rng(4)
    signals = rng.normal(size=1_000)
    signals[:250] += 20
    assessed = assess(CanarySignals(signals), truth_of(500, 500), Grading(25.0))
    assert assessed.score == pytest.approx(50, abs=4)
    assert assessed.score_low is not None and assessed.score_high is not None  # noqa: PT018
    assert 35 < assessed.score_low < 50 < assessed.score_high


@pytest.mark.parametrize(
    ("p", "alpha", "certain"),
    [([0.01, 0.02, 0.9, 0.95], 0.05, 1), ([0.001, 0.001, 0.001, 0.9], 0.05, 3), ([0.5, 0.6], 0.05, 0), ([1e-9] * 5, 0.01, 5)],
)
def test_how_many_are_certain(p: list[float], alpha: float, certain: int) -> None:
    assert at_least_true(np.array(p), alpha) == certain


def test_too_few_canaries_are_named() -> None:
    with pytest.raises(AttackFailed, match="50 canaries that were trained on"):
        assess(CanarySignals(np.zeros(80)), truth_of(40, 40), Grading(25.0))


def test_the_signal_is_the_logarithm_of_the_true_class_and_survives_the_store() -> None:
    world, attack = small_world(), Exposure()
    target = world.leaky_for(attack)
    evidence = attack.run(world.context(attack, target, lambda fraction: None))
    people = world.data.candidates
    own = target(people.features)[np.arange(len(people)), people.labels]
    np.testing.assert_allclose(np.exp(evidence.signals), np.clip(own, 1e-5, 1 - 1e-5), rtol=0.02)
    back = from_arrays(to_arrays(evidence), None)
    assert isinstance(back, CanarySignals)
    np.testing.assert_array_equal(back.signals, evidence.signals)


def test_every_tier_ranks_canaries_and_no_split() -> None:
    target = {"url": "http://127.0.0.1:9/v2/models/m/infer"}
    canaries = {"canaries": "c.csv", "key": "k.json", "label": "y"}
    split = {"members": "m.csv", "non_members": "n.csv", "label": "y"}
    for tier in ("quick", "standard", "full"):
        names = [
            [a.name for a in requested_attacks(parse({"spec": 1, "target": target, "data": data, "attacks": tier}))]
            for data in (canaries, split)
        ]
        assert ["exposure" in found for found in names] == [True, False]
