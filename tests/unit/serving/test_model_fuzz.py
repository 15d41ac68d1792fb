"""Bytes of model files changed at random: a sentence or finite answers, and the parent always goes on."""

import random
import time
from collections.abc import Callable

import numpy as np
import pytest

from auditor.errors import BadAnswer, InvalidInput, TargetRefused
from auditor.serving.limits import Limits
from auditor.serving.recognise import FileKind
from auditor.serving.served import Served, open_model
from tests import model_files
from tests.model_files import Saved

FORMATS: dict[FileKind, tuple[Callable[[], Saved], int]] = {
    FileKind.XGBOOST_JSON: (model_files.xgboost_file, 60),
    FileKind.XGBOOST_UBJ: (lambda: model_files.xgboost_file("ubj"), 8),
    FileKind.LIGHTGBM: (model_files.lightgbm_file, 8),
    FileKind.SKOPS: (model_files.skops_file, 8),
    FileKind.ONNX: (model_files.onnx_file, 200),
    FileKind.SAFETENSORS: (model_files.perceptron_file, 300),
}
LIMITS = Limits(seconds=3.0)
SECONDS = 30.0


def changed(data: bytes, draw: random.Random) -> bytes:
    """One to four places overwritten, cut out or doubled."""
    result = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        at, length = draw.randrange(len(result)), draw.randint(1, 8)
        piece = draw.choice([draw.randbytes(length), b"", bytes(result[at : at + length]) * 2, b"\xff" * length, b"9" * length])
        result[at : at + length] = piece
    return bytes(result)


def outcome(served: Served, data: bytes, saved: Saved) -> str:
    try:
        served.load(data)
        numbers = served.ask(saved.frame.head(3)).numbers
    except (InvalidInput, BadAnswer, TargetRefused) as refusal:
        return "refused" if refusal.sentence and "\n" not in refusal.sentence else "refused without a sentence"
    assert numbers is None or np.isfinite(numbers).all()
    return "answered"


@pytest.mark.parametrize("kind", FORMATS, ids=str)
def test_changed_bytes_never_reach_the_parent(kind: FileKind) -> None:
    make, count = FORMATS[kind]
    saved, draw, began = make(), random.Random(1), time.monotonic()
    served, tried = open_model(saved.data, LIMITS), {"refused": 0, "answered": 0}
    for _ in range(count):
        if served.ended is not None:
            served = open_model(saved.data, LIMITS)
        tried[outcome(served, changed(saved.data, draw), saved)] += 1
        if time.monotonic() - began > SECONDS:
            break
    served.close()
    assert tried["refused"]
    assert time.monotonic() - began < SECONDS + 3 * LIMITS.seconds
