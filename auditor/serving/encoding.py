"""From columns to the numbers that a model was fitted on: by feature name where the file has names, else by position."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from auditor.serving.cells import TEXT, Cells
from auditor.serving.refused import Refused

INVENTED = re.compile(r"(?:Column_|f|x)?\d+")
Matrix = NDArray[np.float64]
Categories = Mapping[str, Sequence[str]]


def matrix_of(cells: Cells, names: Sequence[str], count: int, categories: Categories | None = None) -> Matrix:
    """(n, count). A feature is a column; or, named `column_value` or `column=value`, 1 where a text column has that value; or a
    text column whose categories the file lists, as their positions. Raises Refused."""
    if names and not all(INVENTED.fullmatch(name) for name in names):
        return np.column_stack([_feature(cells, name, categories or {}) for name in names])
    text = next((name for name, kind in zip(cells.names, cells.kinds, strict=True) if kind == TEXT), None)
    if text is not None:
        raise Refused(
            f"the model's features have no names, so the text column {text[:60]!r} cannot be matched to them; save the model with"
            " feature names, or exclude the column or give it as numbers"
        )
    if len(cells.names) != count:
        raise Refused(
            f"the model takes {count} features and the records have {len(cells.names)}; set data.features to those, in order"
        )
    return cells.matrix


def _feature(cells: Cells, name: str, categories: Categories) -> Matrix:
    if name in cells.names:
        if cells.kind(name) != TEXT:
            return cells.column(name)
        return _coded(cells, name, categories)
    for column in sorted((c for c in cells.names if cells.kind(c) == TEXT), key=len, reverse=True):
        rest = name.removeprefix(column)
        if rest != name and rest[:1] in ("_", "=") and len(rest) > 1:
            return np.array([value == rest[1:] for value in cells.text(column)], dtype=np.float64)
    raise Refused(
        f"the model wants the feature {name[:60]!r}, which is no column of the records ({', '.join(cells.names)[:120]}) and no"
        " column_value of one; name the columns as in training"
    )


def _coded(cells: Cells, name: str, categories: Categories) -> Matrix:
    if name not in categories:
        raise Refused(
            f"the feature {name[:60]!r} is text in the records and the file does not say which number stands for which text; save"
            " the model with its categories, or give the column as the numbers of training"
        )
    position = {text: float(i) for i, text in enumerate(categories[name])}
    return np.array([position.get(value, np.nan) for value in cells.text(name)])
