"""What looks like an answer and is none: each is refused in a sentence, and nothing is guessed."""

from typing import Any

import numpy as np
import pytest

from auditor.domain.target import Output, Profile, Rows, Target, WireProtocol
from auditor.errors import BadAnswer
from auditor.querying.answers import answers
from auditor.querying.endpoint import parse_url
from auditor.querying.protocols import media, wire_for
from auditor.querying.protocols.reading import read
from auditor.querying.reply import Reply, from_rows

CLASSES = ("no", "yes")
JSON, CSV, LINES = "application/json", "text/csv", "application/jsonlines"


def answered(rows: Any, output: Output = Output.PROBABILITIES, n: int = 2, classes: tuple[str, ...] = CLASSES) -> Any:
    return answers(read(rows, n, output), Profile(output, classes)).tolist()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["0.5", "0.5"], ["0.1", "0.9"]], "the text '0.5'"),
        ([[0.5, "0.5"], [0.1, 0.9]], "the text '0.5'"),
        ([[True, False], [False, True]], "'True'"),
        ([0.5, True], "'True'"),
        ([["0.5"], [0.5]], "alike"),
        ([[[0.1, 0.9], [0.2, 0.8]], [[0.1, 0.9], [0.2, 0.8]]], "2 x 2 numbers a record"),
        ([[[[[[[0.5]]]]]], [[[[[[0.5]]]]]]], "where numbers"),
        ([[1e400, 0.0], [0.5, 0.5]], "finite"),
        ([{"no": 0.5, "yes": "0.5"}] * 2, "the text '0.5'"),
        ([{"no": 0.5, "yes": True}] * 2, "'True'"),
        ([{"classes": ["no", "no"], "scores": [0.5, 0.5]}] * 2, "a class of a record twice"),
        ([{"classes": "ny", "scores": [0.5, 0.5]}, {"classes": ["no", "yes"], "scores": [0.5, 0.5]}], "do not go together"),
        ([{"classes": ["no", "yes"], "scores": [0.5, 0.5]}, {"classes": "ny", "scores": [0.5, 0.5]}], "do not go together"),
        ([[{"label": "no", "score": 0.9}, {"label": "no", "score": 0.1}]] * 2, "a class of a record twice"),
        ({"no": [0.5, True], "yes": [0.5, 0.5]}, "no list of predictions"),
    ],
)
def test_what_is_no_number_is_not_taken_for_one(rows: Any, words: str) -> None:
    with pytest.raises(BadAnswer) as refusal:
        answered(rows)
    assert words in refusal.value.sentence


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["yes", 1], "alike"),
        (["yes", True], "alike"),
        (["yes", "\ud800"], "label is needed"),
        ([{"label": float("nan")}] * 2, "finite"),
        ([{"label": "yes"}, {"label": float("inf")}], "label is needed"),
    ],
)
def test_what_is_no_label_is_not_taken_for_one(rows: Any, words: str) -> None:
    with pytest.raises(BadAnswer) as refusal:
        answered(rows, Output.LABELS)
    assert words in refusal.value.sentence


def test_two_names_of_one_class_are_refused() -> None:
    with pytest.raises(BadAnswer, match="names a class twice"):
        answered([{"1": 0.25, "1.0": 0.75, "0": 0.0}] * 2, classes=("0", "1"))


def test_a_record_without_any_class_is_no_top_k_answer() -> None:
    with pytest.raises(BadAnswer, match="no class at all"):
        answered([{"no": 0.5}, {}], Output.TOP_K)


def test_probabilities_stay_between_0_and_1_whatever_rounding_did() -> None:
    found = answers(Reply(np.array([[-5e-7], [1 + 5e-7], [-0.0]])), Profile(Output.PROBABILITIES, CLASSES))
    assert found.tolist() == [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    assert not np.signbit(found).any()


def test_raw_scores_of_any_size_are_a_distribution() -> None:
    assert answered([[1e308, -1e308], [-1e308, 1e308]], Output.LOGITS) == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("content", "kind", "found"),
    [
        (b"\xef\xbb\xbf0.25\n0.5\n", CSV, [0.25, 0.5]),
        (b"\xef\xbb\xbf0.25\r\n0.5\r\n", LINES, [0.25, 0.5]),
        (b"\xef\xbb\xbf[0.25]", JSON, [0.25]),
        ("[0.25]".encode("utf-16"), JSON, [0.25]),
        (b"1_000\nnan\ninf\n 1e-3\n+.5\n", CSV, ["1_000", "nan", "inf", 0.001, 0.5]),
        ("٣\n".encode(), CSV, ["٣"]),
        (b'"a\n', CSV, ["a\n"]),
    ],
)
def test_text_is_read_as_it_was_meant(content: bytes, kind: str, found: Any) -> None:
    assert media.parsed(content, kind) == found


@pytest.mark.parametrize(
    "content", [b'{"predictions": [0.1], "predictions": [0.9]}', b'[{"a": 1, "a": 2}]', b'{"a": {"b": 1, "b": 1}}']
)
def test_a_key_that_stands_twice_is_no_answer(content: bytes) -> None:
    with pytest.raises(BadAnswer, match="not JSON"):
        media.parsed(content, JSON)
    with pytest.raises(BadAnswer, match="not JSON"):
        media.parsed(content, LINES)


def test_a_content_type_is_shown_without_what_a_terminal_obeys() -> None:
    with pytest.raises(BadAnswer) as refusal:
        media.parsed(b"<html>", "text/\x1b[2Jhtml")
    assert refusal.value.sentence.isprintable()


@pytest.mark.parametrize(
    ("content", "kind", "whole"),
    [
        (b"0.5\n", CSV, True),
        (b"0.5", CSV, False),
        (b'{"a": 1}\n{"a": 2', LINES, False),
        (b'{"a": 1}', JSON, True),
        (b'{"a": 1} \n', "", True),
        (b"[0.5", JSON, False),
        (b"0.5", JSON, False),
        (b"", JSON, False),
        (b"<html>", "text/html", True),
    ],
)
def test_an_end_that_may_be_a_break_is_told_apart(content: bytes, kind: str, whole: bool) -> None:
    assert media.is_whole(content, kind) == whole


def test_one_distribution_for_two_records_is_not_two_answers() -> None:
    target = Target("http://127.0.0.1/", WireProtocol.SAGEMAKER, Rows.CSV, classes=CLASSES)
    wire = wire_for(target, (), parse_url(target.url))
    with pytest.raises(BadAnswer, match="1 answers for 2 records"):
        wire.decode([[0.25, 0.75]], 2)
    assert len(wire.decode([[0.25, 0.5]], 2)) == 2


def test_labels_in_one_list_are_of_one_kind() -> None:
    assert from_rows([1, 0.0], 2).labels == ("1", "0")
    assert from_rows([[True], [False]], 2).labels == ("true", "false")
