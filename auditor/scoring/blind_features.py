"""Records as numbers for classifiers that never see the model: any column type, missing cells, unseen scale."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from auditor.scoring.intervals import Floats

LEVELS = 24
MOST_COLUMNS = 2_400
MOST_QUESTIONS = 1_200
LABEL = "the label"


@dataclass(frozen=True, eq=False)
class BlindTable:
    """n records twice over: `linear` (n, d) standardised numbers, one column a frequent category and a missing marker;
    `questions` (n, q) yes-no answers ("age above 40?", "sector is Private?") for trees."""

    linear: Floats
    questions: NDArray[np.bool_]


def blind_table(features: pd.DataFrame, labels: NDArray[np.intp]) -> BlindTable:
    """Encoded without membership: medians, quantiles and frequent categories come from all records together."""
    linear: list[Floats] = []
    questions: list[NDArray[np.bool_]] = []
    columns = [*(features[name] for name in features.columns), _as_column(labels)]
    levels = int(np.clip(MOST_COLUMNS // len(columns), 2, LEVELS))
    bins = int(np.clip(MOST_QUESTIONS // len(columns), 1, 15))
    for cells in columns:
        numbers, answers = _numeric(cells, bins) if is_numeric_dtype(cells) else _categories(cells, levels)
        linear.append(numbers)
        questions.append(answers)
    return BlindTable(_standardised(np.hstack(linear)), _varied(np.hstack(questions)))


def columns_that_differ(features: pd.DataFrame, labels: NDArray[np.intp], is_member: NDArray[np.bool_]) -> list[str]:
    """Up to three columns whose values differ most between the sides (p < 1 % after Bonferroni), the most different first."""
    p_values = {name: _difference(features[name], is_member) for name in features.columns}
    p_values[LABEL] = _difference(_as_column(labels), is_member)
    limit = 0.01 / len(p_values)
    return sorted((name for name, p in p_values.items() if p < limit), key=lambda name: p_values[name])[:3]


def _numeric(cells: pd.Series, bins: int) -> tuple[Floats, NDArray[np.bool_]]:
    values = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = ~np.isfinite(values)
    known = values[~missing]
    filled = np.where(missing, np.median(known) if len(known) else 0.0, values)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 2)[1:-1])) if len(known) else np.zeros(1)
    return np.column_stack([filled, missing]), np.column_stack([filled[:, None] > edges, missing])


def _categories(cells: pd.Series, levels: int) -> tuple[Floats, NDArray[np.bool_]]:
    """One column for each of the most frequent levels; missing is a level, the rest share none."""
    codes, _ = pd.factorize(cells.astype(object).map(repr))
    counts = np.bincount(codes)
    frequent = np.argsort(-counts, kind="stable")[:levels]
    answers = codes[:, None] == frequent
    return answers.astype(np.float64), answers


def _standardised(table: Floats) -> Floats:
    """Centred, scaled, cut off at 5 deviations, without constant columns."""
    spread = table.std(axis=0)
    kept = np.flatnonzero(spread > 1e-12)
    scaled = (table[:, kept] - table[:, kept].mean(axis=0)) / spread[kept]
    return np.asarray(np.clip(scaled, -5.0, 5.0))


def _varied(questions: NDArray[np.bool_]) -> NDArray[np.bool_]:
    share = questions.mean(axis=0)
    return questions[:, (share > 0) & (share < 1)]


def _difference(cells: pd.Series, is_member: NDArray[np.bool_]) -> float:
    """p-value of a difference: Kolmogorov-Smirnov for numbers, chi-squared over frequent levels for the rest."""
    from scipy.stats import chi2_contingency, ks_2samp

    if is_numeric_dtype(cells):
        values = cells.to_numpy(dtype=np.float64, na_value=-np.inf)
        return float(ks_2samp(values[is_member], values[~is_member], method="asymp").pvalue)
    codes = np.minimum(_by_frequency(cells), LEVELS)
    counts = np.stack([np.bincount(codes[side], minlength=LEVELS + 1) for side in (is_member, ~is_member)])
    counts = counts[:, counts.sum(axis=0) > 0]
    return float(chi2_contingency(counts).pvalue) if counts.shape[1] > 1 else 1.0


def _by_frequency(cells: pd.Series) -> NDArray[np.intp]:
    """(n,) the place of each cell's level when levels are ordered by frequency."""
    codes, levels = pd.factorize(cells.astype(object).map(repr))
    place = np.empty(len(levels), dtype=np.intp)
    place[np.argsort(-np.bincount(codes), kind="stable")] = np.arange(len(levels))
    return place[codes]


def _as_column(labels: NDArray[np.intp]) -> pd.Series:
    return pd.Series(labels.astype(str), dtype=object)
