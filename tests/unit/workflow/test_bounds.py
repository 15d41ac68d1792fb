"""Declared ends of numbers and the shape of images, held against the records."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import AuditData
from auditor.domain.spec import parse
from auditor.errors import InvalidInput
from auditor.workflow.prepare import RawTable, prepare


def table(seed: int, extra: bool) -> RawTable:
    rng = np.random.default_rng(seed)
    cells: dict[str, Any] = {f"p{i}": rng.integers(0, 256, 60).astype(str) for i in range(6)}
    if extra:
        cells["town"] = rng.choice(["york", "bath"], 60)
    cells["label"] = rng.choice(["no", "yes"], 60)
    return RawTable(pd.DataFrame(cells).astype(object), {})


def ready(extra: bool = False, **changes: Any) -> AuditData:
    document = {"members": "a", "non_members": "b", "label": "label", **changes}
    spec = parse({"spec": 1, "target": {"url": "http://127.0.0.1/"}, "data": document}).data
    return prepare(spec, {"members": table(1, extra), "non_members": table(2, extra)}, (), 7)


def test_bounds_and_shapes_that_fit_are_kept() -> None:
    data = ready(bounds={"p0": [0, 255], "p3": [-1, 300.5]}, image_shape=[2, 3])
    assert data.bounds == {"p0": (0.0, 255.0), "p3": (-1.0, 300.5)}
    assert ready().bounds == {}
    ready(image_shape=[1, 2, 3])


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"bounds": {"p9": [0, 1]}}, "data.bounds.p9", "known are: p0, p1"),
        ({"bounds": {"p0": [9, 9]}}, "data.bounds.p0", "low end first"),
        ({"bounds": {"p0": [0, 100]}}, "data.bounds.p0", "widen 0 to 100; the records hold"),
        ({"bounds": {"town": [0, 1]}, "extra": True}, "data.bounds.town", "bounds are of numbers"),
        ({"image_shape": [3, 3]}, "data.image_shape", "3 x 3 makes 9 cells and the records have 6 features"),
        ({"image_shape": [6]}, "data.image_shape", "rows, columns"),
        ({"image_shape": [3, 1, 2]}, "data.image_shape", "in colour"),
        ({"image_shape": [7, 1], "extra": True}, "data.image_shape", "exclude 'town'"),
    ],
)
def test_what_contradicts_the_records_is_refused(changes: dict[str, Any], field: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence) as refused:
        ready(**changes)
    assert refused.value.field == field
