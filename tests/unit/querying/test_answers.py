import numpy as np
import pytest
from scripted_target import profile

from auditor.domain.target import Output
from auditor.errors import BadAnswer
from auditor.querying import Reply
from auditor.querying.answers import answers, sum_tolerance
from auditor.querying.reply import from_numbers, from_rows, label_text

THREE = ("a", "b", "c")


def read(rows, **changes):
    return answers(from_rows(rows, len(rows)), profile(**changes)).tolist()


def test_probabilities_pass_as_they_are():
    assert read([[0.9, 0.1], [0.25, 0.75]]) == [[0.9, 0.1], [0.25, 0.75]]


def test_one_number_is_the_probability_of_the_second_class():
    assert read([0.25, 1]) == [[0.75, 0.25], [0.0, 1.0]]
    assert read([[0.25], [0.5]]) == [[0.75, 0.25], [0.5, 0.5]]


def test_names_put_the_classes_in_order():
    assert read([{"yes": 0.2, "no": 0.8}, {"no": 0.5, "yes": 0.5}]) == [[0.8, 0.2], [0.5, 0.5]]


@pytest.mark.parametrize(
    "row",
    [
        {"classes": ["yes", "no"], "scores": [0.2, 0.8]},
        {"labels": ["yes", "no"], "probabilities": [0.2, 0.8]},
        {"label": "no", "probabilities": [0.8, 0.2]},
        {"predict_proba": [0.8, 0.2]},
    ],
)
def test_fields_around_the_scores_are_understood(row):
    assert read([row, row]) == [[0.8, 0.2], [0.8, 0.2]]


@pytest.mark.parametrize("row", ["yes", ["yes"], {"label": "yes"}, {"predicted_label": "yes", "score": 0.9}, {"class": "yes"}])
def test_labels_become_ones_and_zeros(row):
    assert read([row, row], output=Output.LABELS) == [[0, 1], [0, 1]]


@pytest.mark.parametrize(
    ("rows", "classes"),
    [
        ([0, 1], ("0", "1")),
        ([0.0, 1.0], ("0", "1")),
        ([[0], [1]], ("0", "1")),
        ([0, 1], ("0.0", "1.0")),
        ([-1, 1], ("-1", "1")),
        ([False, True], ("false", "true")),
        ([0, 1], ("no", "yes")),
        (["0", "1"], ("0", "1")),
    ],
)
def test_labels_meet_the_classes_however_they_are_written(rows, classes):
    assert read(rows, output=Output.LABELS, classes=classes) == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("label", "classes"), [("maybe", ("no", "yes")), (2, ("no", "yes")), (-1, ("no", "yes")), (2, ("0", "1")), ("", ("no", "yes"))]
)
def test_an_unknown_label_names_the_classes(label, classes):
    with pytest.raises(BadAnswer, match=r"none of its classes.*target\.classes"):
        read([label], output=Output.LABELS, classes=classes)


def test_logits_go_through_a_softmax():
    found = np.array(read([[1.0, 3.0], [800.0, -800.0]], output=Output.LOGITS))
    assert found[0] == pytest.approx([1 / (1 + np.exp(2)), 1 / (1 + np.exp(-2))])
    assert found[1].tolist() == [1.0, 0.0]
    single = np.array(read([0.5, -2.0], output=Output.LOGITS))
    assert single[:, 1] == pytest.approx(1 / (1 + np.exp([-0.5, 2.0])))


def test_the_top_classes_leave_the_others_unknown():
    found = np.array(read([{"a": 0.7, "b": 0.2}, {"c": 0.6, "a": 0.3}], output=Output.TOP_K, classes=THREE))
    assert np.array_equal(found, [[0.7, 0.2, np.nan], [0.3, np.nan, 0.6]], equal_nan=True)


def test_a_value_is_one_column():
    assert read([3.5, -2], output=Output.VALUE, classes=()) == [[3.5], [-2.0]]


