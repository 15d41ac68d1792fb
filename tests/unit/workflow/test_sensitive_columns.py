"""What can be inferred about people, and why some columns cannot be."""

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Records, Sensitive
from auditor.errors import InvalidInput
from auditor.workflow.sensitive_columns import POINTS, is_sensitive_usable, sensitive_of


def records(**columns: object) -> Records:
    frame = pd.DataFrame(columns)
    return Records(frame, np.zeros(len(frame), np.intp))


def found(cells: object, columns: tuple[str, ...] = ("s",)) -> Sensitive:
    known = records(s=cells, t=pd.Series(["x"] * len(pd.Series(cells)), dtype=object))
    return sensitive_of("s", columns, {"member": known}, known)


def test_few_values_are_categories_even_if_they_are_numbers() -> None:
    attribute = found(np.array([3, 1, 2] * 50))
    assert (attribute.values, attribute.is_number) == (((1,), (2,), (3,)), False)


def test_a_missing_category_is_a_value() -> None:
    assert found(pd.Series(["a", None] * 10, dtype=object)).values == (("a",), (None,))


def test_a_number_becomes_a_grid_of_quantiles_that_occur() -> None:
    cells = np.random.default_rng(0).normal(size=2_000)
    attribute = found(cells)
    assert attribute.is_number
    grid = [cell for (cell,) in attribute.values]
    assert len(grid) == POINTS
    assert grid == sorted(grid)
    assert set(grid) <= set(cells)
    shares = np.diff([0, *np.searchsorted(np.sort(cells), grid), 2_000]) / 2_000
    assert shares[1:-1] == pytest.approx(np.full(31, 1 / 32), abs=0.001)
    assert is_sensitive_usable(attribute) is None


def test_whole_numbers_stay_whole_and_missing_ones_make_no_point() -> None:
    attribute = found(np.arange(1_000) % 70)
    assert attribute.is_number
    assert all(isinstance(cell, int) for (cell,) in attribute.values)
    gaps = found(np.where(np.arange(1_000) % 7 == 0, np.nan, np.arange(1_000) % 70))
    assert all(cell == cell for (cell,) in gaps.values)


def test_numbers_that_all_differ_are_no_names() -> None:
    assert found(np.random.default_rng(0).normal(size=300)).is_number


NAMES, CODES, SHARED = [f"id {i}" for i in range(50)], np.arange(50), ["a", "b"] * 25


@pytest.mark.parametrize("cells", [NAMES, CODES])
@pytest.mark.parametrize("place", ["auxiliary record", "member and non-member"])
def test_what_differs_in_every_record_names_a_person(cells: object, place: str) -> None:
    """Where there are no auxiliary records, too."""
    named, shared = records(s=pd.Series(cells)), records(s=pd.Series(SHARED, dtype=object))
    asked, known = (shared, named) if place == "auxiliary record" else (named, named.take(np.arange(0)))
    with pytest.raises(InvalidInput, match=f"different (in|for) every {place}") as refusal:
        sensitive_of("s", ("s",), {"member": asked}, known)
    assert refusal.value.field == "data.sensitive"


EMPTY = records(s=pd.Series([None] * 30, dtype=object))


@pytest.mark.parametrize(
    ("member", "other", "sentence"),
    [
        (EMPTY, EMPTY, "missing in every member and non-member"),
        (EMPTY, records(s=pd.Series(SHARED, dtype=object)), "missing in every member; take it out"),
        (records(s=pd.Series(SHARED, dtype=object)), EMPTY, "missing in every non-member; take it out"),
        (records(s=np.ones(30)), records(s=np.ones(20)), "the same for every member and non-member; there is nothing to infer"),
    ],
)
def test_what_cannot_be_inferred_of_anybody_is_refused(member: Records, other: Records, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        sensitive_of("s", ("s",), {"member": member, "non-member": other}, records(s=pd.Series(["a", "b"], dtype=object)))


def test_many_texts_are_kept_and_refused_later() -> None:
    attribute = found(pd.Series([f"town {i % 30}" for i in range(90)], dtype=object))
    assert "group it into at most 20" in str(is_sensitive_usable(attribute))


def test_without_auxiliary_records_no_value_is_known() -> None:
    known = records(s=pd.Series(["a", "b"], dtype=object))
    attribute = sensitive_of("s", ("s",), {"member": known}, records(s=pd.Series([], dtype=object)))
    assert attribute.values == ()
    assert "give data.auxiliary" in str(is_sensitive_usable(attribute))
