"""What holds for every pool size, seed and channel."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from auditor.domain.target import Output, Profile
from auditor.shadows import design, pool
from auditor.shadows.trainers import SMALLEST, log_odds

answers = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(2, 5)), elements=st.floats(0, 1))


def profile(output: Output, classes: int, decimals: int | None = None, top: int = 0) -> Profile:
    return Profile(output, tuple(map(str, range(classes))), decimals, top=top)


@given(st.integers(2, 60), st.integers(1, 10), st.integers(0, 2**40))
def test_every_record_is_in_one_of_each_pair(n: int, pairs: int, seed: int) -> None:
    masks = design.masks(n, range(2 * pairs), seed)
    assert masks.shape == (2 * pairs, n)
    assert (masks[0::2] ^ masks[1::2]).all()
    assert np.abs(masks.sum(axis=1) - n / 2).max() <= 0.5


@given(answers)
def test_storage_changes_no_probability_by_more_than_it_clips(sharp: np.ndarray) -> None:
    back = pool.probabilities(log_odds(sharp))
    np.testing.assert_allclose(back, sharp, atol=2 * SMALLEST)
    assert ((back > 0) & (back < 1)).all()


@settings(max_examples=60)
@given(answers)
def test_labels_are_one_of_the_most_probable_classes(sharp: np.ndarray) -> None:
    shown = pool.as_shown(sharp, profile(Output.LABELS, sharp.shape[-1]))
    assert set(np.unique(shown)) <= {0.0, 1.0}
    np.testing.assert_array_equal(shown.sum(axis=-1), 1)
    np.testing.assert_array_equal((shown * sharp).sum(axis=-1), sharp.max(axis=-1))


@settings(max_examples=60)
@given(answers, st.integers(1, 4))
def test_top_answers_are_the_largest_and_as_many_as_the_target_gives(sharp: np.ndarray, top: int) -> None:
    classes = sharp.shape[-1]
    shown = pool.as_shown(sharp, profile(Output.TOP_K, classes, top=top))
    kept = ~np.isnan(shown)
    assert (kept.sum(axis=-1) == min(top, classes)).all()
    hidden = np.where(kept, -1.0, sharp).max(axis=-1)
    least = np.where(kept, sharp, 2.0).min(axis=-1)
    assert (hidden <= least).all()


@settings(max_examples=60)
@given(answers, st.integers(1, 8))
def test_rounded_answers_are_near_and_rounding_again_changes_nothing(sharp: np.ndarray, decimals: int) -> None:
    channel = profile(Output.PROBABILITIES, sharp.shape[-1], decimals)
    shown = pool.as_shown(sharp, channel)
    assert np.abs(shown - sharp).max() <= 0.5 * 10.0**-decimals + 1e-6
    np.testing.assert_array_equal(pool.as_shown(shown, channel), shown)


def test_a_forests_exact_halves_round_the_same_way_from_storage() -> None:
    votes = np.arange(101) / 100
    sharp = np.column_stack([votes, 1 - votes])[None]
    for decimals in (1, 2, 3):
        channel = profile(Output.PROBABILITIES, 2, decimals)
        np.testing.assert_array_equal(pool.as_shown(pool.probabilities(log_odds(sharp)), channel), pool.as_shown(sharp, channel))
