import numpy as np
import pytest

from auditor.attacks.membership.in_out import MOST, learned, players


def answers(n: int, seed: int = 0, effect: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Two inputs, of which the first tells `effect` nats of log-odds of IN a unit, and the second nothing."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n, 2))
    return inputs, rng.random(n) < 1 / (1 + np.exp(-effect * inputs[:, 0] + 0.5))


def test_it_learns_the_log_odds() -> None:
    inputs, inside = answers(20_000)
    asked = np.array([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 1.5]])
    np.testing.assert_allclose(learned(inputs, inside)(asked), [-2.5, -0.5, 1.5, 1.5], atol=0.15)


def test_the_order_of_answers_does_not_change_a_bit() -> None:
    inputs, inside = answers(3000)
    order = np.random.default_rng(1).permutation(3000)
    asked = answers(50, seed=2)[0]
    np.testing.assert_array_equal(learned(inputs, inside)(asked), learned(inputs[order], inside[order])(asked))


def test_the_unit_of_an_input_plays_no_part() -> None:
    inputs, inside = answers(3000)
    asked, unit = answers(50, seed=2)[0], np.array([1e-6, 1e6])
    np.testing.assert_allclose(learned(inputs * unit, inside)(asked * unit), learned(inputs, inside)(asked), rtol=1e-6)


def test_an_input_that_never_varies_is_harmless() -> None:
    inputs, inside = answers(1000)
    wide = np.column_stack([inputs, np.ones(1000)])
    asked = answers(20, seed=2)[0]
    found = learned(wide, inside)(np.column_stack([asked, np.full(20, 7.0)]))
    np.testing.assert_allclose(found, learned(inputs, inside)(asked), rtol=1e-6)


def test_beyond_what_was_seen_it_does_not_extrapolate() -> None:
    inputs, inside = answers(1000)
    classify, edge = learned(inputs, inside), inputs.max(axis=0)
    np.testing.assert_array_equal(classify(np.array([edge + 100])), classify(np.array([edge])))


def test_of_very_many_answers_a_part_that_keeps_the_shares_is_learned_from() -> None:
    inputs, inside = answers(10 * MOST)
    few, many = learned(inputs, inside), answers(500, seed=2)[0]
    expected = 2 * many[:, 0] - 0.5
    assert np.abs(few(many) - expected).mean() < 0.1


@pytest.mark.parametrize("columns", [1, 5])
def test_inputs_without_meaning_give_even_odds(columns: int) -> None:
    rng = np.random.default_rng(3)
    inputs, inside = rng.normal(size=(5000, columns)), np.arange(5000) % 2 == 0
    assert np.abs(learned(inputs, inside)(rng.normal(size=(100, columns)))).max() < 0.3


def test_who_taught_does_not_play() -> None:
    assert players(2, 2) == []
    assert players(6, 2) == [2, 4, 3, 5]
    assert len(players(64, 32)) == 8
    assert min(players(64, 32)) == 32
