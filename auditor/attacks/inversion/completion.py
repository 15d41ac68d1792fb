"""Records with one attribute unknown: which are attacked, and how each possible value completes them."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.attack import Context
from auditor.domain.data import Records, Sensitive
from auditor.errors import AttackFailed, InvalidInput

MOST_VALUES = 20
FEWEST_RECORDS = 50


def check_attribute(sensitive: Sensitive) -> Sensitive:
    """The attribute itself; raises InvalidInput if it has fewer than 2 or more than MOST_VALUES known values."""
    values = len(sensitive.values)
    if values < 2:
        raise InvalidInput(
            "data.sensitive",
            f"{sensitive.name!r} needs at least two values in the auxiliary records, which show {values or 'none'}",
        )
    if values > MOST_VALUES and not sensitive.is_number:
        raise InvalidInput("data.sensitive", f"{sensitive.name!r} has {values} values; group it into at most {MOST_VALUES}")
    return sensitive


def attribute_of(context: Context) -> Sensitive:
    if context.sensitive is None:
        raise InvalidInput("data.sensitive", "name the sensitive attributes whose inference is to be tried")
    return check_attribute(context.sensitive)


def candidates_of(context: Context) -> Records:
    if context.candidates is None:
        raise AttackFailed("Attribute inference was given no candidates to attack.")
    return context.candidates


def auxiliary_of(context: Context) -> Records:
    if context.auxiliary is None:
        raise InvalidInput("data.auxiliary", "attribute inference needs auxiliary records of the population; give data.auxiliary")
    return context.auxiliary


def attacked_rows(context: Context, records: int, beside: int = 0) -> NDArray[np.intp]:
    """(m,) the first candidates: their order was shuffled by the audit's seed without regard to membership, so they are a random
    draw. It depends on nothing that differs between the attack and its baseline; fewer are taken where queries are short, of which
    `beside` are kept for something else."""
    affordable = (context.query_limit - beside) // len(attribute_of(context).values) if context.query_limit else records
    return np.arange(min(records, affordable, len(candidates_of(context))), dtype=np.intp)


def complete(features: pd.DataFrame, sensitive: Sensitive, value: tuple[object, ...], like: pd.DataFrame) -> pd.DataFrame:
    """The records with the attribute set to one value, in the column types of `like`; the row index is kept."""
    cells = {
        name: pd.Series([cell] * len(features), index=features.index, dtype=like[name].dtype)
        for name, cell in zip(sensitive.columns, value, strict=True)
    }
    return features.assign(**cells)


def completions(features: pd.DataFrame, sensitive: Sensitive, like: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The records completed by each value in turn, in the order of `sensitive.values`."""
    return (complete(features, sensitive, value, like) for value in sensitive.values)


def value_indices(features: pd.DataFrame, sensitive: Sensitive) -> NDArray[np.intp]:
    """(n,) the index of each record's value of the attribute, of a number the nearest on its grid; -1 for a value that is not among
    the known ones."""
    if sensitive.is_number:
        return nearest(features[sensitive.columns[0]].to_numpy(dtype=np.float64), grid_of(sensitive))
    cells = features[list(sensitive.columns)].astype(object)
    cells = cells.where(cells.notna(), None)
    index = {value: i for i, value in enumerate(sensitive.values)}
    return np.array([index.get(value, -1) for value in cells.itertuples(index=False, name=None)], dtype=np.intp)


def grid_of(sensitive: Sensitive) -> NDArray[np.float64]:
    """(V,) the grid of a number, ascending."""
    return np.array([cell for (cell,) in sensitive.values], dtype=np.float64)


def nearest(numbers: NDArray[np.float64], grid: NDArray[np.float64]) -> NDArray[np.intp]:
    """(n,) the index of the grid's point that is nearest to each number; -1 for a missing one."""
    edges = (grid[1:] + grid[:-1]) / 2
    return np.where(np.isnan(numbers), -1, np.searchsorted(edges, numbers))


def refuse_number(sensitive: Sequence[Sensitive], attack: str) -> None:
    """Of attacks that are about categories alone."""
    for one in sensitive:
        if one.is_number:
            raise InvalidInput("data.sensitive", f"{attack} is about categories; {one.name!r} is a number, which attribute tries")


def signal(probabilities: NDArray[np.float64], labels: NDArray[np.intp], clip: float) -> NDArray[np.float64]:
    """(n,) log p_y, floored at `clip`; a class that was not returned gets an equal share of the mass that is left."""
    hidden = np.isnan(probabilities)
    left = np.clip(1.0 - np.nansum(probabilities, axis=1), 0.0, 1.0) / np.maximum(1, hidden.sum(axis=1))
    chosen = np.where(hidden, left[:, None], probabilities)[np.arange(len(labels)), labels]
    return np.asarray(np.log(np.clip(chosen, clip, 1.0)))
