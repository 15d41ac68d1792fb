"""Property inference: worlds that differ in nothing else, votes that tell them apart, and what the figures are worth."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from auditor.attacks import registry
from auditor.attacks.inversion.property_inference import PropertyInference
from auditor.attacks.inversion.property_votes import clipped, divergence, judged, telling, threshold
from auditor.attacks.inversion.property_worlds import Pool, has_value, pool_of, shares, sizes
from auditor.domain.data import Records
from auditor.domain.evidence import PropertyGuess
from auditor.domain.learner import Learner
from auditor.domain.spec import parse
from auditor.errors import AttackFailed, InvalidInput
from auditor.scoring import score
from auditor.scoring.assess import Assessment, Grading, Truth, assess
from auditor.scoring.property import n_leaked
from auditor.testing import small_world
from auditor.testing.properties import following, trained_at
from auditor.testing.world import draw
from auditor.workflow.evidence_store import from_arrays, to_arrays
from auditor.workflow.offer import requested_attacks

CLERK = ("job", "clerk")
FEW = PropertyInference(models=6, ratios=(0.3, 0.5))
SPEC = {
    "spec": 1,
    "target": {"url": "http://127.0.0.1:9/v2/models/m/infer"},
    "data": {"members": "m.csv", "non_members": "n.csv", "label": "y"},
}


def ran(attack: PropertyInference, target_ratio: float = 0.5) -> PropertyGuess:
    world = small_world()
    people = following(draw(1_500, 77), CLERK)
    target = trained_at(target_ratio, people, CLERK, world.data.columns, Learner("logistic-regression"))
    return attack.run(world.context(attack, target, lambda fraction: None))


def graded(evidence: PropertyGuess, share: float = 0.5, level: float = 25.0) -> Assessment:
    attribute = (np.arange(100) < 100 * share).astype(np.intp)
    truth = Truth(np.ones(100, dtype=bool), np.zeros(100, np.intp), attribute, None, 2)
    return assess(evidence, truth, Grading(level))


def guess(right: int, of: int = 32, target: tuple[float, float] = (0.9, 1.0)) -> PropertyGuess:
    """`right` of the victims on their side of one half."""
    votes = np.where(np.arange(of) < right, 0.1, 0.9).reshape(2, -1)
    votes[1] = 1 - votes[1]
    return PropertyGuess("job", "clerk", (0.3, 0.5), votes, np.ones(votes.shape), np.array(target), 100)


def test_worlds_differ_in_the_property_alone() -> None:
    natural = np.array([300.0, 100.0, 100.0, 200.0])  # class and property go together: odds ratio 6
    for ratio in (0.2, 0.6):
        table = shares(natural, ratio, hold_labels=True).reshape(2, 2)
        assert table[:, 1].sum() == pytest.approx(ratio, abs=1e-9)
        assert table.sum(axis=1) == pytest.approx([4 / 7, 3 / 7], abs=1e-9)
        assert table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0]) == pytest.approx(6.0, rel=1e-6)


def test_without_held_labels_each_class_follows_the_property() -> None:
    table = shares(np.array([300.0, 100.0, 100.0, 200.0]), 0.6, hold_labels=False).reshape(2, 2)
    assert table[1, 1] / table[:, 1].sum() == pytest.approx(2 / 3)
    assert table[1, 0] / table[:, 0].sum() == pytest.approx(1 / 4)


def test_both_worlds_have_the_same_number_of_records_and_pools_can_give_them() -> None:
    rng = np.random.default_rng(0)
    kinds = [rng.choice(4, 600, p=[0.4, 0.2, 0.1, 0.3]) for _ in range(2)]
    pools = tuple(Pool(Records(pd.DataFrame({"x": np.arange(600.0)}), kind // 2), kind) for kind in kinds)
    natural = pools[0].available(2) + pools[1].available(2)
    worlds = tuple(shares(natural, ratio, hold_labels=True) for ratio in (0.3, 0.6))
    first, second = sizes((worlds[0], worlds[1]), (pools[0], pools[1]), 5_000)
    assert first.sum() == pytest.approx(second.sum(), abs=1) and first.sum() > 100  # noqa: PT018 - one fact
    assert first[[1, 3]].sum() / first.sum() == pytest.approx(0.3, abs=0.01)
    drawn = pools[0].draw(second, np.random.default_rng(1))
    assert len(drawn) == second.sum() == len(np.unique(drawn.features["x"]))


@pytest.mark.parametrize(
    ("cells", "value", "expected"),
    [
        (["clerk", None, "nurse"], "clerk", [True, False, False]),
        ([True, False, None], "true", [True, False, False]),
        ([1.0, np.nan, 2.0], "1", [True, False, False]),
        ([1.0, np.nan, 2.0], "clerk", [False, False, False]),
    ],
)
def test_who_has_the_property(cells: list[object], value: str, expected: list[bool]) -> None:
    column = pd.Series(cells, dtype=float if isinstance(cells[0], float) else object)
    assert has_value(pd.DataFrame({"c": column}), "c", value).tolist() == expected


def test_divergence_is_that_of_the_textbook() -> None:
    first, second = np.array([[[0.5, 0.5]]]), np.array([[[0.9, 0.1]]])
    assert divergence(first, second)[0, 0] == pytest.approx(0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1))
    assert divergence(second, second)[0, 0] == pytest.approx(0.0)
    assert clipped(np.array([1.0, 0.0, np.nan])).min() == pytest.approx(1e-4, rel=1e-3)


def test_pairs_vote_for_the_nearer_world_and_telling_probes_are_kept() -> None:
    low, high = np.tile([[0.2, 0.8], [0.5, 0.5]], (3, 1, 1)), np.tile([[0.6, 0.4], [0.5, 0.5]], (3, 1, 1))
    assert telling((low, high)).tolist() == [0]
    found = judged((low, high), np.stack([low[0], high[0], (low[0] + high[0]) / 2]))
    assert found.votes[:2].tolist() == [0.0, 1.0]
    assert found.distances[:2] == pytest.approx([0.0, 0.0])
    assert threshold((low, high)) == 0.5


def test_identical_worlds_cannot_be_told_apart() -> None:
    """Sixty victims, placed by chance: between 19 and 41 in 99.7 % of draws."""
    evidence = ran(PropertyInference(models=30, ratios=(0.4, 0.4)))
    right = (evidence.votes[0] < evidence.threshold).sum() + (evidence.votes[1] > evidence.threshold).sum()
    assert 19 <= right <= 41
    assessed = graded(evidence, 0.4)
    assert {e.name: e.value for e in assessed.estimates}["n_leaked"] == 0.0


@pytest.mark.parametrize("ratio", [0.3, 0.5])
def test_a_model_that_follows_the_property_gives_it_away(ratio: float) -> None:
    evidence = ran(FEW, ratio)
    assert (evidence.votes[0] < 0.5).all()
    assert (evidence.votes[1] > 0.5).all()
    assert (evidence.target[0] > evidence.threshold) == (ratio == 0.5)
    assessed = graded(evidence, ratio)
    assert assessed.score == 100.0
    assert "which is right" in assessed.caveats[0]
    assert "which is wrong" in graded(evidence, 0.8 - ratio).caveats[0]


def test_figures_of_known_counts() -> None:
    assessed = graded(guess(24))
    found = {e.name: e for e in assessed.estimates}
    assert found["property_accuracy"].value == 0.75
    assert found["property_accuracy"].low == pytest.approx(0.5660, abs=1e-4)  # Clopper-Pearson of 24 in 32
    assert assessed.score == pytest.approx(50.0)
    assert assessed.score_low == pytest.approx(13.2, abs=0.01)
    assert found["property_share"].value == 0.5
    assert score.judge(graded(guess(32)), {}, 25.0)[0] == "breach"
    assert score.judge(graded(guess(16)), {}, 25.0)[0] == "inconclusive"


@pytest.mark.parametrize(
    ("accuracy", "ratios", "records"),
    [
        (0.5, (0.3, 0.5), 0.0),
        (0.75, (0.3, 0.5), math.log(0.75) / math.log(0.5 / 0.7)),
        (0.75, (0.5, 0.3), math.log(0.75) / math.log(0.5 / 0.7)),
        (0.9, (0.4, 0.4), 0.0),
        (1.0, (0.3, 0.5), math.inf),
    ],
)
def test_how_many_records_would_tell_as_much(accuracy: float, ratios: tuple[float, float], records: float) -> None:
    assert n_leaked(accuracy, ratios) == pytest.approx(records)
    if 0.5 < accuracy < 1 and ratios[0] != ratios[1]:  # the bound it comes from
        rho = 0.5 / 0.7
        assert (1 + math.sqrt(1 - rho**records)) / 2 == pytest.approx(accuracy)


def test_without_an_error_the_number_of_records_has_no_upper_end() -> None:
    leaked = next(e for e in graded(guess(32)).estimates if e.name == "n_leaked")
    assert leaked.value is None
    assert leaked.reason is not None
    assert leaked.reason.startswith("Every victim was placed right")


def test_a_target_unlike_both_worlds_has_no_score() -> None:
    assessed = graded(guess(32, target=(1.0, 1.6)))
    assert (assessed.score, assessed.resolved) == (None, False)
    assert "1.6 times as far" in assessed.caveats[0]
    assert graded(guess(32, target=(1.0, 1.4))).score == 100.0


def test_a_split_vote_says_nothing_and_an_unknown_share_cannot_be_graded() -> None:
    assert "says nothing" in graded(guess(32, target=(0.5, 1.0))).caveats[0]
    truth = Truth(np.ones(4, dtype=bool), np.zeros(4, np.intp), None, None, 2)
    with pytest.raises(AttackFailed, match="which members have the property"):
        assess(guess(32), truth, Grading(25.0))


def test_the_guess_survives_the_store() -> None:
    evidence = guess(20)
    back = from_arrays(to_arrays(evidence), None)
    assert isinstance(back, PropertyGuess)
    assert (back.column, back.value, back.ratios, back.records, back.threshold) == ("job", "clerk", (0.3, 0.5), 100, 0.5)
    for part in ("votes", "distances", "target"):
        np.testing.assert_array_equal(getattr(back, part), getattr(evidence, part))


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("shoe size", "44", "not among the features"),
        ("job", "pilot", "All auxiliary records or none"),
        ("age", "40", "and 50 are needed"),
    ],
)
def test_properties_that_cannot_be_asked_about(column: str, value: str, sentence: str) -> None:
    with pytest.raises(AttackFailed, match=sentence):
        ran(replace(FEW, column=column, value=value))


def test_too_few_auxiliary_records_are_named_before_anything_is_trained() -> None:
    scope = replace(small_world().scope, auxiliary=299)
    assert registry.unmet(FEW, scope.profile, scope) == ["300 auxiliary records are needed to train models of both worlds."]


@pytest.mark.parametrize(
    ("field", "value"),
    [("ratios", (0.3,)), ("ratios", (0.0, 0.5)), ("ratios", "half"), ("models", 3), ("models", True), ("probes", 1e3)],
)
def test_parameters_out_of_bounds_are_named(field: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        registry.make("property", {field: value})
    assert caught.value.field == f"attacks.property.{field}"


def test_a_declared_property_is_asked_about_by_every_tier_and_list() -> None:
    declared = {"column": "sex", "value": "female", "ratios": [0.2, 0.6]}
    for attacks in ("quick", ["gap"], [{"name": "property", "params": {"models": 8}}]):
        spec = parse(SPEC | {"attacks": attacks, "property": declared})
        (asked,) = [a for a in requested_attacks(spec) if a.name == "property"]
        assert dict(asked.params) == declared | ({"models": 8} if isinstance(attacks[0], dict) else {})
        assert "property" not in [a.name for a in requested_attacks(parse(SPEC | {"attacks": "full"}))]


@pytest.mark.parametrize(
    ("declared", "field"),
    [
        ({"column": "y", "value": "1"}, "property.column"),
        ({"column": "sex", "value": "f", "ratios": [0.5, 0.5]}, "property.ratios"),
        ({"column": "sex", "value": "f", "ratios": [0, 0.5]}, "property.ratios"),
        ({"column": "sex"}, "property.value"),
        ({"column": "sex", "value": "f", "ratio": [0.1, 0.5]}, "property.ratio"),
    ],
)
def test_declarations_that_make_no_sense_are_named(declared: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(SPEC | {"property": declared})
    assert caught.value.field == field


def test_a_number_or_a_truth_value_may_be_declared() -> None:
    spec = parse(SPEC | {"property": {"column": "owner", "value": True}})
    assert spec.property is not None
    assert spec.property.value == "True"
    assert pool_of(draw(50, 1), np.ones(50, dtype=bool)).available(2)[[0, 2]].sum() == 0
