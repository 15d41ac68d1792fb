"""A pool encoded once gives every fit what encoding its own rows would give."""

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType
from auditor.learners.encode import MOST, Encoding, Numbers, Table, prepare
from auditor.learners.pool_matrix import PoolMatrix

COLUMNS = (
    Column("x", ColumnType.NUMBER),
    Column("y", ColumnType.INTEGER),
    Column("s", ColumnType.STRING),
    Column("t", ColumnType.STRING),
)


def pool(n: int, texts: int, seed: int = 0) -> Table:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    x[rng.random(n) < 0.02] = np.nan
    s, t = (rng.choice([f"c{i}" for i in range(count)], n).astype(object) for count in (texts, 3))
    s[rng.random(n) < 0.02] = None
    return prepare(pd.DataFrame({"x": x, "y": rng.integers(0, 9, n), "s": pd.Series(s, dtype=object), "t": t}), COLUMNS)


@pytest.mark.parametrize("numbers", list(Numbers))
@pytest.mark.parametrize(("n", "texts"), [(400, 5), (60, 40), (1_200, MOST + 60)], ids=["all kept", "rare", "more than the most"])
def test_every_half_is_encoded_as_by_itself(numbers: Numbers, n: int, texts: int) -> None:
    table, rng = pool(n, texts), np.random.default_rng(1)
    matrix = PoolMatrix(table, numbers)
    for _ in range(4):
        rows = np.sort(rng.permutation(n)[: n // 2])
        expected = Encoding.fit(table.take(rows), numbers).apply(table)
        found = matrix.encoded(rows)
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype


@pytest.mark.parametrize("numbers", list(Numbers))
def test_what_a_caller_does_to_one_half_reaches_no_other(numbers: Numbers) -> None:
    matrix = PoolMatrix(pool(50, 3), numbers)
    first = matrix.encoded(np.arange(25))
    kept = first.copy()
    if first.flags.writeable:
        first[:] = -1
    np.testing.assert_array_equal(matrix.encoded(np.arange(25)), kept)


@pytest.mark.parametrize("numbers", [Numbers.NATIVE, Numbers.IMPUTED])
def test_where_nothing_differs_nothing_is_copied(numbers: Numbers) -> None:
    table = pool(300, 3)
    whole = PoolMatrix(Table(np.nan_to_num(table.numeric), table.codes, table.categories), numbers)
    first, second = whole.encoded(np.arange(0, 300, 2)), whole.encoded(np.arange(1, 300, 2))
    assert first is second
    assert not first.flags.writeable
    alone = Encoding.fit(whole.table.take(np.arange(0, 300, 2)), numbers).apply(whole.table)
    np.testing.assert_array_equal(first, alone)


def test_a_pool_without_texts_or_without_numbers_is_encoded() -> None:
    table = pool(50, 3)
    for bare in (
        Table(table.numeric, np.empty((50, 0), np.int32), ()),
        Table(np.empty((50, 0)), table.codes, table.categories),
    ):
        rows = np.arange(0, 50, 2)
        expected = Encoding.fit(bare.take(rows), Numbers.SCALED).apply(bare)
        np.testing.assert_array_equal(PoolMatrix(bare, Numbers.SCALED).encoded(rows), expected)
