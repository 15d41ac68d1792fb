from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from gaussian_world import gaussian

from auditor.attacks.membership.pairs import (
    PSEUDO_TARGETS,
    candidates_of,
    paired,
    playing,
    scored,
    scored_alone,
    shadows_of,
    signals_of,
)
from auditor.domain.data import Records
from auditor.domain.shadow import ShadowOutputs
from auditor.errors import AttackFailed
from auditor.shadows import design


def drawn(shadows: int, n: int = 7) -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(0).normal(size=(shadows, n)), design.masks(n, range(shadows), 1)


def test_pairs_hold_what_in_and_out_models_answered() -> None:
    signals, masks = drawn(6)
    pairs = paired(signals, masks)
    for i in range(7):
        np.testing.assert_array_equal(np.sort(pairs.inside[:, i]), np.sort(signals[masks[:, i], i]))
        np.testing.assert_array_equal(np.sort(pairs.outside[:, i]), np.sort(signals[~masks[:, i], i]))


def test_leaving_out_a_pair_is_pairing_the_other_shadows() -> None:
    signals, masks = drawn(6)
    left = paired(signals, masks).without(1)
    others = [0, 1, 4, 5]
    direct = paired(signals[others], masks[others])
    np.testing.assert_array_equal(left.inside, direct.inside)
    np.testing.assert_array_equal(left.outside, direct.outside)


@pytest.mark.parametrize(("shadows", "expected"), [(2, [0, 1]), (4, [0, 2, 1, 3]), (16, [0, 2, 4, 6, 8, 10, 12, 14])])
def test_one_shadow_of_each_pair_plays_before_its_partner(shadows: int, expected: list[int]) -> None:
    assert playing(shadows) == expected


def test_at_most_eight_shadows_play() -> None:
    assert len(playing(64)) == PSEUDO_TARGETS == 8


@pytest.mark.parametrize(("shadows", "expected"), [(2, 0), (4, 4), (6, 6), (8, 8), (20, 8)])
def test_how_many_pseudo_targets_are_scored(shadows: int, expected: int) -> None:
    signals, masks = drawn(shadows)
    evidence = scored(gaussian(20, 0)[0], signals[0], signals, masks, lambda observed, pairs: observed)
    assert evidence.pseudo_targets.shape == (expected, 7)
    assert evidence.membership.shape == (expected, 7)


def test_a_pseudo_target_never_meets_itself_or_its_partner() -> None:
    signals, masks = drawn(8)
    seen: list[tuple[np.ndarray, set[float]]] = []

    def score(observed: np.ndarray, pairs: object) -> np.ndarray:
        seen.append((observed, {*pairs.inside.ravel(), *pairs.outside.ravel()}))
        return observed

    scored(gaussian(20, 0)[0], np.zeros(7), signals, masks, score)
    assert len(seen[0][1]) == 8 * 7  # the target is attacked with everyone
    for shadow, (observed, values) in zip(playing(8), seen[1:], strict=True):
        assert len(values) == 6 * 7
        assert not values & set(observed)
        assert not values & set(signals[shadow ^ 1])


def test_the_membership_of_pseudo_targets_is_their_half() -> None:
    signals, masks = drawn(4)
    evidence = scored(gaussian(20, 0)[0], signals[0], signals, masks, lambda observed, pairs: observed)
    np.testing.assert_array_equal(evidence.membership, masks[[0, 2, 1, 3]])


def test_an_attack_that_reads_no_shadows_still_shows_how_it_does_on_them() -> None:
    context, _ = gaussian(30, 4)
    evidence = scored_alone(np.zeros(30), context.shadows, lambda answers: answers[:, 0])
    np.testing.assert_array_equal(evidence.pseudo_targets, context.shadows.probabilities[[0, 2, 1, 3], :, 0])


def test_without_shadows_there_are_no_pseudo_targets() -> None:
    evidence = scored_alone(np.zeros(30), None, lambda answers: answers[:, 0])
    assert evidence.pseudo_targets.shape == evidence.membership.shape == (0, 30)
    assert evidence.membership.dtype == bool


def test_signals_are_those_of_each_shadow() -> None:
    context, _ = gaussian(30, 4)
    np.testing.assert_array_equal(signals_of(context.shadows, lambda a: a[:, 1]), context.shadows.probabilities[:, :, 1])


def test_missing_candidates_labels_and_shadows_are_sentences() -> None:
    context, _ = gaussian(30, 2)
    unknown = Records(context.candidates.features, np.full(30, -1, dtype=np.intp))
    empty = Records(pd.DataFrame({"x": []}), np.empty(0, dtype=np.intp))
    for broken in (None, empty):
        with pytest.raises(AttackFailed, match="give members and non-members"):
            candidates_of(replace(context, candidates=broken), "gap")
    with pytest.raises(AttackFailed, match="true label"):
        candidates_of(replace(context, candidates=unknown), "gap")
    with pytest.raises(AttackFailed, match="at least 4 shadow models"):
        shadows_of(context, "lira", 4)
    with pytest.raises(AttackFailed, match="at least 2 shadow models"):
        shadows_of(replace(context, shadows=None), "lira", 2)
    assert isinstance(shadows_of(context, "lira", 2), ShadowOutputs)
