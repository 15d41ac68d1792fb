"""The search for the right form, over targets in this process that answer one form and refuse all others."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.target import Output, Rows, Target, WireProtocol
from auditor.errors import BadAnswer, BudgetExhausted, TargetRefused, TargetUnreachable
from auditor.querying import MemoryLedger, Rate
from auditor.querying.discovery import Sample, Search, form_of
from auditor.querying.faults import Busy, Denied, Failing, HungUp, Interrupted
from auditor.querying.forms import adapters, likely
from auditor.querying.reply import Reply, from_rows
from auditor.querying.transport import Transport

FRAME = pd.DataFrame({"age": np.arange(40), "hours": np.arange(40) / 7})
LABELS = ["no" if age < 20 else "yes" for age in range(40)]
Fits = Callable[[Target], bool]


class Picky:
    """Answers targets of the form that fits, and raises `refusal` for all others."""

    def __init__(
        self, fits: Fits, refusal: Exception | None = None, predict: Any = None, understands: Fits = lambda target: False
    ) -> None:
        self.fits = fits
        self.understands = understands
        self.refusal = refusal or TargetRefused("The target refuses the request (400).")
        self.predict = predict or (lambda frame: [[1 - a / 40, a / 40] for a in frame["age"]])
        self.rows = 0

    def __call__(self, target: Target) -> Transport:
        return _Reached(self, target)


class _Reached:
    def __init__(self, picky: Picky, target: Target) -> None:
        self.picky, self.target = picky, target

    def ask(self, frame: pd.DataFrame) -> Reply:
        self.picky.rows += len(frame)
        if not self.picky.fits(self.target):
            if self.picky.understands(self.target):
                raise BadAnswer("Nothing is there.")
            raise self.picky.refusal
        return from_rows(self.picky.predict(frame), len(frame))


def search(picky: Picky, ledger: MemoryLedger | None = None, labels: list[str] | None = None) -> Search:
    return Search(picky, ledger or MemoryLedger(), Sample.of(FRAME, LABELS if labels is None else labels, True))


def at(path: str) -> Target:
    return Target("http://models.example.com" + path)


def named(protocol: str, rows: str = "records") -> Fits:
    return lambda target: (target.protocol, target.rows) == (protocol, rows)


def test_the_form_that_is_answered_is_found_and_measured() -> None:
    picky, ledger = Picky(named("mlflow", "matrix")), MemoryLedger()
    found = search(picky, ledger).run(at("/invocations"))
    assert (found.target.protocol, found.target.rows) == (WireProtocol.MLFLOW, Rows.MATRIX)
    assert (found.target.output, found.target.classes) == (Output.PROBABILITIES, ("no", "yes"))
    assert found.profile.classes == ("no", "yes")
    assert [attempt.target.rows for attempt in found.attempts] == ["records", "split", "columns"]
    assert picky.rows == ledger.spent <= 764 + 2 * 4


def test_every_row_is_booked_before_it_is_sent() -> None:
    picky = Picky(named("vertex"))
    with pytest.raises(BudgetExhausted):
        search(picky, MemoryLedger(budget=5)).run(at("/invocations"))
    assert picky.rows <= 5


@pytest.mark.parametrize("refusal", [TargetRefused("no"), Failing("500", None), BadAnswer("odd"), HungUp("closed")])
def test_what_is_refused_in_one_form_is_tried_in_another(refusal: Exception) -> None:
    found = search(Picky(named("mlflow", "csv"), refusal)).run(at("/invocations"))
    assert found.target.rows is Rows.CSV
    assert {attempt.sentence for attempt in found.attempts} == {refusal.sentence}  # type: ignore[attr-defined]


@pytest.mark.parametrize("refusal", [Denied("who are you?"), Interrupted("gone"), Busy("later", 9999.0)])
def test_what_no_other_form_would_change_ends_the_search(refusal: Exception) -> None:
    picky = Picky(named("mlflow", "csv"), refusal)
    with pytest.raises((TargetRefused, TargetUnreachable, Busy)) as ended:
        search(picky).run(at("/invocations"))
    assert ended.value is refusal
    assert picky.rows == 2


def test_a_busy_target_is_asked_again_in_the_same_form() -> None:
    faults: list[Exception] = [Busy("429", None), Busy("429", None)]

    def predict(frame: pd.DataFrame) -> Any:
        if faults:
            raise faults.pop()
        return [[1 - a / 40, a / 40] for a in frame["age"]]

    picky, ledger, waits = Picky(named("mlflow", "records"), predict=predict), MemoryLedger(), []
    rate = Rate(sleep=waits.append)
    found = Search(picky, ledger, Sample.of(FRAME, LABELS, True), rate).run(at("/invocations"))
    assert (found.target.rows, found.attempts) == (Rows.RECORDS, ())
    assert len(waits) == 2
    assert picky.rows == ledger.spent


def test_the_rate_holds_for_tries_too() -> None:
    now, waits = [0.0], []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    ledger = MemoryLedger()
    Search(Picky(named("mlflow", "split")), ledger, Sample.of(FRAME, LABELS, True), Rate(100, lambda: now[0], sleep)).run(
        at("/invocations")
    )
    # The rows of the last exchange are paid for by those who come after it.
    assert sum(waits) >= (ledger.spent - 512) / 100


def test_an_adapter_is_found_by_body_first_and_place_second() -> None:
    def understands(target: Target) -> bool:
        return target.adapter is not None and target.adapter.body == {"rows": "$rows"}

    def fits(target: Target) -> bool:
        return target.adapter is not None and understands(target) and target.adapter.answer == "result"

    found = search(Picky(fits, understands=understands)).run(at("/anything"))
    assert found.target.adapter is not None
    assert form_of(found.target) == "json, body {'rows': '$rows'}, answer result"
    bodies = [str(attempt.target.adapter.body) for attempt in found.attempts if attempt.target.adapter]
    assert bodies.count("{'rows': '$rows'}") == 9  # the places before the right one
    assert bodies.count("{'rows': '$records'}") == 1  # a body that is refused is not sent again


def test_a_target_that_answers_nothing_is_told_with_its_first_words() -> None:
    with pytest.raises(TargetRefused, match=r"none of \d+ usual forms.*To the first of them it said: The target refuses"):
        search(Picky(lambda target: False)).run(at("/anything"))


def test_an_echo_is_no_answer() -> None:
    echo = Picky(lambda target: True, predict=lambda frame: frame.to_dict("records"))
    with pytest.raises(TargetRefused, match="sends back the record"):
        search(echo).run(at("/invocations"))


def test_records_without_a_missing_cell_are_asked_first() -> None:
    frame = pd.DataFrame({"age": [np.nan, 1.0, 2.0]})
    sample = Sample.of(frame, ["a", "b", "c"], True)
    assert sample.frame["age"].tolist()[:2] == [1.0, 2.0]
    assert list(sample.labels) == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("path", "protocol"),
    [
        ("/v2/models/m/infer", "open-inference"),
        ("/v1/models/m:predict", "kserve-v1"),
        ("/v1/projects/p/locations/l/endpoints/7:predict", "vertex"),
        ("/serving-endpoints/m/invocations", "databricks"),
        ("/endpoints/m/invocations", "sagemaker"),
        ("/invocations?x=1", "mlflow"),
        ("/score", "azureml"),
        ("/predictions/m", "torchserve"),
        ("/seldon/ns/m/api/v1.0/predictions", "seldon"),
        ("/classify", "bentoml"),
    ],
)
def test_the_address_says_what_is_tried_first(path: str, protocol: str) -> None:
    assert next(likely(at(path), path, True)).protocol == protocol


def test_a_matrix_is_tried_only_where_all_columns_are_numbers() -> None:
    assert {t.rows for t in likely(at("/score"), "/score", True)} == {Rows.RECORDS, Rows.MATRIX, Rows.SPLIT}
    assert {t.rows for t in likely(at("/score"), "/score", False)} == {Rows.RECORDS, Rows.SPLIT}


def test_bodies_for_one_record_are_tried_last() -> None:
    single = [str(places[0].adapter).count("$record'") + str(places[0].adapter).count("$row'") > 0 for places in adapters(at("/"))]
    assert single == sorted(single)
