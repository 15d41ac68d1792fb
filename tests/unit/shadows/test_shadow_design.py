import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Records
from auditor.shadows import design


def test_partners_are_complementary_halves() -> None:
    masks = design.masks(11, range(8), seed=3)
    for j in range(4):
        np.testing.assert_array_equal(masks[2 * j], ~masks[2 * j + 1])
    assert set(masks.sum(axis=1)) == {5, 6}


def test_every_record_is_in_exactly_half_of_the_shadows() -> None:
    assert (design.masks(1000, range(16), seed=0).sum(axis=0) == 8).all()


def test_the_same_seed_gives_the_same_masks_and_another_seed_others() -> None:
    np.testing.assert_array_equal(design.masks(50, range(6), 1), design.masks(50, range(6), 1))
    assert (design.masks(50, range(6), 1) != design.masks(50, range(6), 2)).any()


@pytest.mark.parametrize("indices", [[5], [5, 0], [4, 5, 100], [7, 6, 5]])
def test_a_mask_does_not_depend_on_which_others_are_asked(indices: list[int]) -> None:
    alone = design.masks(40, [5], seed=9)[0]
    np.testing.assert_array_equal(design.masks(40, indices, seed=9)[indices.index(5)], alone)


def test_pairs_are_drawn_independently_of_each_other() -> None:
    masks = design.masks(4000, range(0, 20, 2), seed=5).astype(float)
    correlations = np.corrcoef(masks)[np.triu_indices(10, 1)]
    assert np.abs(correlations).max() < 0.08  # 5 standard errors of an independent pair


def test_no_indices_give_no_masks() -> None:
    assert design.masks(7, [], 0).shape == (0, 7)


def pool_of(labels: np.ndarray, units: np.ndarray | None = None) -> Records:
    return Records(pd.DataFrame({"x": np.zeros(len(labels))}), labels.astype(np.intp), units=units)


def test_where_nothing_is_rare_and_everybody_stands_alone_the_masks_are_the_plain_ones() -> None:
    labels = np.arange(200) % 3
    np.testing.assert_array_equal(design.halves(pool_of(labels), range(6), 4), design.masks(200, range(6), 4))
    np.testing.assert_array_equal(design.halves(pool_of(np.zeros(5)[:0]), [], 4), design.masks(0, [], 4))


@pytest.mark.parametrize("rare", [2, 3, 7, design.RARE - 1])
def test_a_rare_class_stands_in_both_halves_evenly(rare: int) -> None:
    labels = np.where(np.arange(500) < rare, 2, np.arange(500) % 2)
    masks = design.halves(pool_of(labels), range(40), 1)
    assert set(masks[:, :rare].sum(axis=1)) == {rare // 2, rare - rare // 2}
    np.testing.assert_array_equal(masks[0::2], ~masks[1::2])
    assert np.abs(masks.sum(axis=1) - 250).max() <= 1


def test_several_rare_classes_are_dealt_each_by_itself() -> None:
    labels = np.concatenate([np.full(5, 3), np.full(8, 7), np.zeros(300)])
    masks = design.halves(pool_of(labels), range(10), 1)
    assert set(masks[:, :5].sum(axis=1)) <= {2, 3}
    assert (masks[:, 5:13].sum(axis=1) == 4).all()


def test_households_stay_together_and_halves_are_even() -> None:
    rng = np.random.default_rng(0)
    units = rng.integers(0, 120, 400) * 7 + 1_000  # any numbers
    masks = design.halves(pool_of(rng.integers(0, 2, 400), units), range(20), 3)
    for unit in np.unique(units):
        inside = masks[:, units == unit]
        assert (inside.all(axis=1) | ~inside.any(axis=1)).all()
    np.testing.assert_array_equal(masks[0::2], ~masks[1::2])
    assert np.abs(masks.sum(axis=1) - 200).max() <= 6


def test_households_with_a_rare_class_are_dealt_evenly_too() -> None:
    units = np.arange(300) // 3
    labels = np.where(np.isin(np.arange(300), [0, 30, 60, 90]), 1, 0)
    masks = design.halves(pool_of(labels, units), range(12), 3)
    assert (masks[:, [0, 30, 60, 90]].sum(axis=1) == 2).all()


def test_one_household_of_everybody_leaves_one_half_empty_and_that_is_all_there_is() -> None:
    masks = design.halves(pool_of(np.zeros(30), np.zeros(30, np.intp)), range(2), 0)
    assert sorted(masks.sum(axis=1)) == [0, 30]


def test_records_are_drawn_evenly_and_independently_of_the_order_of_asking() -> None:
    units = np.arange(60) // 2
    labels = np.where(np.arange(60) < 4, 1, 0)
    pool = pool_of(labels, units)
    masks = design.halves(pool, range(0, 2_000, 2), 9)
    assert np.abs(masks.mean(axis=0) - 0.5).max() < 0.08  # 5 standard errors of a fair coin
    np.testing.assert_array_equal(design.halves(pool, [7, 4], 9)[1], masks[2])


def test_units_follow_their_records() -> None:
    pool = pool_of(np.zeros(4), np.array([5, 5, 8, 9]))
    taken = pool.take(np.array([3, 0]))
    assert taken.units is not None
    assert taken.units.tolist() == [9, 5]
