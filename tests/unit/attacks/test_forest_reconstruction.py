"""Forests fitted without bagging are traced back to their training records; whatever cannot be is refused with a sentence."""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.attacks import registry
from auditor.attacks.inversion.forest_columns import features_of, table
from auditor.attacks.inversion.forest_reconstruction import ForestReconstruction, problem_of
from auditor.domain.attack import Context, Scope
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import Reconstructions
from auditor.domain.parameters import Count, Layer, Layers, ModelParameters, Trees
from auditor.domain.target import Output, Profile
from auditor.errors import AttackFailed, Cancelled, InvalidInput
from auditor.scoring.assess import Grading, Originals, Truth, assess
from auditor.testing.insides import from_fitted
from auditor.workflow.evidence_store import from_arrays, to_arrays

HAS_ORTOOLS = find_spec("ortools") is not None
needs_ortools = pytest.mark.skipif(
    not HAS_ORTOOLS, reason="OR-Tools is optional: pip install 'privacy-attack-auditor[reconstruction]'"
)
PROFILE = Profile(Output.PROBABILITIES, ("no", "yes"))
BITS = tuple(Column(f"b{i}", ColumnType.INTEGER) for i in range(6))


def bits(n: int, seed: int) -> Records:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.integers(0, 2, (n, len(BITS))), columns=[c.name for c in BITS])
    return Records(frame, rng.integers(0, 2, n).astype(np.intp))


def forest(records: Records, trees: int = 10, **settings: Any) -> Trees:
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(trees, random_state=0, **{"bootstrap": False, **settings})
    fitted = model.fit(records.features.to_numpy(dtype=float), records.labels)
    return from_fitted([tree.tree_ for tree in fitted.estimators_], tuple(map(str, records.features.columns)))


def context(parameters: ModelParameters | None, auxiliary: Records | None = None, columns: tuple[Column, ...] = BITS) -> Context:
    return Context(
        seed=3,
        profile=PROFILE,
        columns=columns,
        query=lambda frame: pytest.fail("it asks nothing"),
        checkpoint=lambda fraction: None,
        auxiliary=bits(200, 1) if auxiliary is None else auxiliary,
        parameters=parameters,
    )


def truth_of(members: Records, others: Records, columns: tuple[Column, ...] = BITS, auxiliary: Records | None = None) -> Truth:
    frame = pd.concat([members.features, others.features], ignore_index=True)
    both = Records(frame, np.concatenate([members.labels, others.labels]))
    inside = np.arange(len(both)) < len(members)
    originals = Originals(both, columns, bits(200, 1) if auxiliary is None else auxiliary)
    return Truth(inside, both.labels, None, None, 2, originals=originals)


@needs_ortools
def test_twenty_five_records_of_ten_full_trees_are_rebuilt_without_an_error() -> None:
    members = bits(25, 0)
    found = ForestReconstruction().run(context(forest(members)))
    assert found.is_each
    rebuilt, real = (sorted(map(tuple, np.column_stack([f, c]))) for f, c in zip(*parts(found, members), strict=True))
    assert rebuilt == real
    assessed = assess(found, truth_of(members, bits(25, 2)), Grading(25.0))
    assert assessed.score == pytest.approx(100.0)
    figures = {e.name: e for e in assessed.estimates}
    assert figures["reconstruction_error"].value == 0.0
    assert figures["rebuilt_exactly"].value == 1.0
    assert (figures["reconstruction_error_random"].value or 0) > 0.1
    assert (figures["reconstruction_error_non_members"].value or 0) > 0.05


def parts(found: Reconstructions, members: Records) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    return (found.records.to_numpy(), members.features.to_numpy()), (found.labels, members.labels)


@needs_ortools
def test_stumps_give_little_away() -> None:
    members = bits(25, 0)
    stumps = ForestReconstruction().run(context(forest(members, 1, max_depth=1)))
    full = ForestReconstruction().run(context(forest(members)))
    truth = truth_of(members, bits(25, 2))
    scores = [assess(found, truth, Grading(25.0)).score or 0.0 for found in (stumps, full)]
    assert scores[0] < 50.0 < scores[1]


