"""Every format that is taken answers, from its process, what its own library answers in memory."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest

from auditor.domain.parameters import Count, Layers, Trees
from auditor.errors import BadAnswer
from auditor.serving.recognise import FileKind
from auditor.serving.served import Served, open_model
from tests import model_files
from tests.model_files import Saved

FORMATS: dict[FileKind, tuple[Callable[[], Saved], float]] = {
    FileKind.XGBOOST_JSON: (model_files.xgboost_file, 0.0),
    FileKind.XGBOOST_UBJ: (lambda: model_files.xgboost_file("ubj"), 0.0),
    FileKind.LIGHTGBM: (model_files.lightgbm_file, 0.0),
    FileKind.SKOPS: (model_files.skops_file, 0.0),
    FileKind.ONNX: (model_files.onnx_file, 1e-6),  # onnxruntime adds up in single precision
    FileKind.SAFETENSORS: (model_files.perceptron_file, 1e-12),
}

COUNTED = {
    FileKind.XGBOOST_JSON: Count.HESSIANS,
    FileKind.XGBOOST_UBJ: Count.HESSIANS,
    FileKind.LIGHTGBM: Count.RECORDS,
    FileKind.SKOPS: Count.WEIGHTS,
    FileKind.ONNX: Count.UNKNOWN,
}


@pytest.fixture(scope="module", params=FORMATS, ids=str)
def opened(request: pytest.FixtureRequest) -> Iterator[tuple[Served, Saved, float]]:
    make, tolerance = FORMATS[request.param]
    saved = make()
    served = open_model(saved.data)
    assert served.kind is request.param
    yield served, saved, tolerance
    served.close()


def test_answers_are_those_of_the_model_in_memory(opened: tuple[Served, Saved, float]) -> None:
    served, saved, tolerance = opened
    answer = served.ask(saved.frame)
    assert answer.numbers is not None
    assert np.abs(answer.numbers - saved.expected).max() <= tolerance


def test_a_record_alone_is_answered_as_among_others(opened: tuple[Served, Saved, float]) -> None:
    served, saved, tolerance = opened
    alone = served.ask(saved.frame.iloc[[7]]).numbers
    assert alone is not None
    assert np.abs(alone - saved.expected[[7]]).max() <= max(tolerance, 1e-12)


def test_the_process_reaches_nothing(opened: tuple[Served, Saved, float]) -> None:
    served, *_ = opened
    assert served.sandbox["network"] == "isolated"
    assert served.sandbox["system_calls"] == "filtered"


def test_records_that_do_not_fit_are_refused_and_the_next_ones_answered(opened: tuple[Served, Saved, float]) -> None:
    served, saved, _ = opened
    with pytest.raises(BadAnswer, match=r"model (wants|takes)|feature"):
        served.ask(pd.DataFrame({"strange": [1.0]}))
    assert served.ask(saved.frame.iloc[:3]).numbers is not None


def test_the_parameters_give_the_same_answers(opened: tuple[Served, Saved, float]) -> None:
    """What is described is the model: the neutral form, walked here, ranks the records as the library does."""
    served, saved, _ = opened
    found = served.describe()
    if isinstance(found, Layers):
        hidden = saved.frame.to_numpy()
        for layer in found.layers[:-1]:
            hidden = np.tanh(hidden @ layer.weight.T + layer.bias)
        scores = hidden @ found.layers[-1].weight.T + found.layers[-1].bias
        assert np.allclose(np.argmax(scores, axis=1), saved.expected.argmax(axis=1))
        return
    assert isinstance(found, Trees)
    assert len(found.starts) - 1 == (5 if served.kind in (FileKind.SKOPS, FileKind.ONNX) else 8)
    if served.kind is FileKind.SKOPS:  # a bagged forest: the seeds tell what each tree drew
        assert found.draw_seeds.tolist() == [tree.random_state for tree in saved.model[-1].estimators_]
    else:
        assert not len(found.draw_seeds)
    if served.kind is FileKind.ONNX:
        assert np.allclose(walked(found, saved.frame.to_numpy(np.float32)), saved.expected, atol=1e-6)


def walked(
    trees: Trees, rows: "np.ndarray[tuple[int, int], np.dtype[np.float32]]"
) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """The sum over trees of the leaves that records end in; one output of two classes stands for the second."""
    total = np.zeros((len(rows), trees.value.shape[1]))
    for start in trees.starts[:-1]:
        at = np.full(len(rows), start)
        while (inner := ~trees.is_leaf[at]).any():
            x = rows[np.arange(len(rows)), trees.feature[at]]
            left = x <= trees.threshold[at] if trees.closed else x < trees.threshold[at]
            at = np.where(inner, np.where(left, trees.left[at], trees.right[at]), at)
        total += trees.value[at]
    return total if total.shape[1] == 2 else np.hstack([1 - total, total])


def test_counts_say_what_they_count(opened: tuple[Served, Saved, float]) -> None:
    served, *_ = opened
    found = served.describe()
    if not isinstance(found, Trees):
        return
    assert found.counted is COUNTED[served.kind]
    if found.counted is Count.HESSIANS:
        assert found.count[0] == pytest.approx(model_files.ROWS / 4, rel=0.05)  # p (1 - p) of each record
    elif found.counted is not Count.UNKNOWN:
        assert found.count[0] == model_files.ROWS
