"""Records a thief can make up or is judged on: resampled, uniform, and candidates that were never asked."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.record_keys import record_keys
from auditor.domain.attack import Context
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.seeds import generator
from auditor.errors import AttackFailed, InvalidInput

FEWEST_AUXILIARY = 200
EVALUATED = 3_000
FEWEST_EVALUATED = 50
FEWEST_ASKED = 100
UNIFORM = 500
RESAMPLED_SHARE = 0.3

Keys = NDArray[np.uint64]


def check_auxiliary(records: int) -> None:
    if records < FEWEST_AUXILIARY:
        raise InvalidInput(
            "data.auxiliary",
            f"stealing needs at least {FEWEST_AUXILIARY} auxiliary records and has {records}; give more in data.auxiliary",
        )


def auxiliary_of(context: Context) -> Records:
    auxiliary = context.auxiliary
    check_auxiliary(0 if auxiliary is None else len(auxiliary))
    assert auxiliary is not None  # noqa: S101 - there are enough of them
    return auxiliary


def evaluation_rows(context: Context) -> NDArray[np.intp]:
    """(m,) up to EVALUATED candidates, in their shuffled order, whose features no auxiliary record shares: a thief that asks the
    auxiliary records, and nothing else that stands here, has asked none of them."""
    if context.candidates is None:
        raise AttackFailed("Stealing was given no candidates to be evaluated on.")
    taken = record_keys(auxiliary_of(context).features)
    asked = np.isin(record_keys(context.candidates.features), taken)
    rows = np.flatnonzero(~asked)[:EVALUATED]
    if len(rows) < FEWEST_EVALUATED:
        raise AttackFailed(
            f"Only {len(rows)} candidates differ from every auxiliary record, too few to judge a copy on; give others."
        )
    return rows


def uniform_points(context: Context) -> pd.DataFrame:
    """UNIFORM records drawn evenly over the ranges of the auxiliary records: numbers between the extremes, categories with equal
    chance. The draw depends on those records only, so that the attack and its baseline are judged on the same points."""
    auxiliary = auxiliary_of(context).features
    rng = generator(0, "uniform")
    return pd.DataFrame({c.name: _even(auxiliary[c.name], c, rng) for c in context.columns})


def _even(cells: pd.Series, column: Column, rng: np.random.Generator) -> pd.Series:
    present = cells.dropna()
    if present.empty:
        return cells.iloc[np.zeros(UNIFORM, np.intp)].reset_index(drop=True)
    if not column.type.is_numeric:
        known = sorted(present.unique(), key=repr)
        return pd.Series([known[i] for i in rng.integers(len(known), size=UNIFORM)], dtype=object)
    low, high = float(present.min()), float(present.max())
    drawn = low + (high - low) * rng.random(UNIFORM)
    return pd.Series(np.rint(drawn) if column.type is ColumnType.INTEGER else drawn).astype(cells.dtype)


def asked_records(context: Context, evaluated: Keys, count: int) -> pd.DataFrame:
    """Up to `count` distinct records to ask: the auxiliary ones first, then made-up neighbours of them, none among `evaluated`.

    A made-up record takes each column, with probability RESAMPLED_SHARE, from another auxiliary record: every cell is in range,
    and the record stays near those that people have (points far from them teach little: Tramèr et al. 2016, section 5)."""
    auxiliary = auxiliary_of(context).features
    rng = generator(context.seed, "asked")
    pool = auxiliary.iloc[rng.permutation(len(auxiliary))]
    if count > len(pool):
        # Some made-up records will repeat others or an evaluated one, so a few more are made than are wanted.
        pool = pd.concat([pool, _neighbours(auxiliary, int(1.5 * (count - len(pool))) + 50, rng)])
    keys = record_keys(pool)
    fresh = ~pd.Series(keys).duplicated().to_numpy() & ~np.isin(keys, evaluated)
    asked = pool[fresh].iloc[:count].reset_index(drop=True)
    if len(asked) < FEWEST_ASKED:
        raise AttackFailed(f"Only {len(asked)} distinct records could be made up for the target, too few to learn a copy from.")
    return asked


def _neighbours(auxiliary: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.DataFrame:
    origin = rng.integers(len(auxiliary), size=count)
    columns = {}
    for name in auxiliary.columns:
        source = np.where(rng.random(count) < RESAMPLED_SHARE, rng.integers(len(auxiliary), size=count), origin)
        columns[name] = auxiliary[name].iloc[source].reset_index(drop=True)
    return pd.DataFrame(columns)
