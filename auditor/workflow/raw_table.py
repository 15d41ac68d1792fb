"""A file as it came: text cells, and what the file itself said of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, eq=False)
class RawTable:
    """Text cells (None = missing) of the columns that matter, and the file's native types."""

    cells: pd.DataFrame
    types: Mapping[str, str]
