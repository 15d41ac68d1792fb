"""The attacks of the literature on targets of which every answer is known."""

import numpy as np
import pandas as pd
import pytest
from inversion_world import ILLNESS, PROFILE, Recorded, World, constant

from auditor.attacks.inversion.cases import NONE, ONE, SEVERAL, cases_of, scores_of
from auditor.attacks.inversion.completed import Answers, Attacked, predicted
from auditor.attacks.inversion.csmia import Csmia
from auditor.attacks.inversion.fredrikson import FredriksonConfidence, FredriksonMap
from auditor.attacks.inversion.likelihood_ratio import LikelihoodRatio
from auditor.attacks.inversion.lomia import Lomia
from auditor.attacks.inversion.marginals import log_confusion, log_marginals, log_training_accuracy
from auditor.attacks.inversion.twin import lookup_answers
from auditor.attacks.inversion.yeom import Yeom
from auditor.domain.attack import Attack, Query, Scope
from auditor.domain.data import Records, Sensitive
from auditor.domain.target import Output
from auditor.errors import InvalidInput
from auditor.scoring.precision import claims, precision_at

ALL: list[Attack] = [
    FredriksonMap(),
    FredriksonConfidence(),
    Yeom(),
    LikelihoodRatio(),
    LikelihoodRatio(prior="none"),
    Csmia(),
    Lomia(),
]
LABELS_ONLY: list[Attack] = [FredriksonMap(), Yeom(), Csmia(), Lomia()]


def hand_made(predicted_classes: list[list[int]], confidence: list[list[float]], labels: list[int]) -> Attacked:
    """Records of an attribute of three values, with what was answered about each of their completions."""
    rows = np.arange(len(labels))
    features = pd.DataFrame({"age": rows, "illness": pd.Series([None] * len(rows), dtype=object)})
    answers = Answers(np.log(confidence), np.array(predicted_classes), np.array(confidence))
    records = Records(features, np.array(labels))
    return Attacked(ILLNESS, records, rows, records, answers)


def rule(value: str) -> Query:
    """A target that answers `ill` if and only if the illness has this value."""

    def query(frame: pd.DataFrame) -> np.ndarray:
        ill = (frame["illness"] == value).to_numpy(dtype=float) * 0.98 + 0.01
        return np.stack([ill, 1 - ill], axis=1)

    return query


def surest(attack: Attack, world: World, query: Query) -> float:
    """How often the surest claims of a value other than the commonest are right, all attacked people together."""
    made = claims(attack.run(world.context(query)).scores, world.values, common=2)
    return float(precision_at(made, 30)[0])


def labels_of(query: Query) -> Query:
    return lambda frame: np.eye(2)[query(frame).argmax(axis=1)]


@pytest.mark.parametrize(
    ("classes", "confidence", "case", "claimed"),
    [
        ([0, 1, 1], [0.6, 0.9, 0.7], ONE, 0),
        ([0, 0, 1], [0.6, 0.8, 0.9], SEVERAL, 1),
        ([0, 0, 0], [0.9, 0.8, 0.7], SEVERAL, 0),
        ([1, 1, 1], [0.9, 0.6, 0.7], NONE, 1),
    ],
)
def test_each_case_claims_what_the_paper_says(classes: list[int], confidence: list[float], case: int, claimed: int) -> None:
    found = cases_of(hand_made([classes], [confidence], [0]), seed=1)
    assert (found.case[0], found.claimed[0]) == (case, claimed)


def test_case_1_is_surer_than_case_2_and_that_than_case_3() -> None:
    attacked = hand_made([[0, 1, 1], [0, 0, 1], [1, 1, 1]], [[0.51, 0.99, 0.99], [0.51, 0.99, 0.6], [0.99, 0.5, 0.99]], [0, 0, 0])
    sureness = cases_of(attacked, seed=1).sureness
    assert 3 >= sureness[0] > 2 >= sureness[1] > 1 >= sureness[2] > 0
    assert sureness == pytest.approx([2.51, 1.48, 0.49], abs=1e-5)


