import threading

import numpy as np
import pytest
from scripted_target import CLASSES, ScriptedTarget, frame, profile, rate, truth

from auditor.domain.target import Output
from auditor.errors import BadAnswer
from auditor.querying import EstimatorTransport, LabelsOnly, MemoryLedger, Paced, QueryClient, Reply, Rounded, TopK
from auditor.querying.answers import answers

THREE = ("a", "b", "c")
SCORES = np.array([[0.125, 0.625, 0.25], [0.4, 0.2, 0.4]])


def three():
    return EstimatorTransport(lambda asked: SCORES[: len(asked)])


def test_a_model_in_process_answers_like_a_target():
    door = QueryClient(EstimatorTransport(truth), MemoryLedger(), profile())
    assert np.array_equal(door(frame(25)), truth(frame(25)))


@pytest.mark.parametrize(
    "labels", [np.array(["no", "yes"]), np.array([0, 1]), np.array([False, True]), np.array(["no", "yes"], dtype=object)]
)
def test_a_model_may_answer_labels(labels):
    classes = ("false", "true") if labels.dtype == bool else CLASSES
    reply = EstimatorTransport(lambda asked: labels).ask(frame(2))
    assert answers(reply, profile(output=Output.LABELS, classes=classes)).tolist() == [[1, 0], [0, 1]]


def test_a_model_that_answers_too_few_is_refused():
    with pytest.raises(BadAnswer, match="2 answers for 3 records"):
        three().ask(frame(3))


def test_a_model_in_process_is_never_called_twice_at_once():
    inside, most = [], []
    gate = threading.Lock()

    def predict(asked):
        with gate:
            inside.append(1)
            most.append(len(inside))
        result = truth(asked)
        with gate:
            inside.pop()
        return result

    QueryClient(EstimatorTransport(predict), MemoryLedger(), profile(batch_size=5))(frame(500))
    assert max(most) == 1


def test_rounding_keeps_the_decimals_asked_for():
    assert Rounded(three(), 1).ask(frame(2)).numbers.tolist() == [[0.1, 0.6, 0.2], [0.4, 0.2, 0.4]]
    rounded = Rounded(EstimatorTransport(lambda asked: np.full(len(asked), 0.9)), 0).ask(frame(2))
    assert rounded.labels is None


def test_the_top_classes_hide_the_rest_and_ties_go_to_the_first():
    reply = TopK(three(), 1).ask(frame(2))
    assert np.array_equal(reply.numbers, [[np.nan, 0.625, np.nan], [0.4, np.nan, np.nan]], equal_nan=True)
    two = answers(TopK(three(), 2).ask(frame(2)), profile(output=Output.TOP_K, classes=THREE))
    assert np.isnan(two).sum(axis=1).tolist() == [1, 1]
    assert np.array_equal(TopK(three(), 3).ask(frame(2)).numbers, SCORES)


def test_labels_only_shows_the_largest():
    assert LabelsOnly(three(), THREE).ask(frame(2)).labels == ("b", "a")
    single = EstimatorTransport(lambda asked: np.array([0.2, 0.7]))
    assert LabelsOnly(single, CLASSES).ask(frame(2)).labels == ("no", "yes")
    assert LabelsOnly(three(), THREE).ask(frame(2)).numbers is None


def test_wrappers_leave_labels_alone():
    labels = ScriptedTarget(predict=lambda asked: Reply(labels=("no",) * len(asked)))
    for wrapper in (Rounded(labels, 1), TopK(labels, 1), LabelsOnly(labels, CLASSES)):
        assert wrapper.ask(frame(2)).labels == ("no", "no")


def test_wrappers_stack():
    door = LabelsOnly(TopK(Rounded(three(), 1), 2), THREE)
    assert door.ask(frame(2)).labels == ("b", "a")


def test_a_paced_transport_waits_its_turn():
    pace, clock = rate(rows=10.0)
    door = Paced(ScriptedTarget(), pace)
    door.ask(frame(20))
    door.ask(frame(1))
    assert sum(clock.waits) == pytest.approx(2.0)
