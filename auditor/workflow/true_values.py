"""The label column of a target that answers a value: numbers instead of classes. Pure."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from auditor.errors import InvalidInput
from auditor.intake.types import DECIMAL

LONGEST_SHOWN = 40


def as_numbers(labels: NDArray[np.object_], file: str) -> NDArray[np.object_]:
    """The texts of one file's labels, each written as its number is (3.50 and 3.5 are the same record); raises InvalidInput."""
    return np.array([_canonical(str(text), file) for text in labels], dtype=object)


def _canonical(text: str, file: str) -> str:
    if not DECIMAL.fullmatch(text) or not np.isfinite(float(text)):
        shown = text[:LONGEST_SHOWN]
        raise InvalidInput(
            "data.label",
            f"{shown!r} in {file} is no number, but the target answers a value; name the column with the true numbers, correct the"
            " cell, or list it under data.missing",
        )
    return repr(float(text) + 0.0)  # minus zero is zero


def refuse_constant(sides: Iterable[NDArray[np.object_]]) -> None:
    """Where every record has the same number there is nothing to learn, and nothing to remember."""
    seen = sorted(set().union(*(side.tolist() for side in sides)))
    if len(seen) < 2:
        raise InvalidInput("data.label", f"the label has one value only ({seen[0]}); name the column that the model predicts")


def in_tenths(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """(n,) in which tenth of all values each stands, for those who want labels; equal values stand in the same one."""
    edges = np.unique(np.quantile(values, np.linspace(0.1, 0.9, 9)))
    return np.asarray(np.searchsorted(edges, values, side="left"), dtype=np.intp)
