"""Does the target still answer what it answered? A copy of a target that changed in between is a copy of no model."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.attack import Context
from auditor.domain.target import Profile

REPEATED = 5
"""Records that are asked a second time; they are paid again."""


def wire_error(profile: Profile) -> float:
    """Half a unit of the last decimal that the target answers; what doubles lose where it rounds nothing."""
    return 1e-15 if profile.decimals is None else 0.5 * 10.0**-profile.decimals


def changed(context: Context, asked: pd.DataFrame, answers: NDArray[np.float64]) -> str | None:
    """A sentence where the first records that were asked are answered otherwise now; None where all is as it was, or where nothing
    can be asked anew."""
    if context.fresh is None or not len(asked):
        return None
    again = context.fresh(asked.iloc[:REPEATED])
    gap = float(np.nanmax(np.abs(again - answers[:REPEATED]), initial=0.0))
    if gap <= max(2 * wire_error(context.profile), 1e-9 * float(np.nanmax(np.abs(answers), initial=1.0))):
        return None
    return (
        f"Asked again at the end of the attack, the target answered the same records otherwise (by up to {gap:.2g}): it changed in"
        " between, or answers at random, so the copy is a copy of no one model."
    )
