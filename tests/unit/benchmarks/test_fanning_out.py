"""The arithmetic of the benchmarks of many workers and of scoring."""

from collections import Counter

import numpy as np
import pytest

from benchmarks import fanout, scale, scoring


@pytest.mark.parametrize("count", [1, 7, 40, 2_500])
def test_every_message_goes_to_two_processes(count: int) -> None:
    ids = [str(i) for i in range(count)]
    shares = scale._twice(ids)
    assert len(shares) == scale.PROCESSES
    assert Counter(i for share in shares for i in share) == dict.fromkeys(ids, 2)
    assert all(len(set(share)) == len(share) for share in shares)


def test_processes_take_their_messages_in_orders_of_their_own() -> None:
    shares = scale._twice([str(i) for i in range(100)])
    assert all(share != sorted(share, key=int) for share in shares)


@pytest.mark.parametrize("shadows", [1, 4, 30, 100])
def test_chunks_cover_every_shadow_once(shadows: int) -> None:
    chunks = fanout._chunks(shadows)
    assert [i for c in chunks for i in range(c.params["first"], c.params["last"])] == list(range(shadows))
    assert len({c.key for c in chunks}) == len(chunks)


def test_the_simulated_shadows_remember_what_they_were_trained_on() -> None:
    context = scoring.context_of(8, 500)
    assert context.shadows is not None
    assert context.candidates is not None
    confidence = np.take_along_axis(context.shadows.probabilities, context.candidates.labels[None, :, None], axis=2)[:, :, 0]
    assert confidence[context.shadows.masks].mean() > confidence[~context.shadows.masks].mean() + 0.05


@pytest.mark.parametrize("attack", scoring.ATTACKS)
def test_every_row_of_the_scoring_benchmark_runs(attack: str) -> None:
    measured = scoring.measure(attack, scoring.context_of(8, 300))
    assert measured.attack == attack
    assert measured.wall > 0
