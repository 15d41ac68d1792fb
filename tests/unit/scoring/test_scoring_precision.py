import numpy as np
import pytest

from auditor.scoring.precision import Claims, claims, precision_at, resampled
from auditor.scoring.resampling import RESAMPLES, paired, weights


def made(confidence: list[float], correct: list[int]) -> Claims:
    return Claims(np.array(confidence, float), np.array(correct, bool))


def test_the_commonest_value_is_never_claimed() -> None:
    scores = np.array([[5.0, 1.0, 0.0], [0.0, 3.0, 1.0]])

    found = claims(scores, np.array([0, 1]), common=0)

    assert found.correct.tolist() == [False, True]


def test_a_claim_is_as_sure_as_its_margin_over_every_other_value() -> None:
    scores = np.array([[5.0, 1.0, 0.0], [0.0, 3.0, 1.0], [0.0, 1.0, 4.0]])

    assert claims(scores, np.zeros(3, int), common=0).confidence.tolist() == [-4.0, 2.0, 3.0]


def test_the_margin_ignores_what_is_added_to_all_values_of_a_record() -> None:
    scores = np.random.default_rng(0).standard_normal((50, 4))
    true = np.zeros(50, int)

    one, other = claims(scores, true, 1), claims(scores + np.arange(50.0)[:, None], true, 1)

    assert one.confidence == pytest.approx(other.confidence)


def test_a_value_nobody_knew_is_never_guessed_right() -> None:
    found = claims(np.random.default_rng(1).standard_normal((30, 3)), np.full(30, -1), common=0)

    assert not found.correct.any()


def test_two_values_leave_one_to_claim() -> None:
    found = claims(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([1, 1]), common=0)

    assert found.correct.all()
    assert found.confidence.tolist() == [-1.0, 1.0]


def test_claims_leave_the_scores_as_they_were() -> None:
    scores = np.ones((3, 3))

    claims(scores, np.zeros(3, int), common=0)

    assert (scores == 1.0).all()


def test_precision_counts_the_surest_claims() -> None:
    found = made([5, 4, 3, 2, 1], [1, 0, 1, 1, 1])

    assert precision_at(found, 1)[0] == 1.0
    assert precision_at(found, 2)[0] == 0.5
    assert precision_at(found, 5)[0] == pytest.approx(0.8)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
def test_ties_are_taken_in_equal_parts_in_any_order(order: list[int]) -> None:
    found = made([9, 1, 1, 1], [1, 1, 0, 0])

    assert precision_at(found.take(np.array(order)), 2)[0] == pytest.approx((1 + 1 / 3) / 2)


def test_more_claims_than_records_are_all_of_them() -> None:
    assert precision_at(made([2, 1], [1, 0]), 10)[0] == 0.5


def test_a_share_of_a_claim_counts_in_part() -> None:
    assert precision_at(made([2, 1], [1, 0]), 1.5)[0] == pytest.approx(1 / 1.5)


def test_weights_repeat_records() -> None:
    found = made([3, 2, 1], [1, 0, 1])

    repeated = precision_at(found, 3, np.array([[3.0, 0.0, 0.0], [0.0, 2.0, 1.0], [1.0, 1.0, 1.0]]))

    assert repeated.tolist() == pytest.approx([1.0, 1 / 3, 2 / 3])


def test_weights_agree_with_repeating_the_records_themselves() -> None:
    rng = np.random.default_rng(2)
    found = Claims(np.round(rng.standard_normal(60), 1), rng.random(60) < 0.5)
    drawn = rng.multinomial(60, np.full(60, 1 / 60))

    by_weight = precision_at(found, 12, drawn[None, :].astype(float))[0]

    assert by_weight == pytest.approx(precision_at(found.take(np.repeat(np.arange(60), drawn)), 12)[0])


def test_resamples_of_the_same_records_are_paired() -> None:
    rng = np.random.default_rng(3)
    found = Claims(rng.standard_normal(200), rng.random(200) < 0.5)

    one, other = resampled(((found, 20), (found, 20)), np.random.default_rng(4))

    assert one.shape == (RESAMPLES,)
    assert (one == other).all()
    assert one.std() > 0.03


def test_resamples_spread_as_wide_as_new_records_would() -> None:
    rng = np.random.default_rng(5)
    found = Claims(rng.standard_normal(2_000), rng.random(2_000) < 0.5)

    spread = resampled(((found, 100),), np.random.default_rng(6))[0].std()

    assert spread == pytest.approx(0.05, abs=0.012)


def test_weights_come_in_batches_that_add_up() -> None:
    batches = list(weights(5_000, np.random.default_rng(7)))

    assert len(batches) > 1
    assert sum(len(b) for b in batches) == RESAMPLES
    assert all((b.sum(axis=1) == 5_000).all() for b in batches)


def test_pairs_of_answers_are_counted_by_kind() -> None:
    first, second = np.array([0, 0, 1, 1, 1], bool), np.array([0, 1, 0, 1, 1], bool)

    kinds, drawn = paired(first, second, np.random.default_rng(8))

    assert kinds.tolist() == [1, 1, 1, 2]
    assert drawn.shape == (RESAMPLES, 4)
    assert (drawn.sum(axis=1) == 5).all()


def test_a_kind_that_was_not_seen_stays_possible() -> None:
    always = np.ones(100, bool)

    _, drawn = paired(always, always, np.random.default_rng(9))

    assert 0.2 < (drawn[:, 3] < 100).mean() < 0.9
