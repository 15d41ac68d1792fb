"""Linear models are solved for exactly from as many answers as they have unknowns, and nothing else is called linear."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import expit, softmax

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.equation_solving import FEWER, PER_UNKNOWN, EquationSolving
from auditor.attacks.stealing.linear_design import LinearDesign
from auditor.attacks.stealing.linear_target import linear_target
from auditor.attacks.stealing.population import uniform_points
from auditor.attacks.stealing.query_limits import JUDGING
from auditor.attacks.stealing.repeats import changed
from auditor.attacks.stealing.twin import noise_target
from auditor.domain.attack import Context, Query, Scope
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import SurrogateLabels, SurrogateValues
from auditor.domain.target import Output, Profile
from auditor.errors import AttackFailed, BudgetExhausted, InvalidInput, TargetRefused
from auditor.testing import small_world

Floats = NDArray[np.float64]
NUMBERS = tuple(Column(f"x{i}", ColumnType.NUMBER) for i in range(6))
WEIGHTS = np.array([[1.0, -2.0, 0.5, 0.0, 3.0, -0.1], [0.0, 1.0, -1.0, 2.0, 0.3, 0.7], [-0.4, 0.0, 0.2, -0.6, 1.0, 0.0]]).T


def numbers(n: int, seed: int) -> Records:
    drawn = np.random.default_rng(seed).normal(size=(n, 6))
    return Records(pd.DataFrame(drawn, columns=[c.name for c in NUMBERS]), np.zeros(n, np.intp))


def context(query: Query, classes: int = 3, **changes: Any) -> Context:
    """300 auxiliary records, 200 candidates."""
    output = Output.PROBABILITIES if classes else Output.VALUE
    made = Context(
        seed=1,
        profile=Profile(output, tuple(str(c) for c in range(classes))),
        columns=NUMBERS,
        query=query,
        checkpoint=lambda fraction: None,
        candidates=numbers(200, 1),
        auxiliary=numbers(300, 2),
        query_limit=5_000,
    )
    return replace(made, **changes)


def softmax_of(frame: pd.DataFrame) -> Floats:
    return np.asarray(softmax(frame.to_numpy(dtype=float) @ WEIGHTS + [0.1, 0.0, -0.3], axis=1))


def stolen(made: Context) -> SurrogateLabels:
    evidence = EquationSolving().run(made)
    assert isinstance(evidence, SurrogateLabels)
    return evidence


def counting(query: Query) -> tuple[Query, list[int]]:
    asked = [0]

    def count(frame: pd.DataFrame) -> Floats:
        asked[0] += len(frame)
        return query(frame)

    return count, asked


class TestExactAnswers:
    def test_a_softmax_takes_one_query_an_unknown(self) -> None:
        query, asked = counting(softmax_of)
        made = context(query)
        evidence = stolen(made)
        assert evidence.queries.tolist() == [7]
        assert asked[0] == 7 + JUDGING - 5  # nothing is asked a second time where nothing can be asked anew
        np.testing.assert_allclose(evidence.copied, softmax_of(made.candidates.features), atol=1e-12)
        assert "solved for" in evidence.notes[0]

    def test_the_parameters_are_recovered_up_to_a_shift_common_to_all_classes(self) -> None:
        made = context(softmax_of)
        design = LinearDesign.of(made.auxiliary.features, NUMBERS)
        probe = design.frame(
            [
                design.typical | {c.name: design.typical[c.name] + (c.name == name) for c in NUMBERS}
                for name in ["", *(c.name for c in NUMBERS)]
            ]
        )
        copied = stolen(
            replace(
                made, candidates=Records(pd.concat([made.candidates.features, probe], ignore_index=True), np.zeros(207, np.intp))
            )
        ).copied
        assert copied is not None
        odds = np.log(copied[-7:]) - np.log(copied[-7:, :1])
        np.testing.assert_allclose(odds[1:] - odds[0], WEIGHTS - WEIGHTS[:, :1], atol=1e-6)

    def test_one_vs_rest_is_told_and_solved(self) -> None:
        def rest(frame: pd.DataFrame) -> Floats:
            each = expit(frame.to_numpy(dtype=float) @ WEIGHTS)
            return np.asarray(each / each.sum(axis=1, keepdims=True))

        made = context(rest)
        evidence = stolen(made)
        np.testing.assert_allclose(evidence.copied, rest(made.candidates.features), atol=1e-9)
        assert "one-vs-rest" in evidence.notes[0]

    def test_a_linear_regression(self) -> None:
        def value(frame: pd.DataFrame) -> Floats:
            return np.asarray(frame.to_numpy(dtype=float) @ WEIGHTS[:, :1] * 100 + 7)

        made = context(value, classes=0)
        evidence = EquationSolving().run(made)
        assert isinstance(evidence, SurrogateValues)
        np.testing.assert_allclose(evidence.values[-1], value(made.candidates.features.iloc[evidence.rows])[:, 0], rtol=1e-9)

    def test_mixed_columns_with_missing_cells(self) -> None:
        data = small_world().data
        query = linear_target(data.auxiliary, data.columns, 2, seed=3)
        made = context(query, 2, columns=data.columns, candidates=data.candidates, auxiliary=data.auxiliary)
        evidence = stolen(made)
        np.testing.assert_allclose(evidence.copied, query(data.candidates.features), atol=1e-9)
        assert (
            evidence.figures["unknowns"] == evidence.queries[-1] == LinearDesign.of(data.auxiliary.features, data.columns).unknowns
        )
        assert any("cannot be told" in note for note in evidence.notes)


def rounded(query: Query, decimals: int) -> Query:
    return lambda frame: np.round(query(frame), decimals)


@pytest.mark.parametrize(("decimals", "closest"), [(3, 0.99), (2, 0.97)])
def test_rounded_answers_take_more_queries_and_give_a_bound(decimals: int, closest: float) -> None:
    query = rounded(softmax_of, decimals)
    made = context(query, profile=Profile(Output.PROBABILITIES, ("a", "b", "c"), decimals))
    evidence = stolen(made)
    assert evidence.queries[-1] == 7 * 40
    assert (evidence.labels[-1] == softmax_of(made.candidates.features.iloc[evidence.rows]).argmax(axis=1)).mean() > closest
    design = LinearDesign.of(made.auxiliary.features, NUMBERS)
    assert 0 < evidence.figures["parameter_error_bound"] < 1
    scale = np.array([design.scale[c.name] for c in NUMBERS])
    middle = design.frame([design.typical, *(design.typical | {c.name: design.typical[c.name] + 1} for c in NUMBERS)])
    both = Records(pd.concat([made.candidates.features, middle], ignore_index=True), np.zeros(207, np.intp))
    copied = stolen(replace(made, candidates=both)).copied
    assert copied is not None
    reference = int(np.bincount(evidence.uniform, minlength=3).argmax())
    odds = np.log(copied[-7:]) - np.log(copied[-7:, [reference]])
    off = np.abs((odds[1:] - odds[0]) - (WEIGHTS - WEIGHTS[:, [reference]])) * scale[:, None]
    assert off.max() <= 2 * evidence.figures["parameter_error_bound"]


class TestWhatIsNotLinear:
    def test_a_step_is_not_called_linear(self) -> None:
        def step(frame: pd.DataFrame) -> Floats:
            high = np.where(frame["x0"] * frame["x1"] > 0, 0.9, 0.2)
            return np.column_stack([high, 1 - high])

        evidence = stolen(context(step, 2))
        assert "no linear model" in evidence.notes[0]
        assert evidence.figures["largest_difference"] > 0.1

    def test_answers_without_a_rule_are_not_called_linear(self) -> None:
        assert "no linear model" in stolen(context(noise_target(3, 1))).notes[0]

    def test_a_target_that_changed_is_told(self) -> None:
        evidence = stolen(context(softmax_of, fresh=lambda frame: softmax_of(frame + 1.0)))
        assert "copy of no one model" in evidence.notes[-1]
        assert "copy of no one model" not in " ".join(stolen(context(softmax_of, fresh=softmax_of)).notes)

    def test_rounding_alone_is_no_change(self) -> None:
        made = context(softmax_of, profile=Profile(Output.PROBABILITIES, ("a", "b", "c"), 2), fresh=rounded(softmax_of, 2))
        asked = made.auxiliary.features.head(10)
        assert changed(made, asked, rounded(softmax_of, 2)(asked)) is None


class TestRefusals:
    def test_a_budget_below_the_unknowns_names_them(self) -> None:
        with pytest.raises(BudgetExhausted, match="takes 7 queries for as many unknowns"):
            EquationSolving().run(context(softmax_of, query_limit=JUDGING + 6))

    def test_a_target_that_lets_no_made_up_record_in(self) -> None:
        made = context(softmax_of)
        known = {*made.auxiliary.features["x0"], *made.candidates.features["x0"]}
        points: list[int] = []

        def picky(frame: pd.DataFrame) -> Floats:
            points.append(len(frame))
            if len(points) > 1 and not set(frame["x0"]) <= known | set():
                raise TargetRefused("The target refuses the request (400); check the columns.")
            if len(points) == 2:
                raise TargetRefused("The target refuses the request (400); check the columns.")
            return softmax_of(frame)

        evidence = stolen(replace(made, query=picky))
        np.testing.assert_allclose(evidence.copied, softmax_of(made.candidates.features), atol=1e-9)
        assert "auxiliary records alone" in evidence.notes[0]

    def test_records_that_do_not_vary_together_determine_nothing(self) -> None:
        same = np.random.default_rng(0).normal(size=300)
        twins = Records(pd.DataFrame({c.name: same for c in NUMBERS}), np.zeros(300, np.intp))
        calls: list[int] = []

        def picky(frame: pd.DataFrame) -> Floats:
            calls.append(len(frame))
            if len(calls) == 2:
                raise TargetRefused("The target refuses the request (400); check the columns.")
            return softmax_of(frame)

        with pytest.raises(AttackFailed, match="7 unknowns"):
            EquationSolving().run(context(picky, auxiliary=twins, query_limit=JUDGING + 10))

    @pytest.mark.parametrize("queries", [0, 9, 2_000_000, True, 5.0])
    def test_strange_parameters(self, queries: Any) -> None:
        with pytest.raises(InvalidInput, match="whole number"):
            EquationSolving(queries)

    def test_few_auxiliary_records(self) -> None:
        with pytest.raises(InvalidInput, match="auxiliary"):
            EquationSolving().needs(Scope(Profile(Output.PROBABILITIES, ("a", "b")), 100, 10, 0, 1_000))


@pytest.mark.parametrize("column", [ColumnType.NUMBER, ColumnType.INTEGER])
def test_one_change_each_is_independent_also_of_constant_columns(column: ColumnType) -> None:
    whole: Callable[[Floats], Floats] = np.rint if column is ColumnType.INTEGER else np.asarray  # type: ignore[assignment]
    frame = pd.DataFrame({"a": whole(np.linspace(0, 9, 50)), "b": np.full(50, 3.0), "c": ["u", "v"] * 25})
    columns = (Column("a", column), Column("b", column), Column("c", ColumnType.CATEGORY))
    design = LinearDesign.of(frame, columns)
    asked = design.one_change_each()
    assert design.unknowns == len(asked) == 4
    assert np.linalg.matrix_rank(design.matrix(asked)) == 4
    assert set(asked["a"]) <= set(frame["a"]) or column is ColumnType.NUMBER


def test_whole_numbers_that_never_vary_are_solved_for_from_rounded_answers() -> None:
    """As the corners of scanned digits, which no auxiliary record inks."""
    columns = tuple(Column(f"pixel{i}", ColumnType.INTEGER) for i in range(3))

    def drawn(n: int, seed: int) -> Records:
        frame = pd.DataFrame(np.random.default_rng(seed).integers(0, 17, (n, 3)), columns=[c.name for c in columns])
        return Records(frame.assign(pixel2=0), np.zeros(n, np.intp))

    def rounded(frame: pd.DataFrame) -> Floats:
        sure = expit(frame.to_numpy(dtype=float) @ [0.1, -0.2, 0.4] + 0.5)
        return np.round(np.column_stack([1 - sure, sure]), 3)

    profile = Profile(Output.PROBABILITIES, ("0", "1"), decimals=3)
    made = context(rounded, 2, profile=profile, columns=columns, candidates=drawn(200, 1), auxiliary=drawn(300, 2))
    evidence = stolen(made)
    assert evidence.figures["largest_difference"] < 0.005
    assert evidence.figures["condition_number"] < 1e3


@pytest.mark.parametrize("decimals", [None, 3])
def test_a_target_that_answers_people_alone_is_solved_from_auxiliary_records(decimals: int | None) -> None:
    people = set(record_keys(pd.concat([numbers(300, 2).features, numbers(200, 1).features])).tolist())

    def query(frame: pd.DataFrame) -> Floats:
        if not set(record_keys(frame).tolist()) <= people:
            raise TargetRefused("The target refuses such records.")
        return softmax_of(frame) if decimals is None else np.round(softmax_of(frame), decimals)

    made = context(query)
    evidence = stolen(replace(made, profile=replace(made.profile, decimals=decimals)))
    assert right(evidence) > 0.98
    assert evidence.queries == (7 if decimals is None else 280)
    assert evidence.uniform.shape == evidence.uniform_labels[-1].shape == (0,)
    assert "refuses made-up records" in " ".join(evidence.notes)


class Answers:
    """What was asked of a target, and answered through a channel of so many decimals."""

    def __init__(self, decimals: int | None = None) -> None:
        self.decimals, self.kept = decimals, set[int]()

    def ask(self, frame: pd.DataFrame) -> Floats:
        self.kept |= set(record_keys(frame).tolist())
        return self.shown(frame, self.decimals)

    def shown(self, frame: pd.DataFrame, decimals: int | None) -> Floats:
        return softmax_of(frame) if decimals is None else np.round(softmax_of(frame), decimals)

    def has(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        return np.isin(record_keys(frame), list(self.kept))

    def again(self, decimals: int) -> SurrogateLabels:
        """The attack behind fewer decimals, where nothing new can be asked."""

        def query(frame: pd.DataFrame) -> Floats:
            assert self.has(frame).all()
            return self.shown(frame, decimals)

        made = context(query, recorded=self.has, fresh=query)
        return stolen(replace(made, profile=replace(made.profile, decimals=decimals)))


def right(evidence: SurrogateLabels) -> float:
    return float((evidence.labels[-1] == softmax_of(numbers(200, 1).features).argmax(axis=1)[evidence.rows]).mean())


class TestRecordedAnswers:
    def test_exact_answers_are_solved_again_behind_decimals_as_the_least_of_what_can_be_found(self) -> None:
        answers = Answers()
        exact = stolen(context(answers.ask))
        behind = answers.again(2)
        assert behind.queries == exact.queries == 7
        assert 0.85 < right(behind) < right(exact) == 1.0
        assert FEWER in behind.notes

    def test_what_was_asked_of_rounded_answers_is_all_that_is_asked_behind_fewer_decimals(self) -> None:
        answers = Answers(3)
        before = context(answers.ask)
        stolen(replace(before, profile=replace(before.profile, decimals=3)))
        behind = answers.again(2)
        assert behind.queries == 7 * PER_UNKNOWN
        assert right(behind) > 0.97
        assert FEWER not in behind.notes

    def test_where_nothing_was_recorded_it_is_said(self) -> None:
        answers = Answers()
        answers.ask(uniform_points(context(softmax_of)))
        with pytest.raises(AttackFailed, match="Only 0 of the records"):
            answers.again(2)
