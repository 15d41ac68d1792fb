"""What a target that answers a number says about records completed by each value of an attribute: by how much it is off."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.completed import BATCH, SHARE, Floats
from auditor.attacks.inversion.completion import attacked_rows, attribute_of, auxiliary_of, candidates_of, completions
from auditor.attacks.inversion.imputation_numbers import REGRESSION
from auditor.domain.attack import Context
from auditor.domain.data import Records, Sensitive
from auditor.domain.seeds import derive, generator
from auditor.domain.target import Output
from auditor.errors import AttackFailed
from auditor.learners import build_for_values

SMALLEST = 1e-9  # of the spread of the true values: a target that is never off still has a density


@dataclass(frozen=True, eq=False)
class Off:
    """The m attacked candidates (`rows` among all of them; their sensitive cells are blank) and `residuals` (m, V): the answer
    about each completion minus the true value, in the target's units."""

    sensitive: Sensitive
    auxiliary: Records
    rows: NDArray[np.intp]
    records: Records
    residuals: Floats


def answers_values(context: Context) -> bool:
    return context.profile.output is Output.VALUE


def values_of(records: Records) -> Floats:
    """(n,) the true values. Raises AttackFailed where one of them is not known."""
    if records.values is None or not np.isfinite(records.values).all():
        raise AttackFailed("Attribute inference needs the true value of every record where the target answers a value.")
    return records.values


def ask_values(context: Context, records: int, beside: int = 0) -> Off:
    """Ask the target about the first `records` candidates, completed. `beside`: queries that are kept for something else."""
    sensitive, auxiliary = attribute_of(context), auxiliary_of(context)
    rows = attacked_rows(context, records, beside)
    attacked = candidates_of(context).take(rows)
    frames = candidates_of(context).features.iloc[rows]  # with the row index of the candidates, which the asker knows
    residuals, true = np.empty((len(rows), len(sensitive.values))), values_of(attacked)
    for v, frame in enumerate(completions(frames, sensitive, auxiliary.features)):
        for first in range(0, len(frame), BATCH):
            batch = slice(first, first + BATCH)
            context.checkpoint(SHARE * (v + first / len(frame)) / len(sensitive.values))
            residuals[batch, v] = _answered(context, frame.iloc[batch]) - true[batch]
    return Off(sensitive, auxiliary, rows, attacked, residuals)


def auxiliary_residuals(context: Context, off: Off, most: int) -> Floats:
    """(k,) by how much the target is off on auxiliary records: as many as the queries that are left allow, at most `most`, spread
    evenly over the file."""
    left = context.query_limit - off.residuals.size if context.query_limit else most
    count = min(most, max(1, left), len(off.auxiliary))
    chosen = np.unique(np.linspace(0, len(off.auxiliary) - 1, count).astype(np.intp))
    known = off.auxiliary.take(chosen)
    parts = []
    for first in range(0, len(chosen), BATCH):
        context.checkpoint(SHARE + 0.3 * first / len(chosen))
        parts.append(_answered(context, known.features.iloc[first : first + BATCH]))
    return np.asarray(np.concatenate(parts) - values_of(known))


def smallest_unit(auxiliary: Records) -> float:
    """What no error is taken to be smaller than."""
    return SMALLEST * (float(np.std(values_of(auxiliary))) or 1.0)


def usual_error(context: Context, auxiliary: Records) -> float:
    """Root mean square of what boosted trees are off by on the half of the auxiliary records that they were not trained on: the
    unit in which residuals are compared. Asks nothing."""
    true = values_of(auxiliary)
    half = generator(context.seed, "unit").permutation(len(true)) < max(1, len(true) // 2)
    model = build_for_values(REGRESSION, context.columns, derive(context.seed, "unit"))
    model.fit(auxiliary.features[half], true[half])
    off = model.predict(auxiliary.features[~half]) - true[~half]
    return max(float(np.sqrt((off**2).mean())) if len(off) else 0.0, smallest_unit(auxiliary))


def log_density(residuals: Floats, unit: float) -> Floats:
    """log N(r; 0, unit^2) but for its constant: the part that residuals play in place of log p_y."""
    return np.asarray(-0.5 * (residuals / unit) ** 2)


def _answered(context: Context, frame: pd.DataFrame) -> Floats:
    said = np.asarray(context.query(frame), dtype=np.float64)[:, 0]
    if not np.isfinite(said).all():
        raise AttackFailed("Attribute inference needs a number in every answer; the target answered something else.")
    return said
