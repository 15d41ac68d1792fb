"""What a spec declares of the cells: the ends of numbers (data.bounds), and that a row is an image (data.image_shape)."""

from collections.abc import Iterable
from dataclasses import replace
from math import prod

import numpy as np

from auditor.domain.data import AuditData, Column, Records
from auditor.domain.spec import DataSpec, suggestion
from auditor.errors import InvalidInput

MOST_SIDES = 3
CHANNELS = (1, 3)


def with_bounds(data: AuditData, spec: DataSpec) -> AuditData:
    """Raises InvalidInput for bounds that contradict the records, and a shape that is not that of the columns."""
    known = {column.name: column for column in data.columns}
    check_ends(spec, known)
    for name, (low, high) in spec.bounds.items():
        _check_type(known[name])
        for records in (data.candidates, data.auxiliary):
            _check_records(name, low, high, records)
    _check_shape(spec, data.columns)
    return replace(data, bounds=dict(spec.bounds))


def check_ends(spec: DataSpec, features: Iterable[str]) -> None:
    """What can be said of bounds before a record is read: of which features they are, and that they are in order."""
    known = tuple(features)
    for name, (low, high) in spec.bounds.items():
        if name not in known:
            raise InvalidInput(f"data.bounds.{name}", f"no feature has this name{suggestion(name, known)}")
        if not low < high:
            sentence = f"give the low end first and a higher one second, not {low:g} and {high:g}"
            raise InvalidInput(f"data.bounds.{name}", sentence)


def _check_type(column: Column) -> None:
    if not column.type.is_numeric:
        sentence = f"take it out; the column holds {column.type} cells, and bounds are of numbers"
        raise InvalidInput(f"data.bounds.{column.name}", sentence)


def _check_records(name: str, low: float, high: float, records: Records) -> None:
    if not len(records):
        return
    cells = records.features[name].to_numpy(dtype=np.float64, na_value=np.nan)
    if (cells < low).any() or (cells > high).any():
        shown = f"{np.nanmin(cells):g} to {np.nanmax(cells):g}"
        raise InvalidInput(f"data.bounds.{name}", f"widen {low:g} to {high:g}; the records hold {shown}")


def _check_shape(spec: DataSpec, columns: tuple[Column, ...]) -> None:
    """Rows and columns of pixels, and three channels or one, in the order of the features."""
    shape = spec.image_shape
    if shape is None:
        return
    if len(shape) not in (2, MOST_SIDES) or (len(shape) == MOST_SIDES and shape[2] not in CHANNELS) or min(shape) < 1:
        raise InvalidInput("data.image_shape", "write [rows, columns], or [rows, columns, 3] for pixels in colour")
    other = next((c.name for c in columns if not c.type.is_numeric), None)
    if other is not None:
        raise InvalidInput("data.image_shape", f"take it out, or exclude {other!r}; the cells of an image are numbers")
    if prod(shape) != len(columns):
        sides = " x ".join(map(str, shape))
        raise InvalidInput(
            "data.image_shape", f"{sides} makes {prod(shape):,} cells and the records have {len(columns):,} features"
        )
