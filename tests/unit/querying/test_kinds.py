"""What a reply is told to be, before anyone declared it."""

from typing import Any

import numpy as np
import pytest

from auditor.domain.target import Output
from auditor.querying.kinds import kind_of
from auditor.querying.reply import Reply, from_rows

TWO = ["no", "yes"] * 15
NUMBERS = [str(i * 1.5) for i in range(30)]


def reply(rows: Any) -> Reply:
    return from_rows(rows, len(rows))


def column(low: float, high: float) -> list[float]:
    return [float(v) for v in np.linspace(low, high, 30)]


def pairs() -> list[list[float]]:
    """The first class is likely where the label is no."""
    return [[0.9, 0.1] if label == "no" else [0.2, 0.8] for label in TWO]


@pytest.mark.parametrize(
    ("rows", "labels", "output"),
    [
        (pairs(), TWO, Output.PROBABILITIES),
        (pairs(), [], Output.PROBABILITIES),
        ((np.array(pairs()) * 7 - 3).tolist(), TWO, Output.LOGITS),
        ((np.array(pairs()) * 0.5).tolist(), TWO, Output.LOGITS),
        ([{"no": 0.9, "yes": 0.1}] * 30, TWO, Output.PROBABILITIES),
        ([{"no": 0.9}, {"yes": 0.7}] * 15, TWO, Output.TOP_K),
        ([{"no": 2.5, "yes": -1.0}] * 30, TWO, Output.LOGITS),
        (column(0.01, 0.99), TWO, Output.PROBABILITIES),
        (column(-3.0, 3.3), TWO, Output.LOGITS),
        (TWO, TWO, Output.LABELS),
        ([0, 1] * 15, TWO, Output.LABELS),
        ([True, False] * 15, TWO, Output.LABELS),
        (column(10.0, 900.5), NUMBERS, Output.VALUE),
        (column(0.01, 0.99), NUMBERS, Output.VALUE),
        (list(range(30)), NUMBERS, Output.VALUE),
        (column(10.0, 900.5), [], Output.VALUE),
        (column(0.01, 0.99), [], Output.PROBABILITIES),
    ],
)
def test_the_kind_is_told(rows: Any, labels: list[str], output: Output) -> None:
    assert kind_of(reply(rows), labels).output is output


def test_numbers_from_too_few_values_are_classes() -> None:
    assert kind_of(reply([3, 1, 2] * 10), ["1", "2", "3"] * 10).output is Output.LABELS


def test_the_agreement_is_the_part_of_records_on_which_both_say_the_same() -> None:
    flipped = ["yes" if i < 3 else label for i, label in enumerate(TWO)]
    assert kind_of(reply(pairs()), TWO).agreement == 1.0
    assert kind_of(reply(pairs()), flipped).agreement == pytest.approx(28 / 30)


def test_another_order_is_taken_only_where_it_agrees_clearly_better() -> None:
    other = ["yes" if label == "no" else "no" for label in TWO]
    found = kind_of(reply(pairs()), other)
    assert (found.classes, found.agreement, found.is_reordered) == (("yes", "no"), 1.0, True)
    half = ["no", "no", "yes", "yes"] * 7 + ["no", "yes"]
    undecided = kind_of(reply(pairs()), half)
    assert (undecided.classes, undecided.is_reordered) == (("no", "yes"), False)


def test_classes_that_the_target_names_are_never_reordered() -> None:
    named = [{"no": p, "yes": q} for p, q in pairs()]
    found = kind_of(reply(named), ["yes" if label == "no" else "no" for label in TWO])
    assert (found.classes, found.agreement, found.is_reordered) == (("no", "yes"), 0.0, False)


def test_without_labels_the_classes_are_what_the_target_shows() -> None:
    assert kind_of(reply([{"b": 0.9, "a": 0.1}]), []).classes == ("a", "b")
    assert kind_of(reply([[0.2, 0.3, 0.5]]), []).classes == ("0", "1", "2")
    assert kind_of(reply([0.25, 0.75]), []).classes == ("0", "1")
    assert kind_of(reply(["b", "a", "b"]), []).classes == ("a", "b")


def test_answers_with_another_number_of_classes_have_no_agreement() -> None:
    assert kind_of(reply([[0.2, 0.3, 0.5]] * 30), TWO).agreement is None
