"""A linear model whose ideal records are the corners of the box: what mi-face has to find."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.mi_face import MIFace
from auditor.domain.attack import Attack, Context
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.parameters import Layer, Layers
from auditor.domain.seeds import generator
from auditor.domain.target import Output, Profile

COLUMNS = tuple(Column(f"number {i}", ColumnType.NUMBER) for i in range(6))
CLASSES = ("first", "second")
ENDS = {column.name: (-1.0, 3.0) for column in COLUMNS}


def corner_error(attack: Attack, seed: int) -> float:
    """The largest difference between what the attack finds without a prior and sign(w_y - w_other), in units of the range."""
    assert isinstance(attack, MIFace)  # noqa: S101 - the only one that looks inside for this
    rng = generator(seed, "corners")
    weight = rng.choice([-1.0, 1.0], (2, len(COLUMNS))) * rng.uniform(0.5, 2.0, (2, len(COLUMNS)))
    model = Layers((Layer(weight, rng.standard_normal(2)),), "identity", "softmax", tuple(c.name for c in COLUMNS), CLASSES)
    people = Records(
        pd.DataFrame(rng.uniform(-1, 3, (200, len(COLUMNS))), columns=[c.name for c in COLUMNS]), np.zeros(200, np.intp)
    )
    profile = Profile(Output.PROBABILITIES, CLASSES)
    context = Context(seed, profile, COLUMNS, _never, _unwatched, auxiliary=people, parameters=model, bounds=ENDS)
    found = replace(attack, prior=0.0, steps=max(attack.steps, 2_000)).run(context).records.to_numpy()
    corners = np.where(np.stack([weight[0] - weight[1], weight[1] - weight[0]]) > 0, 3.0, -1.0)
    return float(np.abs(found - corners).max() / 4.0)


def _never(frame: pd.DataFrame) -> NDArray[np.float64]:
    raise AssertionError


def _unwatched(fraction: float) -> None:
    """Nobody waits for this."""
