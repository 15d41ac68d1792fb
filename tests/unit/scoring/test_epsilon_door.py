"""What grading asks of the package: estimates of an audit, and the answer to a claim."""

import json

import numpy as np
import pytest
from scoring_world import constant, lookup, normal, scores, sides, tail_only

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate
from auditor.errors import AttackFailed
from auditor.scoring import epsilon
from auditor.scoring.grading import Grading

GRADING = Grading(25.0)
DELTA = 1e-5


def by_method(estimates: tuple[Estimate, ...]) -> dict[str, Estimate]:
    return {e.method or "": e for e in estimates}


@pytest.mark.parametrize("pseudo", [0, 4])
def test_a_split_audit_is_read_by_four_methods(pseudo: int) -> None:
    inside = sides(600, 700)
    found = epsilon.empirical(scores(inside, normal(1.0), pseudo), inside, GRADING, DELTA)
    assert [e.name for e in found] == ["empirical_epsilon"] * 4
    assert list(by_method(found)) == ["clopper-pearson", "gaussian-dp", "jeffreys (credible)", "joint-bayesian (credible)"]
    assert all(e.n == 1_300 and e.confidence == 0.95 and e.value == e.low and e.high is None for e in found)
    assert all(0 < (e.value or 0) < (e.ceiling or 0) for e in found)
    assert [e.threshold for e in found] == (["calibrated", None, "calibrated", "calibrated"] if pseudo else [None] * 4)


def test_canaries_are_read_by_two() -> None:
    inside = sides(500, 500)
    found = epsilon.lower_bound(scores(inside, normal(1.0), 4), inside, GRADING, DELTA)
    assert [(e.name, e.method) for e in found] == [
        ("epsilon_lower_bound", "one-run"),
        ("epsilon_lower_bound", "one-run f-dp (gaussian)"),
    ]
    assert 0 < found[0].value < found[1].value < found[1].ceiling


@pytest.mark.parametrize("pseudo", [0, 4])
@pytest.mark.parametrize("door", [epsilon.empirical, epsilon.lower_bound])
def test_a_model_that_remembers_everything_reaches_the_ceiling(door, pseudo: int) -> None:
    inside = sides(500, 500)
    for found in door(scores(inside, lookup, pseudo), inside, GRADING, DELTA):
        assert found.value == pytest.approx(found.ceiling, abs=1e-6)
        assert found.value > 4


@pytest.mark.parametrize("pseudo", [0, 4])
@pytest.mark.parametrize("door", [epsilon.empirical, epsilon.lower_bound])
def test_a_model_that_says_nothing_shows_nothing(door, pseudo: int) -> None:
    inside = sides(500, 500)
    for found in door(scores(inside, constant, pseudo), inside, GRADING, DELTA):
        assert found.value == pytest.approx(0, abs=0.05 if "joint" in (found.method or "") else 0)
        assert found.ceiling > 3


def test_inverted_scores_show_nothing() -> None:
    inside = sides(1_000, 1_000)
    found = by_method(epsilon.empirical(scores(inside, normal(-1.0), 0), inside, GRADING, DELTA))
    assert found["clopper-pearson"].value == found["gaussian-dp"].value == 0


def test_non_members_that_give_themselves_away_count_as_well() -> None:
    """Every member scores the same and a tenth of the non-members lower: nobody is surely in, but some are surely out."""
    inside = sides(1_000, 1_000)
    evidence = MembershipScores(np.where(inside, 1.0, np.random.default_rng(1).random(2_000) > 0.1), *no_pseudo_targets(2_000))
    assert by_method(epsilon.empirical(evidence, inside, GRADING, DELTA))["clopper-pearson"].value > 2.5


def test_few_records_found_almost_surely_are_seen_without_a_threshold_from_pseudo_targets() -> None:
    inside = sides(1_000, 1_000)
    assert by_method(epsilon.empirical(scores(inside, tail_only(0.1), 0), inside, GRADING, DELTA))["clopper-pearson"].value > 1.5


def test_more_attacks_and_looks_lower_what_may_answer_a_claim_and_not_what_is_printed() -> None:
    inside = sides(1_000, 1_000)
    evidence = scores(inside, normal(1.0), 4)
    alone = by_method(epsilon.empirical(evidence, inside, GRADING, DELTA))
    shared = by_method(epsilon.empirical(evidence, inside, Grading(25.0, family_size=6, look_share=1 / 3), DELTA))
    for method in ("gaussian-dp", "clopper-pearson"):
        assert shared[method].value == alone[method].value
        assert shared[method].low_simultaneous < alone[method].low_simultaneous < alone[method].value
    assert shared["joint-bayesian (credible)"].low_simultaneous is None


