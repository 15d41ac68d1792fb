"""Records as they cross to the process that holds the model: one matrix, and the distinct texts of each text column."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from auditor.serving.frames import Broken, Message

if TYPE_CHECKING:  # half a second that most formats need not spend in the process of the model
    import pandas as pd

NUMBER, INTEGER, BOOLEAN, TEXT = "number", "integer", "boolean", "text"


@dataclass(frozen=True, eq=False)
class Cells:
    """`matrix` (n, columns) float64, NaN where missing; a text column holds positions in its `texts`, a boolean one 0 and 1."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    matrix: NDArray[np.float64]
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.matrix)

    def kind(self, name: str) -> str:
        return self.kinds[self.names.index(name)]

    def column(self, name: str) -> NDArray[np.float64]:
        return self.matrix[:, self.names.index(name)]

    def text(self, name: str) -> NDArray[np.object_]:
        """The texts of a text column, None where missing."""
        column = self.column(name)
        known = np.array([*self.texts[name], None], dtype=object)
        return known[np.where(np.isnan(column), len(known) - 1, np.nan_to_num(column)).astype(np.intp)]


def from_frame(frame: "pd.DataFrame") -> Cells:
    import pandas as pd

    matrix = np.empty((len(frame), frame.shape[1]))
    kinds: list[str] = []
    texts: dict[str, tuple[str, ...]] = {}
    for position, name in enumerate(frame.columns):
        column = frame[name]
        kinds.append(_kind(column))
        if kinds[-1] == TEXT:
            codes, found = pd.factorize(column.to_numpy(dtype=object), use_na_sentinel=True)
            matrix[:, position] = np.where(codes < 0, np.nan, codes)
            texts[str(name)] = tuple(map(str, found))
        else:
            matrix[:, position] = pd.to_numeric(column.astype(object).map(_plain), errors="coerce").to_numpy(np.float64)
    return Cells(tuple(map(str, frame.columns)), tuple(kinds), matrix, texts)


def _kind(column: "pd.Series[Any]") -> str:
    if column.dtype.kind in "iu":
        return INTEGER
    if column.dtype.kind == "f":
        return NUMBER
    present = [value for value in column if value is not None]
    return BOOLEAN if present and all(isinstance(value, bool | np.bool_) for value in present) else TEXT


def _plain(value: object) -> object:
    return float(value) if isinstance(value, bool | np.bool_) else value


def to_message(cells: Cells, head: Mapping[str, Any]) -> Message:
    columns = {"names": cells.names, "kinds": cells.kinds, "texts": cells.texts}
    return Message({**head, "columns": columns}, {"cells": cells.matrix})


def from_message(message: Message) -> Cells:
    """What the parent sent; raises Broken."""
    columns = message.head["columns"]
    texts = {name: tuple(values) for name, values in columns["texts"].items()}
    matrix = message.arrays["cells"]
    if matrix.ndim != 2 or matrix.shape[1] != len(columns["names"]):
        raise Broken
    return Cells(tuple(columns["names"]), tuple(columns["kinds"]), matrix, texts)


def as_frame(cells: Cells) -> "pd.DataFrame":
    """The typed columns again, for models that were fitted on a frame."""
    import pandas as pd

    return pd.DataFrame({name: _typed(cells, name) for name in cells.names})


def _typed(cells: Cells, name: str) -> NDArray[Any]:
    column, kind = cells.column(name), cells.kind(name)
    if kind == TEXT:
        return cells.text(name)
    whole = not np.isnan(column).any()
    if kind == BOOLEAN:
        return column.astype(bool) if whole else np.array([None if np.isnan(v) else v == 1 for v in column], dtype=object)
    return column.astype(np.int64) if kind == INTEGER and whole else column