@needs_ortools
def test_numbers_and_categories_come_back_within_the_intervals_that_were_split() -> None:
    columns = (Column("age", ColumnType.INTEGER), Column("job", ColumnType.CATEGORY), Column("owner", ColumnType.BOOLEAN))
    members, auxiliary = people(20, 0), people(300, 1)
    coded = Records(encoded(members.features), members.labels)
    trees = forest(coded, 5)
    found = ForestReconstruction().run(context(trees, auxiliary, columns))
    assert list(found.records.columns) == ["age", "job", "owner"]
    assert set(found.records["job"]) <= {"clerk", "nurse", "farmer"}
    assert set(found.records["owner"]) <= {True, False}
    again = problem_of(context(trees, auxiliary, columns), Records(found.records, found.labels))
    assert leaf_counts(trees, again.features.known, found.labels) == leaf_counts(
        trees, coded.features.to_numpy(float), coded.labels
    )
    score = assess(found, truth_of(members, people(20, 2), columns, auxiliary), Grading(25.0)).score
    assert (score or 0.0) > 50.0


def people(n: int, seed: int) -> Records:
    rng = np.random.default_rng(seed)
    job, owner = rng.choice(["clerk", "nurse", "farmer"], n), rng.random(n) < 0.5
    frame = {"age": rng.integers(18, 90, n), "job": pd.Series(job, dtype=object), "owner": pd.Series(owner.astype(object))}
    return Records(pd.DataFrame(frame), rng.integers(0, 2, n).astype(np.intp))


def encoded(frame: pd.DataFrame) -> pd.DataFrame:
    jobs = {f"job_{job}": (frame["job"] == job).astype(float) for job in ("clerk", "nurse", "farmer")}
    return pd.DataFrame({"age": frame["age"].astype(float), **jobs, "owner": frame["owner"].astype(float)})


def leaf_counts(trees: Trees, matrix: Any, labels: Any) -> list[dict[tuple[int, int], int]]:
    from auditor.attacks.inversion.tree_walk import leaves_of

    pairs = [list(zip(leaves_of(trees, matrix, t), labels, strict=True)) for t in range(len(trees.starts) - 1)]
    return [{(int(a), int(b)): rows.count((a, b)) for a, b in rows} for rows in pairs]


@needs_ortools
def test_the_same_seed_gives_the_same_records_and_they_survive_storage() -> None:
    trees = forest(bits(12, 5), 4)
    first, second = (ForestReconstruction().run(context(trees)) for _ in range(2))
    pd.testing.assert_frame_equal(first.records, second.records)
    back = from_arrays(to_arrays(first), None)
    assert isinstance(back, Reconstructions)
    assert back.is_each
    pd.testing.assert_frame_equal(back.records, first.records)


@needs_ortools
def test_a_cancelled_audit_stops_the_search() -> None:
    def cancelled(fraction: float) -> None:
        if fraction > 0.2:
            raise Cancelled("The audit was cancelled.")

    with pytest.raises(Cancelled):
        ForestReconstruction().run(replace(context(forest(bits(40, 0), 10)), checkpoint=cancelled))


@needs_ortools
def test_too_little_time_is_said() -> None:
    with pytest.raises(AttackFailed, match="within 1 seconds; raise"):
        ForestReconstruction(seconds=1).run(context(forest(wide(80), 12), wide(80), WIDE))


WIDE = tuple(Column(f"n{i}", ColumnType.NUMBER) for i in range(8))


def wide(n: int) -> Records:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n, len(WIDE))), columns=[c.name for c in WIDE])
    return Records(frame, rng.integers(0, 2, n).astype(np.intp))


@pytest.mark.skipif(HAS_ORTOOLS, reason="OR-Tools is installed here")
def test_without_the_package_it_does_not_run_and_says_what_to_install() -> None:
    scope = Scope(PROFILE, 100, 500, 0, 1_000, has_parameters=True)
    assert any("pip install" in sentence for sentence in registry.unmet(ForestReconstruction(), PROFILE, scope))
    with pytest.raises(InvalidInput, match="OR-Tools is not installed; install it with: pip install"):
        ForestReconstruction().run(context(None))


