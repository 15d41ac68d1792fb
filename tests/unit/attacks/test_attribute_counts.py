"""Values of an attribute from the counts of released trees, by hand and on trees that were fitted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from inversion_world import ILLNESS, World, constant

from auditor.attacks.inversion.fredrikson_counts import FredriksonCounts, shares_of
from auditor.attacks.inversion.marginals import log_marginals
from auditor.attacks.inversion.tree_walk import reached
from auditor.domain.attack import Context
from auditor.domain.data import Records
from auditor.domain.parameters import Count, Layers, ModelParameters, Trees
from auditor.errors import AttackFailed, InvalidInput
from auditor.testing.insides import from_fitted

CODES = ("illness_asthma", "illness_gout", "illness_none")


def tree(value: list[list[float]], count: list[float], **other: object) -> Trees:
    """Root: gout or not; those with gout at 4 and those without at 1, who part at the age of 50 into 2 and 3."""
    found = Trees(
        starts=np.array([0, 5]),
        feature=np.array([2, 0, -1, -1, -1]),
        threshold=np.array([0.5, 50.0, np.nan, np.nan, np.nan]),
        left=np.array([1, 2, -1, -1, -1]),
        right=np.array([4, 3, -1, -1, -1]),
        missing_left=np.zeros(5, dtype=bool),
        categorical=np.zeros(5, dtype=bool),
        value=np.array(value),
        count=np.array(count),
        output_of=np.array([-1]),
        counted=Count.RECORDS,
        closed=True,
        features=("age", "illness_asthma", "illness_gout"),
    )
    return replace(found, **other)  # type: ignore[arg-type]


BY_HAND = tree([[0.5, 0.5], [0.6, 0.4], [0.25, 0.75], [1.0, 0.0], [0.3, 0.7]], [100.0, 60.0, 40.0, 20.0, 40.0])


def context(world: World, parameters: ModelParameters | None) -> Context:
    return replace(world.context(constant), parameters=parameters)


def test_the_scores_are_the_formula_worked_out_by_hand() -> None:
    """Open to gout is its leaf alone, 40 of 100; to any other illness the two leaves of 40 and 20."""
    world = World(candidates=60)
    people = world.data.candidates
    evidence = FredriksonCounts().run(context(world, BY_HAND))
    young, ill = people.features["age"].to_numpy() <= 50, people.labels == 0
    gout = np.where(ill, 0.3, 0.7)  # 12, or 28, of 40
    other = np.where(young, np.where(ill, 10, 30), np.where(ill, 20, 1e-12)) / 60
    expected = np.log(np.stack([other, gout, other], axis=1)) + log_marginals(world.data.auxiliary, ILLNESS)
    impossible = (~young & ~ill)[:, None] & np.array([True, False, True])
    assert evidence.scores[~impossible] == pytest.approx(expected[~impossible])
    assert impossible.any() and (evidence.scores[impossible] < -25).all()  # noqa: PT018


def test_of_two_trees_the_ratio_is_averaged() -> None:
    world = World(candidates=60)
    others = tree([[0.5, 0.5]] * 4 + [[1.0, 0.0]], [100.0, 50.0, 25.0, 25.0, 50.0])
    parts = (BY_HAND, others)
    joined = {
        name: np.concatenate([getattr(one, name) for one in parts])
        for name in ("feature", "threshold", "missing_left", "categorical", "value", "count", "output_of")
    }
    moved = {name: np.where(others.is_leaf, -1, getattr(others, name) + 5) for name in ("left", "right")}
    sides = {name: np.concatenate([getattr(BY_HAND, name), moved[name]]) for name in moved}
    both = replace(BY_HAND, starts=np.array([0, 5, 10]), **joined, **sides)
    marginals = log_marginals(world.data.auxiliary, ILLNESS)
    one, two, mean = (np.exp(FredriksonCounts().run(context(world, t)).scores - marginals) for t in (*parts, both))
    assert mean == pytest.approx((one + two) / 2, abs=1e-9)


def test_the_paths_that_are_open_to_a_value() -> None:
    cells, known = np.array([70.0, 0.0, 1.0]), np.array([False, True, True])
    assert reached(BY_HAND, cells, known).tolist() == [True, False, False, False, True]
    assert reached(BY_HAND, np.zeros(3), known).tolist() == [True, True, True, True, False]
    assert reached(BY_HAND, cells, np.zeros(3, dtype=bool)).all()


def test_shares_are_of_the_records_of_the_tree() -> None:
    shares = shares_of(context(World(candidates=60), BY_HAND))
    assert shares[2].tolist() == pytest.approx([0.1, 0.3])
    assert shares.sum() == pytest.approx(1.0)
    assert (shares[:2] == 0).all()


def fitted(world: World, rows: np.ndarray, **settings: object) -> Trees:
    """A decision tree on age, and on the codes of the illness, of these candidates."""
    from sklearn.tree import DecisionTreeClassifier

    people = world.data.candidates.take(rows)
    coded = [people.features["illness"] == value for (value,) in ILLNESS.values]
    matrix = np.column_stack([people.features["age"], people.features["height"], *coded]).astype(float)
    model = DecisionTreeClassifier(random_state=0, **settings).fit(matrix, people.labels)
    return from_fitted([model.tree_], ("age", "height", *CODES))


def test_a_full_tree_tells_of_its_members_and_of_nobody_else() -> None:
    world = World(candidates=600)
    inside = world.data.is_member
    guesses = FredriksonCounts().run(context(world, _lookup(world.data.candidates.take(inside))))
    right = guesses.scores.argmax(axis=1) == world.values
    assert right[inside].mean() == 1.0
    assert right[~inside].mean() < 0.6


def _lookup(members: Records) -> Trees:
    from sklearn.tree import DecisionTreeClassifier

    frames, labels = [], []
    for (value,) in ILLNESS.values:
        codes = {f"illness_{v}": float(v == value) for (v,) in ILLNESS.values}
        frames.append(members.features[["age", "height"]].assign(**codes))
        labels.append(np.where(members.features["illness"] == value, members.labels, 1 - members.labels))
    table = pd.concat(frames)
    model = DecisionTreeClassifier(random_state=0).fit(table.to_numpy(), np.concatenate(labels))
    return from_fitted([model.tree_], tuple(table.columns))


def test_a_tree_of_other_people_guesses_members_as_well_as_anybody() -> None:
    world = World(candidates=600)
    scores = FredriksonCounts().run(context(world, fitted(World(candidates=300, seed=77), np.arange(300)))).scores
    right = scores.argmax(axis=1) == world.values
    inside = world.data.is_member
    assert abs(right[inside].mean() - right[~inside].mean()) < 0.12


def test_classes_are_matched_by_name() -> None:
    world = World(candidates=60)
    turned = replace(BY_HAND, classes=("well", "ill"), value=BY_HAND.value[:, ::-1])
    straight = FredriksonCounts().run(context(world, replace(BY_HAND, classes=("ill", "well"))))
    assert FredriksonCounts().run(context(world, turned)).scores == pytest.approx(straight.scores)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (None, "hold the classes of training records"),
        (Layers((), "identity", "softmax"), "hold the classes of training records"),
        (replace(BY_HAND, value=BY_HAND.value[:, :1]), "hold the classes of training records"),
        (replace(BY_HAND, value=BY_HAND.value - 0.5), "hold the classes of training records"),
        (replace(BY_HAND, count=np.full(5, np.nan), counted=Count.UNKNOWN), "does not say how many training records"),
        (replace(BY_HAND, features=("f0", "f1", "f2")), "features of the trees are no columns"),
    ],
    ids=["nothing", "layers", "one output", "corrections", "no counts", "encoder"],
)
def test_what_cannot_be_counted_is_one_sentence(parameters: ModelParameters | None, sentence: str) -> None:
    with pytest.raises(AttackFailed, match=sentence):
        FredriksonCounts().run(context(World(candidates=60), parameters))


def test_too_few_records_are_refused() -> None:
    with pytest.raises(InvalidInput, match="whole number from 50"):
        FredriksonCounts(records=10)
