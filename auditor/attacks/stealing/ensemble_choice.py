"""Which records a thief asks with a small budget: those whose answer its copy is least sure of."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.copying import Answered, answered
from auditor.attacks.stealing.ensemble_refit import QUICK, Bench, Boosted
from auditor.domain.attack import Context
from auditor.domain.seeds import generator
from auditor.errors import TargetRefused

Floats = NDArray[np.float64]
START_SHARE, FEWEST = 0.15, 150
ROUNDS = 3
AT_RANDOM = 0.2
CHANGED_SHARE = 0.15
POOL_PER_QUERY = 3
MOST = 60_000


def pool(context: Context, natural: pd.DataFrame, taken: NDArray[np.uint64], wanted: int) -> tuple[pd.DataFrame, int]:
    """Distinct records to choose from, none among `taken`: the natural ones in random order, and where they are fewer than twice
    `wanted`, neighbours of them in which each cell is another record's with probability CHANGED_SHARE. How many are natural."""
    rng = generator(context.seed, "pool")
    records = natural.iloc[rng.permutation(len(natural))]
    count = len(natural)
    if len(natural) < 2 * wanted:
        records = pd.concat([records, _neighbours(natural, min(MOST, POOL_PER_QUERY * wanted), rng)], ignore_index=True)
    keys = record_keys(records)
    fresh = ~pd.Series(keys).duplicated().to_numpy() & ~np.isin(keys, taken)
    return records[fresh].reset_index(drop=True), int(fresh[:count].sum())


def _neighbours(natural: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.DataFrame:
    origin = rng.integers(len(natural), size=count)
    columns = {}
    for name in natural.columns:
        source = np.where(rng.random(count) < CHANGED_SHARE, rng.integers(len(natural), size=count), origin)
        columns[name] = natural[name].iloc[source].reset_index(drop=True)
    return pd.DataFrame(columns)


def ask(
    context: Context, bench: Bench, records: pd.DataFrame, natural: int, begun: Answered, limit: int
) -> tuple[list[Answered], list[Boosted], bool]:
    """What was answered after each round, with what `begun` holds, and the copy of each: first natural records at random, then
    ROUNDS times those near the copy's boundary, a fifth at random. The last says whether the target refused made-up records."""
    rng = generator(context.seed, "choice")
    limit = min(limit, len(records))
    first = min(limit, max(FEWEST, int(START_SHARE * limit)))
    chosen = np.zeros(len(records), dtype=bool)
    chosen[: min(first, natural)] = True
    steps = [begun.and_(_asked(context, records[chosen]))]
    copies, refused = [], False
    for i in range(ROUNDS):
        copies.append(bench.fitted(steps[-1], QUICK, bench.prior, f"round {i}"))
        context.checkpoint(0.3 + 0.1 * i)
        size = (limit - len(steps[-1]) + len(begun)) // (ROUNDS - i)
        left = np.flatnonzero(~chosen)
        if size <= 0 or not len(left):
            break
        taken = left[_nearest(copies[-1].answers(records.iloc[left]), size, rng)]
        try:
            more = _asked(context, records.iloc[taken])
        except TargetRefused:
            refused = True
            chosen[natural:] = True
            continue
        chosen[taken] = True
        steps.append(steps[-1].and_(more))
    return steps, copies, refused


def _asked(context: Context, records: pd.DataFrame) -> Answered:
    frame = records.reset_index(drop=True)
    return answered(frame, context.query(frame))


def _nearest(answers: Floats, size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Places of those with the smallest margin between the two most probable classes, blurred so that one batch is not all alike,
    and a share at random. Numbers have no boundary: all at random."""
    count = len(answers)
    sure = round(size * (1 - AT_RANDOM)) if answers.shape[1] > 1 else 0
    order = rng.permutation(count)
    if sure:
        top = np.sort(np.log(np.clip(answers, 1e-9, None)), axis=1)
        near = np.argsort((top[:, -1] - top[:, -2]) * rng.uniform(0.5, 1.5, count), kind="stable")[:sure]
        order = np.concatenate([near, order[~np.isin(order, near)]])
    return np.asarray(order[:size])