def unequal(trees: Trees) -> Trees:
    """The second tree counts every record twice."""
    return replace(trees, count=trees.count * np.where(np.arange(len(trees.count)) < trees.starts[1], 1.0, 2.0))


def unlike(trees: Trees, leaf_share: float) -> Trees:
    return replace(trees, value=trees.value * [leaf_share, 1.0])


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (lambda: Layers((Layer(np.zeros((2, 6)), np.zeros(2)),), "identity", "softmax"), "this model is none"),
        (lambda: unequal(forest(bits(25, 0), 2)), "no single forest"),
        (lambda: forest(bits(301, 0), 1), "up to 300 are rebuilt"),
        (lambda: replace(forest(bits(25, 0)), counted=Count.UNKNOWN), "does not say how many"),
        (lambda: unlike(forest(bits(25, 0)), 0.7), "no whole numbers"),
        (lambda: replace(forest(bits(25, 0)), features=tuple("uvwxyz")), "no columns of the records"),
        (lambda: replace(forest(bits(25, 0)), value=-forest(bits(25, 0)).value), "this model is none"),
    ],
)
def test_what_cannot_be_traced_back_is_refused(parameters: Callable[[], ModelParameters], sentence: str) -> None:
    made = context(parameters())
    with pytest.raises(AttackFailed, match=sentence):
        problem_of(made, made.auxiliary or bits(1, 0))


@needs_ortools
def test_counts_that_contradict_each_other_are_impossible() -> None:
    """The second tree's leaves of the first split, the other way round."""
    trees = forest(bits(40, 0), 1, max_depth=1)
    turned = replace(trees, left=trees.right, right=trees.left)
    sides = (trees.left, turned.left), (trees.right, turned.right)
    names = ("feature", "threshold", "missing_left", "categorical", "value", "count")
    joined: dict[str, Any] = {name: np.concatenate([getattr(trees, name)] * 2) for name in names}
    left, right = (np.concatenate([ours, np.where(theirs < 0, -1, theirs + 3)]) for ours, theirs in sides)
    starts, outputs = np.array([0, 3, 6]), np.full(2, -1)
    both = replace(trees, starts=starts, left=left, right=right, output_of=outputs, **joined)
    with pytest.raises(AttackFailed, match="No records fit all trees"):
        ForestReconstruction().run(context(both))


@needs_ortools
def test_too_few_auxiliary_records() -> None:
    with pytest.raises(AttackFailed, match="20 complete auxiliary records or more; there are 19"):
        ForestReconstruction().run(context(forest(bits(25, 0)), bits(19, 1)))


@pytest.mark.parametrize("value", [0, 86_401, 1.5, True, "60"])
def test_seconds_is_a_whole_number(value: object) -> None:
    with pytest.raises(InvalidInput, match=r"attacks\.forest-reconstruction\.seconds"):
        ForestReconstruction(seconds=value)  # type: ignore[arg-type]


def test_an_interval_without_auxiliary_values_gives_its_middle() -> None:
    """Thresholds at 10 and 20, auxiliary values at 0 and 30 alone."""
    columns = (Column("x", ColumnType.NUMBER),)
    nan = np.nan
    trees = Trees(
        np.array([0, 5]),
        np.array([0, -1, 0, -1, -1]),
        np.array([10.0, nan, 20.0, nan, nan]),
        np.array([1, -1, 3, -1, -1]),
        np.array([2, -1, 4, -1, -1]),
        np.zeros(5, dtype=bool),
        np.zeros(5, dtype=bool),
        np.full((5, 2), 0.5),
        np.full(5, 2.0),
        np.array([-1]),
        Count.RECORDS,
        True,
        ("x",),
    )
    auxiliary = pd.DataFrame({"x": [0.0, 0.0, 30.0]})
    features = features_of(trees, auxiliary, columns)
    assert features is not None
    assert table(features, np.array([[0], [1], [2]]), auxiliary, columns)["x"].tolist() == [0.0, 15.0, 30.0]