def test_estimates_are_json_as_they_are() -> None:
    inside = sides(200, 200)
    for found in epsilon.empirical(scores(inside, lookup, 2), inside, GRADING, DELTA):
        assert json.loads(json.dumps(found.as_json(), allow_nan=False))["ceiling"] > 0


def test_delta_0_has_no_gaussian_epsilon_and_says_so() -> None:
    inside = sides(300, 300)
    evidence = scores(inside, normal(1.0), 0)
    for door in (epsilon.empirical, epsilon.lower_bound):
        found = door(evidence, inside, GRADING, 0.0)
        assert found[0].value > 0
        assert found[1].value is None
        assert "delta above 0" in (found[1].reason or "")


def test_too_few_records_give_a_reason() -> None:
    inside = sides(5, 100)
    (found,) = epsilon.empirical(scores(inside, lookup, 0), inside, GRADING, DELTA)
    assert (found.value, found.reason) == (None, "needs at least 10 members and 10 non-members")
    few = sides(3, 4)
    (found,) = epsilon.lower_bound(scores(few, lookup, 0), few, GRADING, DELTA)
    assert (found.value, found.reason) == (None, "needs at least 10 canaries; 7 are left")


@pytest.mark.parametrize("door", [epsilon.empirical, epsilon.lower_bound])
def test_scores_that_cannot_be_graded_are_refused(door) -> None:
    inside = sides(50, 50)
    broken = MembershipScores(np.full(100, np.nan), *no_pseudo_targets(100))
    with pytest.raises(AttackFailed, match="NaN"):
        door(broken, inside, GRADING, DELTA)
    with pytest.raises(AttackFailed, match="both members and non-members"):
        door(scores(inside, lookup, 0), np.ones(100, bool), GRADING, DELTA)


def no_pseudo_targets(n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((0, n)), np.zeros((0, n), dtype=bool)


def any_scores(kind: int, inside: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Signals and their degenerate forms: ties, infinities, inversions, a few records far above the rest."""
    noise = rng.standard_normal(len(inside))
    few = inside & (rng.random(len(inside)) < 0.3)
    forms = (noise + inside, inside + 0.0, 0 * noise, np.round(noise + 3 * inside), ~inside + 0.0, np.where(few, 1e300, 0.0))
    return (*forms, np.where(inside, np.inf, -np.inf))[kind]


@pytest.mark.parametrize("kind", range(7))
@pytest.mark.parametrize("sides_of_it", [(10, 10), (10, 900), (900, 11), (300, 300)])
def test_whatever_the_scores_a_bound_is_finite_and_below_its_ceiling(kind: int, sides_of_it: tuple[int, int]) -> None:
    rng, inside = np.random.default_rng(kind), sides(*sides_of_it)
    for pseudo, delta in ((0, 0.0), (0, 1e-5), (2, 1e-2), (2, 0.9)):
        halves = rng.random((pseudo, len(inside))) < 0.5
        own = np.array([any_scores(kind, half, rng) for half in halves]).reshape(halves.shape)
        evidence = MembershipScores(any_scores(kind, inside, rng), own, halves)
        for door in (epsilon.empirical, epsilon.lower_bound):
            for found in door(evidence, inside, Grading(25.0, family_size=3), delta):
                assert found.reason or 0 <= found.value <= found.ceiling + 1e-6 < 100
                assert found.low_simultaneous is None or found.low_simultaneous <= found.value


def test_few_members_among_many_are_seen_whole() -> None:
    """As many records as there are members is one of the ranks, so an attack that is never wrong reaches the ceiling."""
    inside = sides(40, 3_000)
    found = by_method(epsilon.empirical(scores(inside, lookup, 0), inside, GRADING, DELTA))["clopper-pearson"]
    assert found.value == pytest.approx(found.ceiling, abs=1e-6)
    assert found.value > 6


def test_pseudo_targets_that_were_trained_on_everybody_set_no_threshold() -> None:
    inside = sides(300, 300)
    evidence = scores(inside, normal(1.0), 2)
    useless = MembershipScores(evidence.target, evidence.pseudo_targets, np.ones_like(evidence.membership))
    found = epsilon.empirical(useless, inside, GRADING, DELTA)
    assert [e.threshold for e in found] == [None] * 4
    assert found[0].value > 0
