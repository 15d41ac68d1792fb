"""Records a block at a time: the same bits, and memory that does not grow with what is not needed at once."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import gaussian

from auditor.attacks.membership import stack_features
from auditor.attacks.membership.blocks import BLOCK, blocks, by_records
from auditor.attacks.membership.lira import LiRA
from auditor.attacks.membership.pairs import paired, signals_of
from auditor.attacks.membership.rmia import RMIA
from auditor.attacks.membership.stack_features import Table
from auditor.attacks.membership.stacked import Stacked, _attacked, _material
from auditor.attacks.membership.stacking import _in_order
from auditor.attacks.signals import log_confidence, logit_confidence
from auditor.domain.attack import Attack, Context
from auditor.shadows import pool
from auditor.shadows.trainers import log_odds


def stored(context: Context) -> Context:
    """The same shadows as they come from the store."""
    assert context.shadows is not None
    kept = log_odds(context.shadows.probabilities)[..., 1:]
    return replace(context, shadows=pool.outputs(kept, context.shadows.masks, context.profile))


@pytest.mark.parametrize(
    ("records", "last"), [(0, 0), (1, 1), (BLOCK, BLOCK), (2 * BLOCK - 1, 2 * BLOCK - 1), (2 * BLOCK + 1, BLOCK + 1)]
)
def test_blocks_hold_every_record_once(records: int, last: int) -> None:
    parts = list(blocks(records))
    assert np.concatenate([np.arange(records)[part] for part in parts]).tolist() == list(range(records))
    assert parts[-1].stop - parts[-1].start == last


@pytest.mark.parametrize("rows", [2, 9, 50])
@pytest.mark.parametrize(
    "reduce",
    [
        pytest.param(lambda values: values.mean(axis=0), id="mean"),
        pytest.param(lambda values: values.var(axis=0, ddof=1), id="variance"),
        pytest.param(lambda values: np.log(np.exp(values - values.max(axis=0)).mean(axis=0)), id="log of the mean"),
    ],
)
def test_a_reduction_by_blocks_gives_the_same_bits(rows: int, reduce: Callable[[np.ndarray], np.ndarray]) -> None:
    values = np.random.default_rng(rows).normal(size=(rows, 2 * BLOCK + 1))
    np.testing.assert_array_equal(by_records(reduce, values), reduce(values))


def test_tables_read_by_blocks_are_those_read_at_once() -> None:
    context = stored(gaussian(2 * BLOCK + 1, 8)[0])
    assert context.shadows is not None and context.candidates is not None  # noqa: PT018
    labels, masks = context.candidates.labels, context.shadows.masks
    signals = [
        signals_of(context.shadows, lambda answers, read=read: read(answers, labels, context.profile.clip))
        for read in (logit_confidence, log_confidence)
    ]
    pools = tuple(paired(signal, masks) for signal in signals)
    read = stack_features.reading(pools)
    whole = read((signals[0][5], signals[1][5]), tuple(pairs.without(2) for pairs in pools))
    found = _attacked(_material(context, context.candidates, context.shadows, "stacked"), [5])[1]
    for name in ("features", "ratio", "beyond"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))


def test_rows_are_in_the_order_of_their_columns_and_then_of_their_truth() -> None:
    rng = np.random.default_rng(0)
    tables = [Table(rng.integers(0, 3, (200, 3)).astype(float), np.ones(3, int), np.zeros(200), np.zeros(200)) for _ in range(2)]
    truth = rng.random(400) < 0.5
    features = np.concatenate([table.features for table in tables])
    order = np.lexsort((truth, *features.T[::-1]))
    found, is_member = _in_order(tables, truth)
    np.testing.assert_array_equal(found, features[order])
    np.testing.assert_array_equal(is_member, truth[order])


@pytest.mark.parametrize(("attack", "most"), [(LiRA(), 34), (RMIA(), 34), (Stacked(trees=10, pseudo_targets=4), 34)])
def test_an_attack_takes_a_few_numbers_for_each_stored_answer(attack: Attack, most: int) -> None:
    """Bytes for each answer of a shadow: three times 8 are signals, the same in pairs, and the pairs without one."""
    shadows, records = 100, 3 * BLOCK
    context = stored(gaussian(records, shadows)[0])
    attack.run(replace(context, shadows=context.shadows.first(4)))  # what is imported and kept does not count
    tracemalloc.start()
    attack.run(context)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak / (shadows * records) < most