def test_ties_fall_by_chance_and_the_same_way_wherever_the_record_stands() -> None:
    tied = hand_made([[0, 0, 0]] * 300, [[0.7, 0.7, 0.7]] * 300, [0] * 300)
    claimed = cases_of(tied, seed=1).claimed
    assert np.bincount(claimed, minlength=3).min() > 60
    order = np.random.default_rng(0).permutation(300)
    moved = Attacked(ILLNESS, tied.auxiliary, tied.rows, tied.records.take(order), tied.answers)
    assert np.array_equal(cases_of(moved, seed=1).claimed, claimed[order])
    assert not np.array_equal(cases_of(tied, seed=2).claimed, claimed)


def test_a_claim_stands_alone_among_the_scores() -> None:
    assert scores_of(np.array([2, 0]), np.array([2.5, 0.3]), 3).tolist() == [[0, 0, 2.5], [0.3, 0, 0]]


def test_the_class_of_an_answer_is_the_largest_that_was_returned() -> None:
    classes, confidence = predicted(np.array([[0.2, 0.8, 0.0], [np.nan, 0.3, np.nan], [0.5, 0.5, 0.0]]))
    assert classes.tolist() == [1, 1, 0]
    assert confidence.tolist() == [0.8, 0.3, 0.5]


def test_marginals_are_the_shares_of_the_auxiliary_records() -> None:
    records = Records(
        pd.DataFrame({"illness": pd.Series(["gout"] * 3 + ["none"] + ["plague"], dtype=object)}), np.zeros(5, np.intp)
    )
    assert np.exp(log_marginals(records, ILLNESS)) == pytest.approx(np.array([0.5, 3.5, 1.5]) / 5.5)


def test_a_confusion_matrix_is_of_true_labels_given_the_prediction() -> None:
    labels, classes = np.array([0] * 90 + [1] * 10), np.zeros(100, np.intp)
    found = np.exp(log_confusion(labels, classes, 2))
    assert found[0] == pytest.approx([99 / 110, 11 / 110])
    assert found[1] == pytest.approx([0.1, 0.9])  # never predicted: taken at its word, as ten predictions would be
    assert np.exp(log_training_accuracy(labels, classes)) == pytest.approx([1 - 5.25 / 101, 5.25 / 101])


@pytest.mark.parametrize("attack", ALL, ids=repr)
def test_a_target_that_answers_by_the_attribute_gives_it_away(attack: Attack) -> None:
    """Labels follow the rule too, so whoever is `ill` has gout."""
    world = World(candidates=200, auxiliary=200)
    is_gout = np.array([v == "gout" for v in world.data.candidates.features["illness"]])
    world.data.candidates.labels[:] = np.where(is_gout, 0, 1)
    auxiliary = world.data.auxiliary
    auxiliary.labels[:] = np.where(auxiliary.features["illness"] == "gout", 0, 1)
    guesses = attack.run(world.context(rule("gout"))).scores.argmax(axis=1)
    assert (guesses[is_gout] == 1).all()
    assert (guesses[~is_gout] != 1).all()


@pytest.mark.parametrize("attack", ALL, ids=repr)
def test_members_of_a_target_that_remembers_are_guessed_better(attack: Attack) -> None:
    world = World()
    assert surest(attack, world, lookup_answers(world.data)) > 0.5  # .2 or .3 by chance


@pytest.mark.parametrize("attack", LABELS_ONLY, ids=repr)
def test_labels_alone_are_enough(attack: Attack) -> None:
    assert attack.threat_model.is_met_by(Output.LABELS)
    world = World()
    query = labels_of(lookup_answers(world.data))
    assert surest(attack, world, query) > 0.8