@pytest.mark.parametrize(
    ("rows", "changes", "words"),
    [
        ([[0.9, 0.2]], {}, "add up to 1.1 instead of 1"),
        ([[1.5, -0.5]], {}, "output: logits"),
        ([1.5], {}, "from 0 to 1"),
        ([[0.2, 0.3, 0.5]], {}, "3 numbers a record, but there are 2 classes"),
        ([[0.9, 0.1]], {"classes": THREE}, "target.classes"),
        ([0.4], {"classes": THREE}, "1 numbers a record, but there are 3"),
        (["yes"], {}, "output: labels"),
        ([{"yes": 0.4}, {"no": 0.6, "yes": 0.4}], {}, "top-k"),
        ([{"yes": 0.4, "perhaps": 0.6}], {}, "'perhaps'"),
        ([[0.7, 0.6]], {"output": Output.TOP_K}, "more than 1"),
        ([0.7], {"output": Output.TOP_K}, "output: probabilities"),
        ([[0.7, 0.3]], {"output": Output.LABELS}, "stopped answering labels"),
        ([[0.7, 0.3]], {"output": Output.VALUE}, "one number a record"),
        ([{"yes": 4.0}, {"no": 1.0}], {"output": Output.LOGITS}, "every class"),
    ],
)
def test_what_does_not_fit_is_one_sentence(rows, changes, words):
    with pytest.raises(BadAnswer) as refusal:
        read(rows, **changes)
    assert words in refusal.value.sentence
    assert "\n" not in refusal.value.sentence


def test_rounding_loosens_the_sum_by_what_it_can_change():
    assert sum_tolerance(2, None) == 1e-3
    assert sum_tolerance(10, 1) == pytest.approx(0.5, abs=1e-5)
    rounded = [[0.3, 0.3, 0.3]]
    assert read(rounded, classes=THREE, decimals=1) == rounded
    with pytest.raises(BadAnswer, match="instead of 1"):
        read(rounded, classes=THREE)


def test_single_precision_may_leave_the_unit_interval_by_a_hair():
    assert read([[1.0000001, -1e-7]]) == [[1.0, 0.0]]


@pytest.mark.parametrize(
    ("rows", "n", "words"),
    [
        ([0.5], 2, "1 answers for 2 records"),
        ([0.5, 0.5, 0.5], 2, "3 answers for 2 records"),
        ([float("nan"), 0.5], 2, "NaN"),
        ([[0.5, float("inf")], [0.5, 0.5]], 2, "infinite"),
        ([None, 0.5], 2, "null"),
        ([0.5, None], 2, "null"),
        ([[0.5, 0.5], [1.0]], 2, "different lengths"),
        ([[0.5, "x"], [0.1, 0.9]], 2, "'x'"),
        ([["0.5", "0.5"], ["a", "b"]], 2, "where numbers"),
        ([{"a": 1.0}, 0.5], 2, "alike"),
        ([{"label": "a"}, {"label": None}], 2, "None"),
        (["a", ["b", "c"]], 2, "label is needed"),
        ([{"classes": ["a"], "scores": [0.1, 0.9]}] * 2, 2, "do not go together"),
        ([{"classes": ["a", "b"], "scores": [0.1, 0.9]}, {"other": 1}], 2, "do not go together"),
        ([{"a": "much"}, {"a": "little"}], 2, "where numbers"),
        ([[[]], [[]]], 2, "no numbers"),
        ([[], []], 2, "no numbers"),
        ([{}, {}], 2, "no numbers"),
        ([10**400, 1], 2, "where numbers"),
    ],
)
def test_an_answer_of_another_shape_is_refused(rows, n, words):
    with pytest.raises(BadAnswer) as refusal:
        from_rows(rows, n)
    assert words in refusal.value.sentence


def test_whole_numbers_are_labels_and_numbers_at_once():
    both = from_rows([0, 1, 1], 3)
    assert both.labels == ("0", "1", "1")
    assert both.numbers is not None
    assert both.numbers.tolist() == [[0], [1], [1]]
    assert from_rows([0.5, 1], 2).labels is None
    assert from_rows([[0, 1], [1, 0]], 2).labels is None


def test_flat_numbers_take_their_width():
    assert from_numbers([1, 2, 3, 4, 5, 6], 3).numbers.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert isinstance(from_numbers([0.5]), Reply)


def test_a_label_reads_the_same_in_every_type():
    assert [label_text(v) for v in (True, 1, 1.0, "1", 1.5, -3.0)] == ["true", "1", "1", "1", "1.5", "-3"]
