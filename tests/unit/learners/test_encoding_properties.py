"""Whatever a frame holds, encoding it gives finite numbers of a fixed width (NaN only where a learner takes it natively)."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.domain.data import Column, ColumnType
from auditor.learners.encode import Encoding, Numbers, prepare

COLUMNS = (Column("n", ColumnType.NUMBER), Column("s", ColumnType.STRING), Column("b", ColumnType.BOOLEAN))
numbers = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.integers(-(2**53), 2**53))
texts = st.one_of(st.none(), st.text(max_size=3))
flags = st.one_of(st.none(), st.booleans())
rows = st.lists(st.tuples(numbers, texts, flags), min_size=1, max_size=12)


def frame(cells: list[tuple[object, object, object]]) -> pd.DataFrame:
    n, s, b = zip(*cells, strict=True)
    return pd.DataFrame(
        {
            "n": np.array([np.nan if value is None else float(value) for value in n]),
            "s": pd.Series(list(s), dtype=object),
            "b": pd.Series(list(b), dtype=object),
        }
    )


@settings(max_examples=60, deadline=None)
@given(rows, rows)
def test_any_frame_is_encoded_by_what_any_other_taught(fitted: list, asked: list) -> None:
    table, other = prepare(frame(fitted), COLUMNS), prepare(frame(asked), COLUMNS)
    for kind in Numbers:
        matrix = Encoding.fit(table, kind).apply(other)
        assert len(matrix) == len(asked)
        assert matrix.shape[1] == Encoding.fit(table, kind).apply(table).shape[1]
        assert not np.isinf(matrix).any()
        if kind is not Numbers.NATIVE:
            assert np.isfinite(matrix).all()


@settings(max_examples=60, deadline=None)
@given(rows)
def test_every_fitted_row_has_exactly_one_category_in_each_column(cells: list) -> None:
    table = prepare(frame(cells), COLUMNS)
    encoding = Encoding.fit(table, Numbers.NATIVE)
    matrix = encoding.apply(table)
    width = len(encoding.kept[0])
    np.testing.assert_array_equal(matrix[:, 1 : 1 + width].sum(axis=1), 1)
    np.testing.assert_array_equal(matrix[:, 1 + width :].sum(axis=1), 1)


@settings(max_examples=60, deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_change_what_is_learned(cells: list, random: object) -> None:
    shuffled = list(cells)
    random.shuffle(shuffled)
    for kind in Numbers:
        first, second = (Encoding.fit(prepare(frame(c), COLUMNS), kind) for c in (cells, shuffled))
        assert first.kept == second.kept
        np.testing.assert_array_equal(first.fill, second.fill)
        np.testing.assert_array_equal(first.flagged, second.flagged)
        np.testing.assert_allclose(first.scale, second.scale, rtol=1e-9)
