"""Networks of one hidden ReLU layer are computed from their answers; nothing else is called one."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import expit, softmax

from auditor.attacks.stealing.critical_points import ReluCriticalPoints
from auditor.attacks.stealing.critical_points_box import Box, ScoreForm, obstacle, precision_obstacle
from auditor.attacks.stealing.critical_points_search import anchored, middles, search
from auditor.attacks.stealing.kernel_regression import fit_kernel
from auditor.attacks.stealing.network_regression import best_regression, fit_network
from auditor.attacks.stealing.query_limits import JUDGING
from auditor.attacks.stealing.relu_target import relu_target
from auditor.attacks.stealing.twin import noise_target
from auditor.domain.attack import Context, Query, Scope
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import Copies, SurrogateLabels, SurrogateValues
from auditor.domain.target import Output, Profile
from auditor.errors import BudgetExhausted, InvalidInput, TargetRefused
from auditor.testing import small_world

Floats = NDArray[np.float64]
NUMBERS = tuple(Column(f"x{i}", ColumnType.NUMBER) for i in range(10))


class Network:
    """`units` random ReLU units over `columns` numbers, `outputs` scores."""

    def __init__(self, columns: int, units: int, outputs: int, seed: int, decimals: int = 16) -> None:
        rng = np.random.default_rng(seed)
        self.columns, self.decimals = columns, decimals
        self.weights, self.bias = rng.normal(size=(columns, units)) / np.sqrt(columns), 0.3 * rng.normal(size=units)
        self.out, self.level = rng.normal(size=(units, outputs)), rng.normal(size=outputs)

    def __call__(self, points: Floats) -> Floats:
        scores = np.maximum(points @ self.weights + self.bias, 0.0) @ self.out + self.level
        return np.asarray(np.round(scores, self.decimals))

    def probabilities(self, frame: pd.DataFrame) -> Floats:
        scores = self(frame.to_numpy(dtype=np.float64))
        return np.asarray(softmax(np.column_stack([np.zeros(len(scores)), scores]), axis=1))

    def values(self, frame: pd.DataFrame) -> Floats:
        return self(frame.to_numpy(dtype=np.float64))


def numbers(n: int, seed: int) -> Records:
    drawn = np.random.default_rng(seed).normal(size=(n, 10))
    return Records(pd.DataFrame(drawn, columns=[c.name for c in NUMBERS]), np.zeros(n, np.intp))


def context(query: Query, classes: int, **changes: Any) -> Context:
    made = Context(
        seed=1,
        profile=Profile(Output.PROBABILITIES if classes else Output.VALUE, tuple(str(c) for c in range(classes))),
        columns=NUMBERS,
        query=query,
        checkpoint=lambda fraction: None,
        candidates=numbers(200, 1),
        auxiliary=numbers(300, 2),
        query_limit=5_000,
    )
    return replace(made, **changes)


def candidates(made: Context) -> pd.DataFrame:
    assert made.candidates is not None
    return made.candidates.features


def text(evidence: Copies) -> str:
    return " ".join(evidence.notes)


class TestSearch:
    @pytest.mark.parametrize(("columns", "units", "outputs"), [(10, 8, 1), (10, 16, 3), (5, 32, 1), (20, 64, 1)])
    def test_every_unit_is_found_and_the_function_is_the_same(self, columns: int, units: int, outputs: int) -> None:
        network, rng = Network(columns, units, outputs, seed=2), np.random.default_rng(5)
        targets = rng.uniform(-1, 1, (500, columns))
        found = search(network, anchored(network, 1e-14, middles(network.columns, rng), rng), (targets, network(targets)), rng)
        points = rng.uniform(-1, 1, (5_000, columns))
        assert np.abs(found.units.scores(points) - network(points)).max() < 1e-8
        assert len(found.units) <= units
        for row, bias in zip(found.units.weights, found.units.bias, strict=True):
            told = np.append(row, bias) / np.linalg.norm(row)
            true = np.vstack([network.weights, network.bias]) / np.linalg.norm(network.weights, axis=0)
            assert min(np.abs(true.T - told).max(axis=1).min(), np.abs(true.T + told).max(axis=1).min()) < 1e-8

    def test_ten_decimals_are_enough(self) -> None:
        network, rng = Network(10, 8, 1, seed=0, decimals=10), np.random.default_rng(5)
        targets = rng.uniform(-1, 1, (500, 10))
        found = search(network, anchored(network, 1e-15, middles(network.columns, rng), rng), (targets, network(targets)), rng)
        points = rng.uniform(-1, 1, (5_000, 10))
        assert np.abs(found.units.scores(points) - network(points)).max() < 1e-5
        assert 1e-12 < found.noise < 1e-10

    def test_an_affine_function_has_no_units(self) -> None:
        network, rng = Network(10, 0, 2, seed=0), np.random.default_rng(5)
        targets = rng.uniform(-1, 1, (50, 10))
        assert not len(
            search(network, anchored(network, 1e-15, middles(network.columns, rng), rng), (targets, network(targets)), rng).units
        )


class TestAttack:
    @pytest.mark.parametrize("outputs", [1, 2])
    def test_probabilities(self, outputs: int) -> None:
        network = Network(10, 8, outputs, seed=1)
        made = context(network.probabilities, outputs + 1)
        evidence = ReluCriticalPoints().run(made)
        assert isinstance(evidence, SurrogateLabels)
        assert 6 <= evidence.figures["hidden_units"] <= 8
        assert evidence.figures["largest_difference"] < 1e-9
        assert evidence.queries[-1] < 1_000
        inside = (candidates(made).abs() < 2).all(axis=1).to_numpy()
        assert evidence.copied is not None
        np.testing.assert_allclose(evidence.copied[inside], network.probabilities(candidates(made)[inside]), atol=1e-9)
        assert "were recovered" in evidence.notes[0]

    def test_values(self) -> None:
        network = Network(10, 8, 1, seed=1)
        evidence = ReluCriticalPoints().run(context(network.values, 0))
        assert isinstance(evidence, SurrogateValues)
        np.testing.assert_allclose(evidence.uniform_values[-1], evidence.uniform, atol=1e-9)

    def test_a_column_that_never_varies(self) -> None:
        network = Network(10, 8, 1, seed=1)
        still = [Records(numbers(n, n).features.assign(x3=2.5), np.zeros(n, np.intp)) for n in (300, 200)]
        evidence = ReluCriticalPoints().run(context(network.values, 0, auxiliary=still[0], candidates=still[1]))
        assert evidence.figures["largest_difference"] < 1e-9

    def test_a_linear_model_has_no_units(self) -> None:
        assert "linear model, without units" in text(ReluCriticalPoints().run(context(Network(10, 0, 2, 3).probabilities, 3)))

    @pytest.mark.parametrize("classes", [0, 2, 4])
    def test_the_known_target_is_such_a_network(self, classes: int) -> None:
        evidence = ReluCriticalPoints().run(context(relu_target(numbers(300, 2), NUMBERS, classes, 1), classes))
        assert "were recovered" in evidence.notes[0]

    def test_a_target_that_changed_is_told(self) -> None:
        network = Network(10, 3, 1, seed=1)
        made = context(network.values, 0, fresh=lambda frame: network.values(frame) + 1)
        assert "copy of no one model" in ReluCriticalPoints().run(made).notes[-1]


class TestWhatIsNoSuchNetwork:
    """Every one of them is copied all the same, from few records that the tests can pay for."""

    def run(self, query: Query, classes: int, **changes: Any) -> tuple[Copies, str]:
        made = {"query_limit": JUDGING + 900} | changes
        evidence = ReluCriticalPoints().run(context(query, classes, **made))
        assert "hidden_units" not in evidence.figures
        assert "recovered" not in text(evidence)
        return evidence, text(evidence)

    def test_rounded_answers(self) -> None:
        network = Network(10, 8, 1, seed=1)
        evidence, said = self.run(
            lambda frame: np.round(network.probabilities(frame), 3), 2, profile=Profile(Output.PROBABILITIES, ("a", "b"), 3)
        )
        assert "answers with 3 decimals" in said
        assert "fitted to the scores" in said
        assert isinstance(evidence, SurrogateLabels)
        assert (evidence.uniform_labels[-1] == evidence.uniform).mean() > 0.85

    def test_single_precision(self) -> None:
        network = Network(10, 8, 1, seed=1)
        _, said = self.run(lambda frame: network.values(frame).astype(np.float32).astype(np.float64), 0)
        assert "single precision" in said

    def test_a_deeper_network(self) -> None:
        first, second = Network(10, 12, 12, seed=1), Network(12, 12, 1, seed=2)
        _, said = self.run(lambda frame: second(first.values(frame)), 0)
        assert "too few to tell all units" in said or "deeper, wider, or no such network" in said

    def test_curves(self) -> None:
        network = Network(10, 8, 1, seed=1)
        _, said = self.run(lambda frame: np.sin(network.values(frame + 0.3 * frame**2)), 0)
        assert "Nowhere" in said

    @pytest.mark.parametrize("classes", [0, 3])
    def test_noise(self, classes: int) -> None:
        assert "follow no rule, or are noise" in self.run(noise_target(classes, 1), classes)[1]

    def test_mixed_columns(self) -> None:
        data = small_world().data
        parts = {"columns": data.columns, "auxiliary": data.auxiliary, "candidates": data.candidates}
        assert (
            "age, job, town and others are not continuous"
            in self.run(relu_target(data.auxiliary, data.columns, 2, 1), 2, **parts)[1]
        )

    def test_a_target_that_lets_no_made_up_record_in(self) -> None:
        network = Network(10, 4, 1, seed=1)
        known = set(numbers(300, 2).features["x0"]) | set(numbers(200, 1).features["x0"])

        def picky(frame: pd.DataFrame) -> Floats:
            if not set(frame["x0"]) <= known:
                raise TargetRefused("The target refuses the request (400); check the columns.")
            return network.values(frame)

        assert "refuses made-up records" in self.run(picky, 0)[1]


class TestSaturated:
    """One-hot columns: people have one 1 in six, points between the extremes three, where the target is sure."""

    def people(self, n: int, seed: int) -> Records:
        rng = np.random.default_rng(seed)
        cells = np.hstack([np.eye(6)[rng.integers(6, size=n)], rng.normal(size=(n, 4))])
        return Records(pd.DataFrame(cells, columns=[c.name for c in NUMBERS]), np.zeros(n, np.intp))

    def steep(self, frame: pd.DataFrame) -> Floats:
        points = frame.to_numpy(dtype=np.float64)
        scores = Network(10, 4, 1, seed=2)(points)[:, 0] + 40 * (points[:, :6].sum(axis=1) - 1.05)
        return np.column_stack([1 - expit(scores), expit(scores)])

    def test_a_network_that_is_sure_nearly_everywhere_is_told_among_people(self) -> None:
        made = context(self.steep, 2, auxiliary=self.people(400, 2), candidates=self.people(300, 1))
        evidence = ReluCriticalPoints().run(made)
        assert evidence.figures["hidden_units"] == 4
        assert evidence.copied is not None
        np.testing.assert_allclose(evidence.copied, self.steep(candidates(made)), atol=1e-9)


class TestRefusals:
    def test_a_budget_below_one_unit_says_the_least(self) -> None:
        with pytest.raises(BudgetExhausted, match="at least 427 queries with 10 columns") as caught:
            ReluCriticalPoints().run(context(Network(10, 2, 1, 1).values, 0, query_limit=JUDGING + 400))
        assert str(427 + JUDGING) in caught.value.sentence

    def test_a_budget_below_any_copy(self) -> None:
        with pytest.raises(BudgetExhausted, match="at least 705 queries"):
            ReluCriticalPoints().run(context(Network(10, 2, 1, 1).values, 0, query_limit=JUDGING + 100))

    @pytest.mark.parametrize("queries", [0, 199, 2_000_000, True, 500.0])
    def test_strange_parameters(self, queries: Any) -> None:
        with pytest.raises(InvalidInput, match="whole number"):
            ReluCriticalPoints(queries)

    def test_few_auxiliary_records(self) -> None:
        with pytest.raises(InvalidInput, match="auxiliary"):
            ReluCriticalPoints().needs(Scope(Profile(Output.PROBABILITIES, ("a", "b")), 100, 10, 0, 1_000))


class TestBox:
    def test_points_and_records_are_one_another(self) -> None:
        features = numbers(50, 0).features.assign(x1=4.0)
        box = Box.of(features, NUMBERS)
        assert box.points(features).shape == (50, 9)
        np.testing.assert_allclose(box.frame(box.points(features)), features, atol=1e-12)
        assert np.abs(box.points(features)).max() == pytest.approx(1.0)
        assert (box.points(features.assign(x0=np.nan))[:, 0] == 0).all()

    @pytest.mark.parametrize("classes", [1, 2, 4])
    def test_scores_and_answers_are_one_another(self, classes: int) -> None:
        answers = np.random.default_rng(0).dirichlet(np.ones(classes) * 3, 20) if classes > 1 else np.arange(20.0)[:, None]
        form = ScoreForm.of(answers)
        assert form.scores(answers).shape == (20, max(1, classes - 1))
        np.testing.assert_allclose(form.answers(form.scores(answers)), answers, atol=1e-12)

    def test_a_class_that_is_computed_by_itself_keeps_its_digits(self) -> None:
        """What a logistic function answers: p is exact however small it is, 1 - p is not."""
        likely = np.array([1e-30, 1e-9, 0.4, 1 - 1e-12])
        answers = np.column_stack([1 - likely, likely])
        form = ScoreForm.of(answers)
        assert form.lossy == (0,)
        assert form.exact(answers).tolist() == [True, True, True, False]
        assert form.kept(answers).all()
        assert form.floor(answers[:3]) < 1e-12 < 1e-5 < form.floor(answers)
        assert form.surest(answers).tolist() == [0, 1]
        assert ScoreForm.of(softmax(np.column_stack([np.zeros(2), [90.0, -90.0]]), axis=1)).lossy == ()

    def test_sure_answers_of_two_classes_have_lost_their_digits(self) -> None:
        answers = np.array([[0.4, 0.6], [1e-12, 1 - 1e-12], *[[0.3, 0.7]] * 60])
        assert ScoreForm(1).kept(answers).tolist() == [True, False, *[True] * 60]
        assert ScoreForm(1).kept(answers[:3]).all()
        floor = ScoreForm(1).floor(answers)
        assert floor > 1e-5 > 1e-14 > ScoreForm(1).floor(answers[[0, 2]])
        assert "so close to 0 and 1" in str(precision_obstacle(floor, floor, answers))

    def test_saturated_answers_are_not_taken_for_single_precision(self) -> None:
        sure = np.eye(3)[[0, 1, 2, 0]]
        assert "so close to 0 and 1" in str(precision_obstacle(1.0, 1e-15, sure))
        single = np.full((4, 3), np.float32(1 / 3), dtype=np.float64)
        assert "single precision" in str(precision_obstacle(1.0, 1e-15, single))

    def test_obstacles(self) -> None:
        exact = Profile(Output.PROBABILITIES, ("a", "b"))
        frame = numbers(20, 0).features
        assert obstacle(frame, NUMBERS, exact) is None
        assert obstacle(frame, (Column("x0", ColumnType.INTEGER), *NUMBERS[1:]), exact) is not None
        assert "missing" in str(obstacle(frame.assign(x0=np.nan), NUMBERS, exact))
        assert precision_obstacle(1e-12, 1e-15, np.ones((3, 1)) / 3) is None


class TestRegression:
    def test_a_network_explains_a_network_and_kernels_a_kernel_machine(self) -> None:
        rng = np.random.default_rng(0)
        frame = pd.DataFrame(rng.normal(size=(700, 10)), columns=[c.name for c in NUMBERS])
        network = best_regression(frame, Network(10, 6, 2, 1).values(frame), NUMBERS, 0)
        assert network.explained > 0.9
        assert network.scores(frame.head(7)).shape == (7, 2)
        centres = frame.to_numpy()[:30]
        bumps = np.exp(-((frame.to_numpy()[:, None] - centres) ** 2).sum(axis=2) / 10) @ rng.normal(size=(30, 1))
        assert best_regression(frame, bumps, NUMBERS, 0).name == "kernel machine"

    def test_kernels_interpolate_and_constants_stay(self) -> None:
        rng = np.random.default_rng(0)
        matrix = rng.normal(size=(200, 3))
        smooth = np.sin(matrix[:, :1])
        np.testing.assert_allclose(fit_kernel(matrix, smooth, 0)(matrix), smooth, atol=0.01)
        constant = np.full((200, 2), 3.0)
        np.testing.assert_allclose(fit_kernel(matrix, constant, 0)(matrix), constant)
        np.testing.assert_allclose(fit_network(matrix, constant, 0)(matrix), constant, atol=0.2)
