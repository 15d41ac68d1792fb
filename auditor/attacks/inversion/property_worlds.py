"""Two worlds that differ in the share of one property: how many records of each kind a model of either world is trained on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Records
from auditor.errors import AttackFailed

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
FEWEST = 50  # records a model; with fewer both worlds are noise
USED = 0.8  # of the scarcest kind of record, so that models of one world differ in it too
SWEEPS = 200


def has_value(features: pd.DataFrame, column: str, value: str) -> NDArray[np.bool_]:
    """(n,) which records have the property. Numbers are compared as numbers, everything else as its text."""
    cells = features[column]
    if pd.api.types.is_numeric_dtype(cells):
        try:
            return np.asarray(cells.to_numpy(dtype=np.float64) == float(value), dtype=bool)
        except ValueError:
            return np.zeros(len(cells), dtype=bool)
    wanted = str(value).lower() if cells.dropna().map(lambda cell: isinstance(cell, bool)).all() else str(value)
    texts = [str(cell).lower() if isinstance(cell, bool) else str(cell) for cell in cells]
    return np.array([text == wanted for text in texts], dtype=bool)


@dataclass(frozen=True, eq=False)
class Pool:
    """Records of one side (the adversary's or the victims'): `kind` (n,) is 2 y + s for the class y and the property s."""

    records: Records
    kind: Places

    def available(self, classes: int) -> Floats:
        return np.bincount(self.kind, minlength=2 * classes).astype(np.float64)

    def draw(self, counts: Places, rng: np.random.Generator) -> Records:
        """So many records of each kind, none twice."""
        rows = [rng.choice(np.flatnonzero(self.kind == kind), count, replace=False) for kind, count in enumerate(counts) if count]
        return self.records.take(np.sort(np.concatenate(rows)))


def pool_of(records: Records, has: NDArray[np.bool_]) -> Pool:
    return Pool(records, 2 * records.labels + has)


def shares(natural: Floats, ratio: float, hold_labels: bool) -> Floats:
    """(2 C,) the share of each kind in a world where `ratio` of the records have the property; `natural` (2 C,) counts.

    With `hold_labels` both margins are fitted in turn (iterative proportional fitting): the property has its ratio and each class
    its natural share, while the odds ratio between the two stays; else each class keeps its share among those with and without
    the property. Raises AttackFailed where no such world exists.
    """
    table = natural.reshape(-1, 2)
    if (table.sum(axis=0) == 0).any():
        raise AttackFailed("All auxiliary records or none have the property; name a value that some of them have.")
    fitted = table / table.sum()
    has, labels = np.array([1 - ratio, ratio]), fitted.sum(axis=1)
    for _ in range(SWEEPS if hold_labels else 1):
        fitted = fitted * (has / fitted.sum(axis=0))
        if hold_labels:
            fitted = fitted * (labels / np.maximum(fitted.sum(axis=1), 1e-300))[:, None]
    if np.abs(fitted.sum(axis=0) - has).max() > 1e-3:
        raise AttackFailed(
            "The property and the label cannot be told apart in the auxiliary records, so no two worlds can be made."
        )
    return np.asarray(fitted.reshape(-1), dtype=np.float64)


def sizes(worlds: tuple[Floats, Floats], pools: tuple[Pool, Pool], most: int) -> tuple[Places, Places]:
    """(2 C,) counts of each kind in each world; both add up to the same number of records, which both pools can give.

    Raises AttackFailed where that is below FEWEST.
    """
    available = np.minimum(*(pool.available(len(worlds[0]) // 2) for pool in pools))
    needed = np.maximum(*worlds)
    counted = needed * available.sum() >= 5  # a kind that hardly exists must not decide the size
    records = int(min(most, (USED * available[counted] / needed[counted]).min(initial=most)))
    if records < FEWEST:
        raise AttackFailed(
            f"The auxiliary records give only {records} for each model of a world, and {FEWEST} are needed; give more auxiliary"
            " records with and without the property."
        )
    first, second = (_rounded(world * records, available) for world in worlds)
    return first, second


def _rounded(wanted: Floats, available: Floats) -> Places:
    """Whole numbers with the same sum: the largest remainders are rounded up."""
    whole = np.floor(wanted)
    missing = round(wanted.sum() - whole.sum())
    whole[np.argsort(whole - wanted, kind="stable")[:missing]] += 1
    return np.minimum(whole, available).astype(np.intp)