def test_labels_alone_leave_case_1_of_csmia() -> None:
    world = World()
    evidence = Csmia().run(world.context(labels_of(lookup_answers(world.data))))
    assert evidence.cases is not None
    first = evidence.cases == ONE
    assert first.sum() > 30
    right = evidence.scores.argmax(axis=1) == world.values
    assert right[first].all()
    assert right[~first].mean() < 0.5


def test_those_who_need_confidences_say_so() -> None:
    for attack in (FredriksonConfidence(), LikelihoodRatio()):
        assert not attack.threat_model.is_met_by(Output.LABELS)
    assert Csmia.threat_model.seen(Output.LABELS) == "labels"
    assert Csmia.threat_model.seen(Output.PROBABILITIES) == "probabilities"


def test_without_case_1_lomia_knows_the_marginals() -> None:
    world = World()
    evidence = Lomia().run(world.context(constant))
    assert evidence.cases is not None
    assert not (evidence.cases == ONE).any()
    assert (evidence.scores == evidence.scores[0]).all()
    assert evidence.scores[0].argmax() == 2  # half of the people have none


def test_lomia_teaches_what_case_1_shows() -> None:
    """The target knows gout from the job; people of whom it tells nothing are guessed like those of whom it does."""
    world = World(candidates=400, illness="function")
    world.data.candidates.labels[:] = np.where(world.values == 1, 0, 1)
    world.data.candidates.labels[:100] = 1  # no value gives these labels with one value alone
    guesses = Lomia().run(world.context(rule("gout"))).scores.argmax(axis=1)
    gout = world.values == 1
    assert (guesses[gout & (np.arange(400) >= 100)] == 1).all()


def test_all_complete_the_same_records() -> None:
    """What one attack asks is what the next one asks, so the second time it is known."""
    asked = []
    for attack in ALL:
        world = World(candidates=120, auxiliary=60)
        query = Recorded(constant)
        attack.run(world.context(query))
        asked.append(pd.concat(query.frames[:3]))
    assert all(frame.equals(asked[0]) for frame in asked)


@pytest.mark.parametrize("attack", ALL, ids=repr)
def test_needs_is_kept_where_queries_are_short(attack: Attack) -> None:
    scope = Scope(PROFILE, 120, 60, 0, 10_000, (ILLNESS,))
    needs = attack.needs(scope)
    for limit in (needs.queries_min, 333, needs.queries_max):
        query = Recorded(constant)
        evidence = attack.run(World(candidates=120, auxiliary=60).context(query, limit=limit))
        assert len(query.asked) <= limit
        assert len(evidence.rows) >= 50


def test_the_errors_of_the_target_are_learned_with_what_is_left() -> None:
    query = Recorded(constant)
    FredriksonMap().run(World(candidates=100).context(query, limit=3 * 100 + 80))
    assert len(query.asked) == 3 * 100 + 80
    assert query.asked.iloc[300:]["illness"].notna().all()


@pytest.mark.parametrize("attack", ALL, ids=repr)
def test_a_value_that_nobody_shows_and_missing_cells_are_no_error(attack: Attack) -> None:
    world = World(candidates=120, auxiliary=60)
    world.data.candidates.features.loc[:5, "illness"] = "plague"
    world.data.candidates.features.loc[6:9, "illness"] = None
    assert np.isfinite(attack.run(world.context(constant)).scores).all()


def test_bad_parameters_are_named() -> None:
    with pytest.raises(InvalidInput, match="whole number") as refusal:
        Csmia(records=10)
    assert refusal.value.field == "attacks.csmia.records"
    with pytest.raises(InvalidInput, match="choose imputer or none") as refusal:
        LikelihoodRatio(prior="uniform")
    assert refusal.value.field == "attacks.likelihood-ratio.prior"


def test_too_many_values_are_refused_before_anything_is_spent() -> None:
    wide = Sensitive("zip", ("zip",), tuple((str(i),) for i in range(21)))
    for attack in ALL:
        with pytest.raises(InvalidInput, match="group it into at most 20"):
            attack.needs(Scope(PROFILE, 100, 100, 0, 100_000, (wide,)))
