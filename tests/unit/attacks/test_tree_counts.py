"""Counts of released trees: what is known of a tree is found, by hand and against scikit-learn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from auditor.attacks.inversion.tree_boxes import bounded, spans
from auditor.attacks.inversion.tree_counts import TreeCounts
from auditor.attacks.inversion.tree_walk import leaves_of, matrix_of
from auditor.domain.attack import Family
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import Check, Disclosures
from auditor.domain.finding import Severity
from auditor.domain.parameters import Count, Layer, Layers, Trees
from auditor.errors import InvalidInput
from auditor.scoring.assess import Grading, Truth, assess
from auditor.testing import small_world
from auditor.testing.insides import from_fitted, trees_of
from auditor.workflow.evidence_store import from_arrays, to_arrays


def by_hand(counts: list[float], counted: Count = Count.RECORDS, leaf: float = 1.0) -> Trees:
    """x <= 5, then x <= 4.9 on its left: the leaf in the middle lies in (4.9, 5]; another feature y reaches from 0 to 100."""
    nan = np.nan
    value = np.array([[0.5, 0.5], [0.5, 0.5], [0.4, 0.6], [1 - leaf, leaf], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    return Trees(
        starts=np.array([0, 7]),
        feature=np.array([0, 0, -1, -1, 0, -1, -1]),
        threshold=np.array([5.0, 4.9, nan, nan, 100.0, nan, nan]),
        left=np.array([1, 2, -1, -1, 5, -1, -1]),
        right=np.array([4, 3, -1, -1, 6, -1, -1]),
        missing_left=np.zeros(7, dtype=bool),
        categorical=np.zeros(7, dtype=bool),
        value=value,
        count=np.array(counts, dtype=float),
        output_of=np.array([-1]),
        counted=counted,
        closed=True,
        features=("income",),
    )


COUNTS = [100.0, 41.0, 40.0, 1.0, 59.0, 39.0, 20.0]


def found(trees: object, attack: TreeCounts | None = None, seen: tuple[Column, ...] | None = None) -> Disclosures:
    world = small_world()
    made = attack or TreeCounts()
    context = world.context(made, world.leaky(Family.INVERSION), lambda fraction: None)
    return made.run(replace(context, parameters=trees, columns=seen or context.columns))


def check(evidence: Disclosures, name: str) -> Check:
    return next(c for c in evidence.checks if c.name == name)


def test_a_leaf_of_one_record_between_two_close_thresholds() -> None:
    evidence = found(by_hand(COUNTS))
    assert check(evidence, "single-record-leaf").details == {"leaves": 1.0, "trees": 1.0, "counted": "records"}
    boxed = check(evidence, "boxed-value")
    assert boxed.found
    assert boxed.details == {"leaves": 1.0, "values": 1.0, "share_of_records": 0.01}


def test_a_pure_leaf_of_one_record_is_worth_more_than_one_of_nine() -> None:
    assert check(found(by_hand(COUNTS)), "pure-small-leaf").severity is Severity.HIGH
    nine = check(found(by_hand([100, 49, 40, 9, 51, 31, 20])), "pure-small-leaf")
    assert (nine.found, nine.severity, nine.details["leaves"]) == (True, Severity.MODERATE, 1.0)
    assert not check(found(by_hand([100, 50, 40, 10, 50, 30, 20])), "pure-small-leaf").found
    assert not check(found(by_hand([100, 49, 40, 9, 51, 31, 20], leaf=0.9)), "pure-small-leaf").found


def test_a_wide_leaf_of_one_record_gives_no_value_away() -> None:
    """(5, 100] of a range of 95.1 is no narrow box; its single record still has its answer printed."""
    evidence = found(by_hand([100, 60, 40, 20, 40, 1, 39]))
    assert check(evidence, "single-record-leaf").found
    assert not check(evidence, "boxed-value").found
    assert check(found(by_hand(COUNTS), TreeCounts(width=0.001)), "boxed-value").found is False


def test_one_whole_number_in_a_box_is_known_exactly() -> None:
    trees = replace(by_hand(COUNTS), threshold=np.array([5.5, 4.5, np.nan, np.nan, 9.0, np.nan, np.nan]))
    as_number, as_integer = (Column("income", kind) for kind in (ColumnType.NUMBER, ColumnType.INTEGER))
    others = small_world().data.columns
    assert not check(found(trees, seen=(as_number, *others[2:])), "boxed-value").found
    assert check(found(trees, seen=(as_integer, *others[2:])), "boxed-value").found


@pytest.mark.parametrize(
    ("counts", "counted", "outcome"),
    [
        (COUNTS, Count.WEIGHTS, True),
        ([2.5 * c for c in COUNTS[:-1]] + [50.1], Count.WEIGHTS, None),
        ([c / 4 for c in COUNTS], Count.HESSIANS, None),
        ([c + 0.5 for c in COUNTS], Count.HESSIANS, False),
        (COUNTS, Count.HESSIANS, True),
        ([np.nan] * 7, Count.UNKNOWN, False),
    ],
)
def test_what_a_count_is_decides_what_can_be_told(counts: list[float], counted: Count, outcome: bool | None) -> None:
    evidence = found(by_hand(counts, counted))
    assert evidence.checks[0].found is outcome
    if outcome is not True:
        assert not any(c.found for c in evidence.checks[1:])


def test_second_derivatives_bound_the_records_from_below() -> None:
    sentence = found(by_hand([c + 0.5 for c in COUNTS], Count.HESSIANS)).checks[0].sentence
    assert sentence.endswith("at least 6 training records.")  # 1.5 / 0.25
    many = replace(by_hand([c + 0.5 for c in COUNTS], Count.HESSIANS), output_of=np.array([2]))
    assert found(many).checks[0].sentence.endswith("at least 3 training records.")


def test_a_file_without_trees_discloses_nothing_by_counts() -> None:
    evidence = found(Layers((Layer(np.ones((1, 2)), np.zeros(1)),), "identity", "sigmoid"))
    assert [(c.found, c.sentence) for c in evidence.checks] == [
        (False, "The file holds no trees, so no leaf tells of training records.")
    ]


def test_leaves_and_boxes_are_those_of_scikit_learn() -> None:
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(3)
    features = rng.normal(size=(80, 4)).astype(np.float32).astype(np.float64)
    labels = (features[:, 0] + rng.normal(size=80) > 0).astype(int)
    forest = RandomForestClassifier(5, bootstrap=False, random_state=0).fit(features, labels)
    trees = from_fitted([one.tree_ for one in forest.estimators_], tuple("abcd"))
    ours = np.column_stack([leaves_of(trees, features, t) - trees.starts[t] for t in range(5)])
    assert np.array_equal(ours, forest.apply(features))
    everywhere = bounded(trees, np.flatnonzero(trees.is_leaf))
    assert len(everywhere.leaf) > 100
    for leaf, feature, low, high in zip(everywhere.leaf, everywhere.feature, everywhere.low, everywhere.high, strict=True):
        tree = int(np.searchsorted(trees.starts, leaf, side="right")) - 1
        inside = features[leaves_of(trees, features, tree) == leaf, feature]
        assert len(inside) == trees.count[leaf]
        assert ((low < inside) & (inside <= high)).all()
    assert all(span <= np.ptp(features[:, feature]) for feature, span in spans(trees).items())


def test_each_narrow_box_holds_the_member_that_made_it() -> None:
    """Random labels split the members until each is alone: as many of them are boxed as the one tree has such leaves."""
    rng = np.random.default_rng(5)
    people = Records(pd.DataFrame(rng.normal(size=(400, 6)).astype(np.float32), columns=list("abcdef")), rng.integers(0, 8, 400))
    is_member = np.arange(400) < 200
    trees = trees_of(people.take(is_member))
    attack, world = TreeCounts(width=0.05), small_world()
    context = world.context(attack, world.leaky(Family.INVERSION), lambda fraction: None)
    columns = tuple(Column(name, ColumnType.NUMBER) for name in "abcdef")
    evidence = attack.run(replace(context, parameters=trees, columns=columns, candidates=people))
    graded = assess(evidence, Truth(is_member, people.labels, None, None, 8), Grading(25.0))
    shares = {e.name: e for e in graded.estimates}
    assert graded.score == 50.0
    assert shares["boxed_share"].value == check(evidence, "boxed-value").details["leaves"] / 200 > 0.05
    assert shares["boxed_share"].n == shares["boxed_share_non_members"].n == 200


def test_the_boxed_candidates_survive_the_store() -> None:
    evidence = Disclosures((Check("single-record-leaf", True, Severity.HIGH, "One."),), (1, 5))
    assert from_arrays(to_arrays(evidence), None) == evidence
    without = Disclosures(evidence.checks)
    assert from_arrays(to_arrays(without), None) == without


def test_records_reach_the_trees_by_name_or_by_place() -> None:
    frame = pd.DataFrame(
        {"age": [30, 40], "job": pd.Series(["clerk", None], dtype=object), "owner": pd.Series([True, None], dtype=object)}
    )
    columns = tuple(Column(n, t) for n, t in zip(frame, (ColumnType.INTEGER, ColumnType.STRING, ColumnType.BOOLEAN), strict=True))
    trees = trees_of(Records(pd.DataFrame({"a": [0.0, 1.0]}), np.array([0, 1])))
    named = matrix_of(frame, columns, replace(trees, features=("age", "job_clerk", "owner")))
    np.testing.assert_array_equal(named, [[30, 1, 1], [40, 0, np.nan]])
    assert matrix_of(frame, columns, replace(trees, features=("age", "encoded"))) is None
    assert matrix_of(frame, columns, replace(trees, features=())) is None
    np.testing.assert_array_equal(matrix_of(frame[["age"]], columns[:1], replace(trees, features=())), [[30], [40]])


@pytest.mark.parametrize(("name", "value"), [("small", 1), ("small", 2.5), ("small", True), ("width", 0.0), ("width", "narrow")])
def test_parameters_out_of_bounds_are_named(name: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        TreeCounts(**{name: value})  # type: ignore[arg-type]
    assert caught.value.field == f"attacks.tree-counts.{name}"
