"""What a linear model reads of a record, and a record out of what it read."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.tree_walk import INVENTED
from auditor.domain.data import Column, ColumnType
from auditor.domain.parameters import Layers
from auditor.errors import AttackFailed

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Inputs:
    """The p inputs of a model. `column` (p,) names; `value` (p,): the category that a 1 stands for, None where the input is the
    column itself. It reads (x - centre) / spread."""

    columns: tuple[Column, ...]
    column: tuple[str, ...]
    value: tuple[str | None, ...]
    centre: Floats
    spread: Floats

    @property
    def is_whole(self) -> NDArray[np.bool_]:
        """(p,) inputs that are whole numbers before they are scaled."""
        types = {c.name: c.type for c in self.columns}
        return np.array([types[name] is not ColumnType.NUMBER for name in self.column])

    @property
    def is_bit(self) -> NDArray[np.bool_]:
        """(p,) inputs that are 0 or 1."""
        types = {c.name: c.type for c in self.columns}
        return np.array([not types[name].is_numeric for name in self.column])

    def matrix(self, features: pd.DataFrame) -> Floats:
        """(n, p) what the model reads. Raises AttackFailed where a cell that it reads is missing."""
        used = list(dict.fromkeys(self.column))
        if features[used].isna().any(axis=None):
            raise AttackFailed("Training records have missing cells, so what the model read of them is not known.")
        cells = [_input(features[name], value) for name, value in zip(self.column, self.value, strict=True)]
        return np.asarray((np.column_stack(cells) - self.centre) / self.spread)

    def frame(self, points: Floats, usual: pd.DataFrame) -> pd.DataFrame:
        """The m records (m, p) in units of the columns; those that the model does not read are as usual (a frame of one row)."""
        read = {c.name: self._cells(points, c, usual[c.name].iloc[0]) for c in self.columns}
        return pd.DataFrame(read)

    def _cells(self, points: Floats, column: Column, usual: object) -> pd.Series:
        own = [place for place, name in enumerate(self.column) if name == column.name]
        if not own:
            return pd.Series([usual] * len(points), dtype=np.float64 if column.type is ColumnType.NUMBER else None)
        if self.value[own[0]] is None:
            return _plain(points[:, own[0]], column)
        texts = np.array([str(self.value[place]) for place in own], dtype=object)
        most = points[:, own].argmax(axis=1)
        is_none = points[:, own].sum(axis=1) < 0.5  # a category without an input of its own
        rest = usual if usual is not None and str(usual) not in texts else None
        found = [rest if none and rest is not None else texts[place] for none, place in zip(is_none, most, strict=True)]
        return pd.Series(found, dtype=object)


def _input(cells: pd.Series, value: str | None) -> Floats:
    if value is None:
        return np.asarray(cells.map(float), dtype=np.float64)
    return np.asarray(cells.map(str) == value, dtype=np.float64)


def _plain(values: Floats, column: Column) -> pd.Series:
    if column.type is ColumnType.INTEGER:
        return pd.Series(np.rint(values).astype(np.int64))
    if column.type.is_numeric:
        return pd.Series(values)
    return pd.Series([bool(value > 0.5) for value in values], dtype=object)


def inputs_of(layers: Layers, columns: tuple[Column, ...]) -> Inputs:
    """By name: a column of numbers or truth values, or `column_value` / `column=value` of another; without names every column is a
    number and stands at its position. Raises AttackFailed for inputs that are neither."""
    wanted = layers.layers[0].weight.shape[1]
    is_named = bool(layers.features) and not all(INVENTED.fullmatch(name) for name in layers.features)
    names = layers.features if is_named else tuple(c.name for c in columns)
    split = [_split(name, columns) for name in names]
    if len(names) != wanted or any(found is None for found in split):
        raise AttackFailed("The inputs of the model are no columns of the records (an encoder stands before them, say).")
    known = [found for found in split if found is not None]
    centre = np.zeros(wanted) if layers.centre is None else layers.centre
    spread = np.ones(wanted) if layers.spread is None else np.where(layers.spread == 0, 1.0, layers.spread)
    return Inputs(columns, tuple(c for c, _ in known), tuple(v for _, v in known), centre, spread)


def _split(name: str, columns: tuple[Column, ...]) -> tuple[str, str | None] | None:
    plain = [c.name for c in columns if c.type.is_numeric or c.type is ColumnType.BOOLEAN]
    if name in plain:
        return name, None
    others = sorted((c.name for c in columns if c.name not in plain), key=len, reverse=True)
    column = next((c for c in others if name.startswith((f"{c}_", f"{c}="))), None)
    return None if column is None else (column, name[len(column) + 1 :])
