"""Reconstructions are stored as plain arrays and come back cell by cell."""

import numpy as np
import pandas as pd

from auditor.domain.evidence import Reconstructions
from auditor.workflow.evidence_store import from_arrays, to_arrays


def test_reconstructions_come_back_cell_by_cell() -> None:
    records = pd.DataFrame(
        {
            "age": np.array([31, 64]),
            "job": pd.Series(["clerk", None], dtype=object),
            "income": [12.5, np.nan],
            "owner": pd.Series([True, False], dtype=object),
        }
    )
    claimed = Reconstructions(records, np.array([0, 1]), np.array([3.5, -1.0]), {"generations": 40.0}, ("It stopped early.",))
    arrays = to_arrays(claimed)
    assert all(array.dtype != object for array in arrays.values())
    back = from_arrays(arrays, None)
    assert isinstance(back, Reconstructions)
    pd.testing.assert_frame_equal(back.records, records)
    assert back.labels.tolist() == [0, 1]
    assert back.scores.tolist() == [3.5, -1.0]
    assert (back.figures, back.notes) == (claimed.figures, claimed.notes)


def test_pixels_alone_come_back_exactly() -> None:
    pixels = np.random.default_rng(0).random((3, 16))
    claimed = Reconstructions(pd.DataFrame(pixels, columns=[f"p{i}" for i in range(16)]), np.arange(3), np.zeros(3))
    back = from_arrays(to_arrays(claimed), None)
    assert isinstance(back, Reconstructions)
    np.testing.assert_array_equal(back.records.to_numpy(), pixels)
    assert list(back.records.columns) == list(claimed.records.columns)
