import numpy as np
import pytest

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
