import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType
from auditor.learners.encode import MOST, Encoding, Numbers, prepare

COLUMNS = (
    Column("age", ColumnType.NUMBER),
    Column("city", ColumnType.STRING),
    Column("visits", ColumnType.INTEGER),
    Column("smoker", ColumnType.BOOLEAN),
)


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": [30.0, np.nan, 50.0, 40.0],
            "city": pd.Series(["Rome", "Oslo", None, "Rome"], dtype=object),
            "visits": [1, 2, 3, 4],
            "smoker": pd.Series([True, False, None, True], dtype=object),
        }
    )


def test_prepare_factorises_in_sorted_order_with_missing_last() -> None:
    table = prepare(frame(), COLUMNS)
    assert table.categories == (("Oslo", "Rome", None), ("False", "True", None))
    np.testing.assert_array_equal(table.codes, [[1, 1], [0, 0], [2, 2], [1, 1]])
    np.testing.assert_array_equal(table.numeric, [[30, 1], [np.nan, 2], [50, 3], [40, 4]])


def test_boolean_columns_of_either_dtype_are_the_same_categories() -> None:
    objects = pd.DataFrame({"smoker": pd.Series([True, False], dtype=object)})
    native = pd.DataFrame({"smoker": np.array([True, False])})
    assert prepare(objects, COLUMNS[3:]).categories == prepare(native, COLUMNS[3:]).categories


def test_infinities_are_missing_and_giants_fit_into_32_bits() -> None:
    table = prepare(pd.DataFrame({"age": [np.inf, -np.inf, 1e300]}), COLUMNS[:1])
    assert np.isnan(table.numeric[:2]).all()
    assert np.isfinite(np.float32(table.numeric[2]))


def test_a_numeric_column_of_only_missing_cells_as_objects_is_read() -> None:
    table = prepare(pd.DataFrame({"age": pd.Series([None, None], dtype=object)}), COLUMNS[:1])
    assert np.isnan(table.numeric).all()


def test_native_numbers_keep_missing_cells() -> None:
    matrix = Encoding.fit(prepare(frame(), COLUMNS), Numbers.NATIVE).apply(prepare(frame(), COLUMNS))
    assert matrix.shape == (4, 2 + 3 + 3)
    assert np.isnan(matrix[1, 0])
    np.testing.assert_array_equal(matrix[:, 2:], [[0, 1, 0, 0, 1, 0], [1, 0, 0, 1, 0, 0], [0, 0, 1, 0, 0, 1], [0, 1, 0, 0, 1, 0]])


def test_imputed_numbers_take_the_median_and_a_flag() -> None:
    table = prepare(frame(), COLUMNS)
    matrix = Encoding.fit(table, Numbers.IMPUTED).apply(table)
    np.testing.assert_array_equal(matrix[:, 0], [30, 40, 50, 40])
    np.testing.assert_array_equal(matrix[:, 2], [0, 1, 0, 0])


def test_scaled_numbers_have_mean_zero_and_spread_one_and_constants_survive() -> None:
    table = prepare(pd.DataFrame({"age": [1.0, 2.0, 3.0], "visits": [7, 7, 7]}), (COLUMNS[0], COLUMNS[2]))
    matrix = Encoding.fit(table, Numbers.SCALED).apply(table)
    np.testing.assert_allclose(matrix[:, 0].mean(), 0, atol=1e-12)
    np.testing.assert_allclose(matrix[:, 0].std(), 1)
    np.testing.assert_array_equal(matrix[:, 1], [0, 0, 0])


def test_unseen_categories_and_newly_missing_cells_become_zeros() -> None:
    fitted = Encoding.fit(prepare(frame().iloc[:2], COLUMNS), Numbers.IMPUTED)
    strange = pd.DataFrame({"age": [np.nan], "city": ["Paris"], "visits": [1], "smoker": pd.Series([None], dtype=object)})
    matrix = fitted.apply(prepare(strange, COLUMNS))
    assert np.isfinite(matrix).all()
    np.testing.assert_array_equal(matrix[0, 3:], np.zeros(4))


def test_encoding_rows_of_a_pool_equals_encoding_a_frame_of_these_rows() -> None:
    rng = np.random.default_rng(0)
    pool = pd.DataFrame({"age": rng.normal(size=50), "city": rng.choice(list("abcdefgh"), 50)})
    rows = rng.permutation(50)[:20]
    whole = prepare(pool, COLUMNS[:2])
    direct = prepare(pool.iloc[rows].reset_index(drop=True), COLUMNS[:2])
    for numbers in Numbers:
        np.testing.assert_array_equal(
            Encoding.fit(whole.take(rows), numbers).apply(whole), Encoding.fit(direct, numbers).apply(prepare(pool, COLUMNS[:2]))
        )


def test_only_the_most_frequent_categories_get_a_column() -> None:
    cities = [f"c{i:04d}" for i in range(MOST + 50)]
    cells = [*cities, *cities[-10:]]
    table = prepare(pd.DataFrame({"city": cells}), COLUMNS[1:2])
    encoding = Encoding.fit(table, Numbers.NATIVE)
    assert len(encoding.kept[0]) == MOST
    assert set(cities[-10:]) <= set(encoding.kept[0])


@pytest.mark.parametrize("numbers", list(Numbers))
def test_a_frame_without_numeric_columns_is_encoded(numbers: Numbers) -> None:
    table = prepare(frame(), COLUMNS[1:2])
    assert Encoding.fit(table, numbers).apply(table).shape == (4, 3)
