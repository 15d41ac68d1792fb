"""One record out of a linear model and all the others: exact where the optimum is, and silent where none is missing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from auditor.attacks.inversion import linear_record_known
from auditor.attacks.inversion.linear_record import LinearRecord
from auditor.attacks.inversion.linear_record_known import CLASSES, COLUMNS, FEATURES, PEOPLE, people
from auditor.domain.attack import Context, Training
from auditor.domain.data import AuditData, Column, ColumnType, Records
from auditor.domain.evidence import Reconstructions
from auditor.domain.finding import Estimate
from auditor.domain.parameters import Layer, Layers, ModelParameters
from auditor.domain.target import Output, Profile
from auditor.errors import AttackFailed, InvalidInput
from auditor.scoring import missing_record_controls as controls
from auditor.scoring.assess import Assessment, Grading, Originals, Truth, assess
from auditor.serving.formats.skops_file import load
from auditor.workflow.contexts import context_for
from auditor.workflow.evidence_store import from_arrays, to_arrays

NUMBERS = tuple(Column(f"x{i}", ColumnType.NUMBER) for i in range(5))


def saved(model: Any) -> Layers:
    """What a file of the fitted model tells."""
    import skops.io

    parameters = load(skops.io.dumps(model)).parameters()
    assert isinstance(parameters, Layers)
    return parameters


def numbers(n: int, classes: int = 2) -> Records:
    rng = np.random.default_rng(1)
    x = rng.normal(3.0, 2.0, (n, len(NUMBERS)))
    outputs = x @ rng.normal(size=(len(NUMBERS), classes)) + rng.gumbel(size=(n, classes)) * 3
    frame = pd.DataFrame(x, columns=[c.name for c in NUMBERS])
    return Records(frame, outputs.argmax(axis=1), outputs[:, 0].copy())


def context(parameters: ModelParameters, records: Records, columns: tuple[Column, ...], classes: tuple[str, ...]) -> Context:
    profile = Profile(Output.PROBABILITIES if classes else Output.VALUE, classes)
    training = Training(records, np.arange(len(records)))
    never: Callable[[pd.DataFrame], NDArray[np.float64]] = lambda frame: pytest.fail("it asks nothing")  # noqa: E731
    return Context(1, profile, columns, never, lambda fraction: None, parameters=parameters, training=training)


def graded(attack: LinearRecord, made: Context) -> tuple[Reconstructions, Assessment, dict[str, Estimate]]:
    assert made.training is not None
    records = made.training.records
    found = attack.run(made)
    everybody = np.ones(len(records), dtype=bool)
    truth = Truth(everybody, records.labels, None, None, made.classes, originals=Originals(records, made.columns))
    assessed = assess(found, truth, Grading(25.0), attack.baseline.run(made))
    return found, assessed, {e.name: e for e in assessed.estimates}


def test_every_record_of_a_logistic_regression_is_rebuilt_in_every_column() -> None:
    found, everybody = linear_record_known.found_of(LinearRecord(), 3)
    assert len(found.records) == PEOPLE
    assert linear_record_known.rebuilt_share(found, everybody) > 0.95
    assert found.rows is not None
    assert (found.labels == everybody.labels[found.rows]).all()
    assert found.figures["gradient_left"] < 1e-9


def test_nobody_is_claimed_whom_the_model_was_not_fitted_to() -> None:
    assert linear_record_known.found_of_strangers(LinearRecord(), 3) == 0.0


def test_a_penalty_that_the_file_does_not_tell_follows_from_the_answers() -> None:
    everybody = people(150, np.random.default_rng(5))
    model = replace(linear_record_known.fitted(everybody, COLUMNS, FEATURES, 2.0), penalty=None)
    exact = LinearRecord(records=20, tolerance=0.0)
    found, assessed, _ = graded(exact, context(model, everybody, COLUMNS, CLASSES))
    assert "solved for (median 2)" in found.notes[0]
    assert (assessed.score or 0.0) > 95
    wrong = graded(replace(exact, penalty=40.0), context(model, everybody, COLUMNS, CLASSES))[1]
    assert (wrong.score or 0.0) < 50


@pytest.mark.parametrize("alpha", [0.0, 3.0])
def test_least_squares_and_ridge_are_solved_to_a_millionth(alpha: float) -> None:
    from sklearn.linear_model import LinearRegression, Ridge

    records = numbers(60)
    model = Ridge(alpha) if alpha else LinearRegression()
    parameters = saved(model.fit(records.features.to_numpy(), records.values))
    assert parameters.penalty == alpha
    _, assessed, figures = graded(LinearRecord(), context(parameters, records, NUMBERS, ()))
    assert figures["rebuilt_within@1e-06"].value == 1.0
    assert assessed.score == pytest.approx(100.0, abs=0.01)


def test_a_ridge_of_unknown_penalty_leaves_a_range_that_whole_numbers_narrow() -> None:
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(2)
    columns = tuple(Column(f"n{i}", ColumnType.INTEGER) for i in range(6))
    frame = pd.DataFrame(rng.integers(0, 9, (80, 6)), columns=[c.name for c in columns])
    values = frame.to_numpy() @ rng.normal(size=6) + rng.normal(size=80)
    records = Records(frame, np.zeros(80, dtype=np.intp), values)
    parameters = replace(saved(Ridge(5.0).fit(frame.to_numpy(), values)), penalty=None)
    found, assessed, figures = graded(LinearRecord(records=40), context(parameters, records, columns, ()))
    assert "solved for" in found.notes[0]
    assert (assessed.score or 0.0) > 50
    assert (figures["reconstruction_error"].value or 1.0) < (figures["reconstruction_error_guess"].value or 0.0)


def test_three_classes_behind_a_scaler_as_a_file_keeps_them() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    records = numbers(90, classes=3)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, tol=1e-10, max_iter=2_000))
    parameters = saved(model.fit(records.features.to_numpy(), records.labels))
    assert parameters.penalty == 2.0
    assert parameters.centre == pytest.approx(records.features.mean().to_numpy())
    _, assessed, figures = graded(LinearRecord(), context(parameters, records, NUMBERS, ("a", "b", "c")))
    assert (figures["rebuilt_within@0.01"].value or 0.0) > 0.9
    assert (assessed.score_low or 0.0) > 90


def test_an_early_stop_is_told_from_an_optimum() -> None:
    from sklearn.linear_model import LogisticRegression

    records, scores = numbers(200), []
    for tolerance in (1e-10, 3e-2):
        parameters = saved(LogisticRegression(tol=tolerance, max_iter=2_000).fit(records.features.to_numpy(), records.labels))
        found, assessed, _ = graded(LinearRecord(tolerance=tolerance), context(parameters, records, NUMBERS, CLASSES))
        scores.append(assessed.score or 0.0)
        assert controls.premise(found.figures["gradient_left"]).passed is (tolerance < 1e-3)
    assert scores[1] < 50 < scores[0]


def test_a_record_that_was_held_back_shows() -> None:
    everybody = people(150, np.random.default_rng(5))
    model = linear_record_known.fitted(everybody, COLUMNS, FEATURES, 2.0)
    surprising = np.abs(everybody.features["wage"]).to_numpy().argmax()
    short = everybody.take(np.arange(150) != surprising)
    found = LinearRecord(tolerance=0.0).run(context(model, short, COLUMNS, CLASSES))
    assert found.figures["gradient_left"] > 0.1
    strangers = LinearRecord(tolerance=0.0).run(context(model, people(150, np.random.default_rng(6)), COLUMNS, CLASSES))
    assert controls.premise(strangers.figures["gradient_left"]).passed is False


def test_controls_say_what_they_found() -> None:
    assert controls.known(1.0).passed
    assert controls.known(0.5).passed is False
    assert controls.strangers(0.0).passed
    assert controls.strangers(0.2).passed is False


def test_evidence_survives_the_store() -> None:
    found, _ = linear_record_known.found_of(LinearRecord(), 1)
    back = from_arrays(to_arrays(found), None)
    assert isinstance(back, Reconstructions)
    assert back.rows is not None
    np.testing.assert_array_equal(back.rows, found.rows)
    pd.testing.assert_frame_equal(back.records, found.records)


def test_the_audit_hands_over_the_members_and_the_rest_of_the_training_data() -> None:
    everybody, rest = people(40, np.random.default_rng(0)), people(7, np.random.default_rng(1))
    inside = np.arange(40) % 2 == 0
    data = AuditData(COLUMNS, CLASSES, everybody, inside, people(9, np.random.default_rng(2)), training=rest)
    profile = Profile(Output.PROBABILITIES, CLASSES)
    made = context_for(LinearRecord(), data, profile, lambda frame: np.empty(0), lambda fraction: None, {"seed": 1})
    assert made.training is not None
    assert made.training.rows.tolist() == [*range(0, 40, 2), *[-1] * 7]
    assert len(made.training.records) == 27


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda made: replace(made, layers=made.layers * 2), "holds a network"),
        (lambda made: replace(made, features=("wage", "age", "owner", "a", "b", "c")), "no columns of the records"),
        (lambda made: replace(made, layers=(Layer(made.layers[0].weight, np.zeros(1)),)), "without an intercept"),
        (lambda made: replace(made, output="identity"), "answers a number, and the target"),
        (lambda made: replace(made, layers=(Layer(np.ones((3, 6)), np.ones(3)),), output="softmax"), "3 outputs and the target 2"),
    ],
)
def test_what_does_not_follow_is_refused(change: Callable[[Layers], Layers], sentence: str) -> None:
    everybody = people(60, np.random.default_rng(0))
    model = change(linear_record_known.fitted(everybody, COLUMNS, FEATURES, 1.0))
    with pytest.raises(AttackFailed, match=sentence):
        LinearRecord().run(context(model, everybody, COLUMNS, CLASSES))


def test_missing_cells_and_too_few_records_are_refused() -> None:
    everybody = people(60, np.random.default_rng(0))
    model = linear_record_known.fitted(everybody, COLUMNS, FEATURES, 1.0)
    holes = replace(everybody, features=everybody.features.assign(wage=np.where(np.arange(60) == 3, np.nan, 1.0)))
    with pytest.raises(AttackFailed, match="missing cells"):
        LinearRecord().run(context(model, holes, COLUMNS, CLASSES))
    with pytest.raises(AttackFailed, match="20 or more"):
        LinearRecord().run(context(model, everybody.take(np.arange(19)), COLUMNS, CLASSES))


@pytest.mark.parametrize(
    ("name", "value"), [("records", 9), ("records", 1.5), ("tolerance", -1.0), ("tolerance", None), ("penalty", "1")]
)
def test_parameters_are_checked(name: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=rf"attacks\.linear-record\.{name}"):
        LinearRecord(**{name: value})  # type: ignore[arg-type]
