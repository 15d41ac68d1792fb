"""Targets whose truth is known: one that can be learned and is not the natural rule, one that cannot be learned at all."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from auditor.attacks.record_keys import record_keys
from auditor.domain.attack import Query
from auditor.domain.data import Column, Records
from auditor.domain.seeds import derive, generator

SHARPNESS = 4.0


def known_target(auxiliary: Records, columns: Sequence[Column], classes: int, seed: int) -> Query:
    """A random linear rule over ranks of numbers and random values of categories, with evenly filled classes: easy to learn from
    its answers and unrelated to the labels, so that a working attack beats a copy made without asking. Without classes it answers
    the number that the rule gives, (n, 1)."""
    scales = {c.name: np.sort(auxiliary.features[c.name].dropna().to_numpy(dtype=np.float64)) for c in columns if c.type.is_numeric}
    slopes = generator(seed, "slopes").standard_normal((len(columns), classes or 1))

    def raw(frame: pd.DataFrame) -> NDArray[np.float64]:
        cells = [_level(frame[c.name], c, scales.get(c.name), seed) for c in columns]
        return np.asarray(np.column_stack(cells) @ slopes)

    seen = raw(auxiliary.features)
    centre, spread = seen.mean(axis=0), np.where(seen.std(axis=0) > 0, seen.std(axis=0), 1.0)

    def query(frame: pd.DataFrame) -> NDArray[np.float64]:
        scores = SHARPNESS * (raw(frame) - centre) / spread
        return np.asarray(softmax(scores, axis=1) if classes else scores)

    return query


def _level(cells: pd.Series, column: Column, scale: NDArray[np.float64] | None, seed: int) -> NDArray[np.float64]:
    """(n,) each cell as a number around 0: the share of auxiliary records below it, or a fixed random value of the category."""
    if scale is not None:
        values = cells.to_numpy(dtype=np.float64, na_value=np.nan)
        share = np.searchsorted(scale, values) / max(1, len(scale)) - 0.5
        return np.where(np.isnan(values), 0.0, share)
    return np.array([_category(column.name, cell, seed) for cell in cells])


def _category(column: str, cell: object, seed: int) -> float:
    text = "\x00" if cell is None or pd.isna(cell) else str(cell)  # type: ignore[call-overload]
    return derive(seed, column, text) / 2**63 - 0.5


def noise_target(classes: int, seed: int) -> Query:
    """Answers drawn afresh for every distinct record: the same record gets the same answer, and no record tells of another. Without
    classes a number between 0 and 1, (n, 1)."""

    def query(frame: pd.DataFrame) -> NDArray[np.float64]:
        keys = record_keys(frame)
        draws = np.stack([_draws(keys, derive(seed, "class", c)) for c in range(classes or 1)], axis=1)
        return np.asarray(draws / draws.sum(axis=1, keepdims=True) if classes else draws)

    return query


def _draws(keys: NDArray[np.uint64], seed: int) -> NDArray[np.float64]:
    """(n,) in (0, 1], one a key: splitmix64's finaliser (Steele, Lea & Flood 2014) over key and seed."""
    with np.errstate(over="ignore"):
        mixed = keys + np.uint64(seed)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / 2**53 + 2.0**-53)
