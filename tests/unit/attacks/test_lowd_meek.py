"""Linear classifiers follow from labels alone, and labels that follow no linear rule are said to."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from auditor.attacks.stealing.boundary_systems import Boundary, best_conditioned, solved
from auditor.attacks.stealing.label_boundaries import Segments, coarseness, found, halved
from auditor.attacks.stealing.linear_design import LinearDesign
from auditor.attacks.stealing.linear_target import linear_target
from auditor.attacks.stealing.lowd_meek import LowdMeek
from auditor.attacks.stealing.query_limits import JUDGING
from auditor.attacks.stealing.spread_records import Surroundings
from auditor.attacks.stealing.twin import noise_target
from auditor.domain.attack import Context, Query, Scope
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import SurrogateLabels
from auditor.domain.target import Output, Profile
from auditor.errors import BudgetExhausted, InvalidInput, TargetRefused
from auditor.testing import small_world

Floats = NDArray[np.float64]
NUMBERS = tuple(Column(f"x{i}", ColumnType.NUMBER) for i in range(5))
WEIGHTS = np.array([[1.0, -2.0, 0.5, 0.0, 3.0], [0.0, 1.0, -1.0, 2.0, 0.3], [-0.4, 0.0, 0.2, -0.6, 1.0]]).T
SHIFT = np.array([0.1, 0.0, -0.3])


def numbers(n: int, seed: int) -> Records:
    drawn = np.random.default_rng(seed).normal(size=(n, 5))
    return Records(pd.DataFrame(drawn, columns=[c.name for c in NUMBERS]), np.zeros(n, np.intp))


def labels_of(classes: int) -> Query:
    def query(frame: pd.DataFrame) -> Floats:
        scores = frame.to_numpy(dtype=float) @ WEIGHTS[:, :classes] + SHIFT[:classes]
        return np.asarray(np.eye(classes)[scores.argmax(axis=1)])

    return query


def context(query: Query, classes: int = 3, **changes: Any) -> Context:
    made = Context(
        seed=1,
        profile=Profile(Output.LABELS, tuple(str(c) for c in range(classes))),
        columns=NUMBERS,
        query=query,
        checkpoint=lambda fraction: None,
        candidates=numbers(200, 1),
        auxiliary=numbers(300, 2),
        query_limit=5_000,
    )
    return replace(made, **changes)


def mixed(**changes: Any) -> Context:
    data = small_world().data
    query = linear_target(data.auxiliary, data.columns, 2, seed=3)
    made = context(query, 2, columns=data.columns, candidates=data.candidates, auxiliary=data.auxiliary)
    return replace(made, **changes)


def candidates(made: Context) -> pd.DataFrame:
    assert made.candidates is not None
    return made.candidates.features


def copied(evidence: SurrogateLabels) -> Floats:
    assert evidence.copied is not None
    return evidence.copied


def right(evidence: SurrogateLabels, made: Context, query: Query) -> float:
    return float((evidence.labels[-1] == query(candidates(made).iloc[evidence.rows]).argmax(axis=1)).mean())


@pytest.mark.parametrize("classes", [2, 3])
def test_the_direction_of_the_weights_is_recovered(classes: int) -> None:
    made = context(labels_of(classes), classes)
    evidence = LowdMeek().run(made)
    assert right(evidence, made, labels_of(classes)) == 1.0
    assert "up to one positive factor" in evidence.notes[0]
    odds = np.log(copied(evidence)) - np.log(copied(evidence)[:, :1])
    design = np.column_stack([np.ones(200), candidates(made).to_numpy()])
    weights = np.linalg.lstsq(design, odds, rcond=None)[0].ravel()
    true = np.vstack([SHIFT[:classes], WEIGHTS[:, :classes]])
    true = (true - true[:, :1]).ravel()
    assert weights @ true / np.linalg.norm(weights) / np.linalg.norm(true) > 1 - 1e-9


def test_mixed_columns_are_asked_in_values_that_occur() -> None:
    data = small_world().data
    made = mixed()

    def strict(frame: pd.DataFrame) -> Floats:
        assert set(frame["town"].dropna()) <= set(data.auxiliary.features["town"].dropna())
        assert frame["age"].between(data.auxiliary.features["age"].min(), data.auxiliary.features["age"].max()).all()
        assert (frame["age"] == frame["age"].round()).all()
        return made.query(frame)

    evidence = LowdMeek().run(replace(made, query=strict))
    assert right(evidence, made, made.query) > 0.99
    assert evidence.figures["unknowns"] == LinearDesign.of(data.auxiliary.features, data.columns).unknowns


def test_soft_answers_are_used_as_labels_only() -> None:
    made = mixed()
    hard = LowdMeek().run(replace(made, query=lambda frame: np.eye(2)[made.query(frame).argmax(axis=1)]))
    np.testing.assert_array_equal(copied(hard), copied(LowdMeek().run(made)))


class TestWhatIsNotLinear:
    def test_noise_is_called_noise(self) -> None:
        assert "follow no linear rule" in LowdMeek().run(context(noise_target(3, 1))).notes[0]

    def test_one_class_is_nothing_to_copy(self) -> None:
        evidence = LowdMeek().run(context(lambda frame: np.eye(3)[np.full(len(frame), 1)]))
        assert "nothing to copy" in evidence.notes[0]
        assert (evidence.labels == 1).all()

    def test_a_curved_boundary_is_approximated_and_not_called_recovered(self) -> None:
        def bent(frame: pd.DataFrame) -> Floats:
            cells = frame.to_numpy(dtype=float)
            return np.asarray(np.eye(2)[(cells[:, 0] + 0.3 * cells[:, 1] ** 2 > 0.5).astype(int)])

        assert "not recovered" in LowdMeek().run(context(bent, 2)).notes[0]

    def test_a_target_that_changed_is_told(self) -> None:
        turned = labels_of(3)
        evidence = LowdMeek().run(context(turned, fresh=lambda frame: np.roll(turned(frame), 1, axis=1)))
        assert "copy of no one model" in evidence.notes[-1]

    def test_categories_alone_have_no_boundary_to_search(self) -> None:
        rng = np.random.default_rng(0)
        columns = tuple(Column(name, ColumnType.CATEGORY) for name in "abcd")
        draw = pd.DataFrame({c.name: rng.choice(list("uvwxyz"), 600).astype(object) for c in columns})
        parts = [Records(frame.reset_index(drop=True), np.zeros(300, np.intp)) for frame in (draw[:300], draw[300:])]
        query = linear_target(parts[0], columns, 2, seed=1)
        made = context(query, 2, columns=columns, auxiliary=parts[0], candidates=parts[1])
        evidence = LowdMeek().run(made)
        assert "fitted on labels" in evidence.notes[0]
        assert right(evidence, made, query) > 0.95


class TestRefusals:
    def test_a_budget_that_does_not_pay_says_the_least(self) -> None:
        with pytest.raises(BudgetExhausted, match="takes 265 queries for the 11 unknowns") as caught:
            LowdMeek().run(context(labels_of(3), query_limit=JUDGING + 264))
        assert str(265 + JUDGING) in caught.value.sentence
        assert LowdMeek().run(context(labels_of(3), query_limit=JUDGING + 265)).queries[-1] <= 265

    def test_a_target_that_lets_no_made_up_record_in(self) -> None:
        made = context(labels_of(3))
        assert made.auxiliary is not None
        known = set(made.auxiliary.features["x0"])
        calls: list[int] = []

        def picky(frame: pd.DataFrame) -> Floats:
            calls.append(len(frame))
            if len(calls) > 1 and not set(frame["x0"]) <= known:
                raise TargetRefused("The target refuses the request (400); check the columns.")
            return labels_of(3)(frame)

        evidence = LowdMeek().run(replace(made, query=picky))
        assert "auxiliary ones" in evidence.notes[0]
        assert right(evidence, made, labels_of(3)) > 0.9

    @pytest.mark.parametrize("queries", [0, 199, 2_000_000, True, 500.0])
    def test_strange_parameters(self, queries: Any) -> None:
        with pytest.raises(InvalidInput, match="whole number"):
            LowdMeek(queries)

    def test_few_auxiliary_records(self) -> None:
        with pytest.raises(InvalidInput, match="auxiliary"):
            LowdMeek().needs(Scope(Profile(Output.LABELS, ("a", "b")), 100, 10, 0, 1_000))


class TestSegments:
    WHOLE = (Column("n", ColumnType.INTEGER), Column("x", ColumnType.NUMBER), Column("c", ColumnType.CATEGORY))

    def ends(self) -> Segments:
        low = pd.DataFrame({"n": [0, 0], "x": [1.0, np.nan], "c": ["u", "v"]})
        high = pd.DataFrame({"n": [0, 100], "x": [9.0, np.nan], "c": ["u", "v"]})
        return Segments(low, high, np.array([0, 0]), np.array([1, 1]))

    def test_halving_closes_in_on_the_change(self) -> None:
        asked: list[int] = []

        def label(frame: pd.DataFrame) -> NDArray[np.intp]:
            asked.append(len(frame))
            assert frame["n"].dtype == np.int64
            return ((frame["n"] > 40) | (frame["x"] > np.pi)).to_numpy().astype(np.intp)

        done = halved(self.ends(), self.WHOLE, 36, label)
        assert done.inside["x"][0] <= np.pi < done.outside["x"][0]
        assert done.outside["x"][0] - done.inside["x"][0] < 1e-9
        assert (done.inside["n"][1], done.outside["n"][1]) == (40, 41)
        assert asked[0] == 2
        assert asked[-1] == 1

    def test_a_third_class_in_between_is_met(self) -> None:
        done = halved(self.ends().take(np.array([0])), self.WHOLE, 36, lambda frame: np.digitize(frame["x"], [2.0, 6.0]) * 2)
        assert done.other.tolist() == [2]
        assert done.outside["x"][0] == pytest.approx(2.0)

    def test_whole_numbers_are_known_to_be_coarse(self) -> None:
        rng = np.random.default_rng(0)
        frame = pd.DataFrame({"n": rng.integers(0, 100, 50), "x": rng.normal(size=50), "c": ["u", "v"] * 25})
        design = LinearDesign.of(frame, self.WHOLE)
        fine, coarse = coarseness(self.ends(), design)
        assert fine < 1e-6 < coarse == pytest.approx(1 / design.scale["n"])

    def test_found_segments_differ_in_labels_and_not_in_categories(self) -> None:
        rng = np.random.default_rng(0)
        frame = pd.DataFrame({"n": rng.integers(0, 100, 50), "x": rng.normal(size=50), "c": ["u", "v"] * 25})
        nearby = Surroundings(LinearDesign.of(frame, self.WHOLE), frame)
        segments = found(nearby, 60, lambda asked: (asked["x"] > 0).to_numpy().astype(np.intp), rng)
        assert len(segments) > 20
        assert (segments.label != segments.other).all()
        assert (segments.inside["c"] == segments.outside["c"]).all()
        np.testing.assert_array_equal(segments.label, segments.inside["x"] > 0)


def test_a_direction_without_an_equation_is_left_to_the_labels() -> None:
    rng = np.random.default_rng(3)
    true = np.array([0.2, 1.0, -1.0, 2.0])
    matrix = np.column_stack([np.ones(400), rng.normal(size=(400, 2)), rng.integers(0, 2, 400)])
    labels = (matrix @ true > 0).astype(np.intp)
    middle = matrix[:30].copy()
    middle[:, 3] = 0.0
    middle[:, 1] = -(middle[:, 2] * true[2] + true[0])
    pair = np.zeros(30, np.intp), np.ones(30, np.intp)
    solution = solved(Boundary(middle, np.full(30, 1e-10), *pair), matrix, labels, 2)
    assert solution.loose == 1
    difference = solution.weights[:, 1] - solution.weights[:, 0]
    np.testing.assert_allclose(difference[:3] / difference[1], true[:3], atol=1e-6)
    assert difference[3] / difference[1] == pytest.approx(2.0, abs=0.4)


def test_repeated_equations_come_last() -> None:
    equations = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.5]])
    assert set(best_conditioned(equations)[:2].tolist()) in ({0, 2}, {1, 2})


def test_a_target_that_answers_people_alone_is_fitted_on_their_labels_and_judged_on_them() -> None:
    people = set(pd.concat([numbers(300, 2).features, numbers(200, 1).features])["x0"])

    def query(frame: pd.DataFrame) -> Floats:
        if not set(frame["x0"]) <= people:
            raise TargetRefused("The target refuses such records.")
        return labels_of(3)(frame)

    evidence = LowdMeek().run(context(query))
    true = labels_of(3)(numbers(200, 1).features).argmax(axis=1)
    assert (evidence.labels[-1] == true[evidence.rows]).mean() > 0.9
    assert evidence.uniform.shape == evidence.uniform_labels[-1].shape == (0,)
    assert "refuses made-up records" in " ".join(evidence.notes)
