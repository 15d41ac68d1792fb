"""Thousands of changed answers, and any JSON at all: a sentence, or what the body says. `benchmarks fuzz` tries 100,000."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.domain.target import Output
from auditor.errors import BadAnswer
from benchmarks.fuzz import BAD, probabilities, tried
from benchmarks.fuzzing.exchanges import CLASSES, FORMS
from benchmarks.fuzzing.verdict import broken, judged, off_range

LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(["0.5", *CLASSES]))
KEYS = st.sampled_from(
    ["predictions", "outputs", "data", "shape", "name", "datatype", "label", "score", "scores", "classes", "a", "b"]
)
DOCUMENTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@pytest.mark.parametrize("name", FORMS)
def test_a_sound_answer_of_every_form_is_read_to_the_last_digit(name: str) -> None:
    form = FORMS[name]
    p = probabilities(np.random.default_rng(5), form)
    assert judged(form, form.body(p), form.kind, form.meant(p)).name == "same"


def test_no_changed_answer_is_read_as_what_it_does_not_say() -> None:
    outcomes = list(tried(3_000, seed=11))
    assert [(name, body, outcome.why) for name, body, outcome in outcomes if outcome.name in BAD] == []
    assert {outcome.name for _, _, outcome in outcomes} == {"refused", "same", "as said"}


@settings(max_examples=60)
@given(document=DOCUMENTS, wrapped=st.sampled_from(["", "predictions", "outputs", "data", "result"]))
def test_any_json_is_a_sentence_or_what_it_says(document: Any, wrapped: str) -> None:
    content = json.dumps({wrapped: document} if wrapped else document).encode()
    for form in FORMS.values():
        outcome = judged(form, content, form.kind, np.zeros((form.records, 1)))
        assert outcome.name not in BAD, (outcome.why, content)


@settings(max_examples=100)
@given(content=st.binary(max_size=60), kind=st.sampled_from(["application/json", "text/csv", "application/jsonlines", ""]))
def test_any_bytes_are_a_sentence_or_what_they_say(content: bytes, kind: str) -> None:
    for name in ("bentoml", "sagemaker, CSV", "sagemaker, lines", "torchserve", "mlflow, labels"):
        outcome = judged(FORMS[name], content, kind, np.zeros((FORMS[name].records, 1)))
        assert outcome.name not in BAD, (outcome.why, content)


class TestTheJudge:
    """It finds what it is there for: readings that the body does not bear out."""

    def judged(self, said: str, read: str) -> str:
        """The verdict where the client is given another body than the judge."""
        form = FORMS["bentoml"]
        reply, result = form.read(read.encode(), form.kind)
        return next((why for why in broken(form, reply, result, said.encode(), form.kind) if why), "")

    GOOD = "[[0.1, 0.2, 0.7], [0.2, 0.3, 0.5], [0.3, 0.3, 0.4], [0.6, 0.3, 0.1]]"

    def test_a_right_reading_passes(self) -> None:
        assert self.judged(self.GOOD, self.GOOD) == ""

    @pytest.mark.parametrize(
        "said",
        [
            GOOD.replace("0.7", '"0.7"'),
            GOOD.replace("0.7", "0.71"),
            GOOD.replace("[0.2, 0.3, 0.5], [0.3, 0.3, 0.4]", "[0.3, 0.3, 0.4], [0.2, 0.3, 0.5]"),
            GOOD.replace("[0.6, 0.3, 0.1]", ""),
            '{"a": 1, "a": ' + GOOD + "}",
        ],
    )
    def test_a_wrong_one_does_not(self, said: str) -> None:
        assert self.judged(said, self.GOOD)

    @pytest.mark.parametrize(
        ("output", "rows"),
        [
            (Output.PROBABILITIES, [[0.5, 0.6]]),
            (Output.PROBABILITIES, [[1.1, -0.1]]),
            (Output.PROBABILITIES, [[np.nan, 1.0]]),
            (Output.PROBABILITIES, [[-0.0, 1.0]]),
            (Output.LABELS, [[0.5, 0.5]]),
            (Output.TOP_K, [[np.nan, np.nan]]),
            (Output.TOP_K, [[0.9, 0.9]]),
            (Output.VALUE, [[np.inf]]),
        ],
    )
    def test_numbers_out_of_range_are_seen(self, output: Output, rows: Any) -> None:
        assert off_range(output, np.array(rows))


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        ({"datatype": "INT64"}, "says datatype INT64"),
        ({"datatype": "UINT8"}, "says datatype UINT8"),
        ({"datatype": "BYTES"}, "says datatype BYTES"),
        ({"datatype": "BOOL"}, "says datatype BOOL"),
        ({"shape": [True, 3]}, "no valid shape"),
        ({"shape": [2, 3], "data": [[0.1, 0.2], [0.7, 0.2], [0.3, 0.5]]}, "says shape"),
        ({"shape": [2, 3], "data": [[0.1, 0.2, 0.7, 0.2], [0.3, 0.5]]}, "says shape"),
    ],
)
def test_a_tensor_that_is_not_what_it_says(tensor: dict[str, Any], words: str) -> None:
    whole = {"name": "p", "shape": [2, 3], "datatype": "FP64", "data": [0.1, 0.2, 0.7, 0.2, 0.3, 0.5], **tensor}
    wire = FORMS["open-inference"].wire
    with pytest.raises(BadAnswer) as refusal:
        wire.decode({"outputs": [whole]}, len(whole["shape"]))
    assert words in refusal.value.sentence
