"""Records made up from those that were answered: steps in the direction in which the copy's answer changes most."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.strategies import Choice
from auditor.domain.data import ColumnType

STEP = 0.5
"""Of a column's standard deviation; a tenth, as for pixels, seldom crosses the threshold of a tree."""


def jacobian(choice: Choice, count: int) -> pd.DataFrame:
    """Papernot et al. 2017 (AsiaCCS), section 4.2: x + step * sign(dF_y / dx) for answered records x with answer y, F the copy. On
    a table the derivative is a difference of the copy's answers; categories stay."""
    rows = choice.rng.choice(len(choice.material), min(len(choice.material), 2 * count), replace=False)
    seeds = choice.material.take(rows)
    labels = seeds.labels
    now = choice.copy(seeds.features)[np.arange(len(rows)), labels]
    moved = seeds.features.copy()
    for column in choice.columns:
        if not column.type.is_numeric:
            continue
        cells = seeds.features[column.name]
        step = STEP * float(np.nanstd(cells.to_numpy(np.float64, na_value=np.nan)) or 1.0)
        further = _added(cells, step, column.type)
        gain = choice.copy(seeds.features.assign(**{column.name: further}))[np.arange(len(rows)), labels] - now
        moved[column.name] = _added(cells, step * np.sign(gain), column.type)
    return moved


def _added(cells: pd.Series, step: float | NDArray[np.float64], kind: ColumnType) -> pd.Series:
    values = cells.to_numpy(np.float64, na_value=np.nan) + step
    return pd.Series(np.rint(values) if kind is ColumnType.INTEGER else values, index=cells.index).astype(cells.dtype)
