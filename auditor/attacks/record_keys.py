"""When are two records the same record? Needed to keep what was asked apart from what is evaluated."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import infer_dtype, is_bool_dtype, is_numeric_dtype

MISSING = "\x00"


def record_keys(features: pd.DataFrame) -> NDArray[np.uint64]:
    """(n,) a 64-bit key of each row's cells; 1 and 1.0 are the same number, a missing cell differs from every other."""
    plain = pd.DataFrame({str(i): _comparable(features.iloc[:, i]) for i in range(features.shape[1])})
    return np.asarray(pd.util.hash_pandas_object(plain, index=False), dtype=np.uint64)


def _comparable(cells: pd.Series) -> NDArray[np.float64] | NDArray[np.object_]:
    if is_numeric_dtype(cells) and not is_bool_dtype(cells):
        # Adding 0.0 makes -0.0 and 0.0 the same bits.
        return np.asarray(cells.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0)
    if infer_dtype(cells, skipna=True) == "string":  # most categories are text, which needs no look at each cell
        texts = cells.to_numpy(dtype=object, copy=True)
        texts[cells.isna().to_numpy()] = MISSING
        return texts
    return np.array([MISSING if pd.isna(cell) else str(cell) for cell in cells], dtype=object)
