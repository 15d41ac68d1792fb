"""The attributes whose inference is tried: their values as the population shows them, and why some cannot be attacked."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from auditor.attacks.inversion.completion import MOST_VALUES
from auditor.domain.data import Records, Sensitive
from auditor.errors import InvalidInput

POINTS = 32  # of the grid on which a number is guessed


def sensitive_of(name: str, columns: Sequence[str], sides: Mapping[str, Records], auxiliary: Records) -> Sensitive:
    """Distinct values as the auxiliary records show them, in a fixed order (missing is a value like others); of a number with more
    than 20 values a grid of quantiles. Raises InvalidInput for an attribute that the members or the non-members (`sides`) do not
    have, that is the same for all of them, or that names its person."""
    _refuse_useless(name, columns, sides)
    if not len(auxiliary):
        return Sensitive(name, tuple(columns), ())
    cells = auxiliary.features[list(columns)].astype(object)
    cells = cells.where(cells.notna(), None)
    values = sorted(set(cells.itertuples(index=False, name=None)), key=repr)
    if len(values) <= MOST_VALUES:
        return Sensitive(name, tuple(columns), tuple(values))
    numbers = auxiliary.features[columns[0]]
    if len(columns) == 1 and pd.api.types.is_float_dtype(numbers):
        return Sensitive(name, tuple(columns), _grid(numbers), is_number=True)
    if len(values) == len(auxiliary):
        sentence = f"{name!r} is different in every auxiliary record: it names a person; name a value that people share"
        raise InvalidInput("data.sensitive", sentence)
    if len(columns) == 1 and pd.api.types.is_integer_dtype(numbers):
        return Sensitive(name, tuple(columns), _grid(numbers), is_number=True)
    return Sensitive(name, tuple(columns), tuple(values))


def _refuse_useless(name: str, columns: Sequence[str], sides: Mapping[str, Records]) -> None:
    """What is wrong with the records in question, whatever auxiliary records show."""
    cells = {side: records.features[list(columns)] for side, records in sides.items() if len(records)}
    without = [side for side, frame in cells.items() if frame.isna().all(axis=None)]
    if without:
        raise InvalidInput(
            "data.sensitive", f"{name!r} is missing in every {' and '.join(without)}; take it out, or give its values"
        )
    everybody = pd.concat(cells.values())
    different = len(everybody.drop_duplicates())
    if different < 2:
        raise InvalidInput("data.sensitive", f"{name!r} is the same for every member and non-member; there is nothing to infer")
    if different == len(everybody) > MOST_VALUES and not any(map(pd.api.types.is_float_dtype, everybody.dtypes)):
        sentence = f"{name!r} is different for every member and non-member: it names a person; name a value that people share"
        raise InvalidInput("data.sensitive", sentence)


def _grid(numbers: pd.Series) -> tuple[tuple[object, ...], ...]:
    """The middles of so many equal parts of the people: values that occur, each once."""
    known = numbers.dropna().to_numpy()
    points = np.quantile(known, (np.arange(POINTS) + 0.5) / POINTS, method="inverted_cdf")
    return tuple((cell,) for cell in np.unique(points).tolist())


def is_sensitive_usable(sensitive: Sensitive) -> str | None:
    """Why an attribute cannot be attacked, in a sentence; None if it can."""
    if not sensitive.values:
        return f"attribute {sensitive.name!r} needs auxiliary records; give data.auxiliary"
    if len(sensitive.values) < 2:
        return f"attribute {sensitive.name!r} has one value only in the auxiliary records; there is nothing to infer"
    if len(sensitive.values) > MOST_VALUES and not sensitive.is_number:
        return f"attribute {sensitive.name!r} has {len(sensitive.values)} values; group it into at most {MOST_VALUES}"
    return None
