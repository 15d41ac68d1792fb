"""Records a thief can make up or is judged on: resampled, uniform, and candidates that were never asked."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.record_keys import record_keys
from auditor.domain.attack import Context
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.seeds import generator
from auditor.errors import AttackFailed, InvalidInput, TargetRefused

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
    return drawn_evenly(auxiliary_of(context).features, context.columns, UNIFORM, generator(0, "uniform"))


def judging_points(context: Context) -> tuple[pd.DataFrame, NDArray[np.float64], int]:
    """What an attack holds its copy against, with the target's answers, and how many of them are uniform points: all, or none where
    the target refuses made-up records and auxiliary ones stand in for them."""
    points = uniform_points(context)
    try:
        return points, context.query(points), len(points)
    except TargetRefused:
        natural = auxiliary_of(context).features.tail(UNIFORM).reset_index(drop=True)
        return natural, context.query(natural), 0


def drawn_evenly(auxiliary: pd.DataFrame, columns: tuple[Column, ...], count: int, rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame({c.name: _even(auxiliary[c.name], c, count, rng) for c in columns})


def _even(cells: pd.Series, column: Column, count: int, rng: np.random.Generator) -> pd.Series:
    present = cells.dropna()
    if present.empty:
        return cells.iloc[np.zeros(count, np.intp)].reset_index(drop=True)
    if not column.type.is_numeric:
        known = sorted(present.unique(), key=repr)
        return pd.Series([known[i] for i in rng.integers(len(known), size=count)], dtype=object)
    low, high = float(present.min()), float(present.max())
    drawn = low + (high - low) * rng.random(count)
    return pd.Series(np.rint(drawn) if column.type is ColumnType.INTEGER else drawn).astype(cells.dtype)


@dataclass(frozen=True, eq=False)
class Pool:
    """Distinct records that may be asked; the first `natural` of them are records of people, the others are made up."""

    features: pd.DataFrame
    natural: int

    def __len__(self) -> int:
        return len(self.features)

    def kept(self, keep: NDArray[np.bool_]) -> "Pool":
        return Pool(self.features[keep].reset_index(drop=True), int(keep[: self.natural].sum()))


def pool_of(context: Context, judged: Keys, source: str, size: int) -> Pool:
    """Up to `size` distinct records, none among `judged`, in random order. `source` natural: the auxiliary records first, then
    made-up neighbours of them; synthetic: each column drawn by itself from the auxiliary records (the product of the marginals);
    uniform: drawn evenly over their ranges. Raises AttackFailed below FEWEST_ASKED."""
    auxiliary = auxiliary_of(context).features
    rng = generator(context.seed, "asked")
    own = auxiliary.iloc[rng.permutation(len(auxiliary)) if source == "natural" else []]
    # Some made-up records will repeat others or a judged one, so a few more are made than are wanted.
    more = int(1.5 * (size - len(own))) + 50 if size > len(own) else 0
    every = pd.concat([own, _made_up(auxiliary, context.columns, source, more, rng)], ignore_index=True)
    keys = record_keys(every)
    fresh = ~pd.Series(keys).duplicated().to_numpy() & ~np.isin(keys, judged)
    fresh[np.flatnonzero(fresh)[size:]] = False
    pool = Pool(every, len(own)).kept(fresh)
    if context.recorded is not None:
        pool = pool.kept(context.recorded(pool.features))
    if len(pool) < FEWEST_ASKED:
        raise AttackFailed(f"Only {len(pool)} distinct records could be made up for the target, too few to learn a copy from.")
    return pool


def _made_up(
    auxiliary: pd.DataFrame, columns: tuple[Column, ...], source: str, count: int, rng: np.random.Generator
) -> pd.DataFrame:
    if source == "uniform":
        return drawn_evenly(auxiliary, columns, count, rng)
    return _neighbours(auxiliary, count, rng, 1.0 if source == "synthetic" else RESAMPLED_SHARE)


def _neighbours(auxiliary: pd.DataFrame, count: int, rng: np.random.Generator, share: float) -> pd.DataFrame:
    """Auxiliary records that take each column, with probability `share`, from another one: every cell is in range, and the record
    stays near those that people have (points far from them teach little: Tramèr et al. 2016, section 5)."""
    origin = rng.integers(len(auxiliary), size=count)
    columns = {}
    for name in auxiliary.columns:
        source = np.where(rng.random(count) < share, rng.integers(len(auxiliary), size=count), origin)
        columns[name] = auxiliary[name].iloc[source].reset_index(drop=True)
    return pd.DataFrame(columns)
