"""What a search maximises: how sure the target is of a class, less how unlikely such a record is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.feature_space import FeatureSpace, Points
from auditor.attacks.inversion.feature_space_density import Density
from auditor.domain.attack import Context
from auditor.domain.target import Output

Floats = NDArray[np.float64]


@dataclass(eq=False)
class Asker:
    """Asks the target about points of all classes at once and counts what was asked. `limit` is what may be asked of one class."""

    context: Context
    space: FeatureSpace
    density: Density
    weight: float
    limit: int
    asked: int = 0
    rows: int = 0

    @property
    def left(self) -> int:
        """Questions left for each class."""
        return self.limit - self.asked

    def answers(self, points: Points) -> Floats:
        """(n, C) probabilities; classes that were not returned count as impossible."""
        frame = self._frame(points)
        answered = np.nan_to_num(self.context.query(frame), nan=0.0)
        self.rows += len(points)
        return np.asarray(np.clip(answered, 0.0, 1.0))

    def values(self, parts: Sequence[Points]) -> list[Floats]:
        """Of points for class 0, 1, ...: (n_c,) each, all asked in one frame; and a report of how far the search is."""
        answered = self.answers(Points.joined(parts))
        ends = np.cumsum([len(part) for part in parts])
        self.asked += max(len(part) for part in parts)
        self.context.checkpoint(min(1.0, self.asked / self.limit))
        found = []
        for label, (part, answer) in enumerate(zip(parts, np.split(answered, ends[:-1]), strict=True)):
            found.append(self.sureness(answer, label) - self.cost(part))
        return found

    def cost(self, points: Points) -> Floats:
        """(n,) what -log density costs; nothing where labels alone are answered, which no weight can be set against."""
        if self.context.profile.output is Output.LABELS or not self.weight:
            return np.zeros(len(points))
        return np.asarray(self.weight * self.density.penalty(points))

    def sureness(self, answers: Floats, label: int) -> Floats:
        """(n,) log p_y / (1 - p_y), the target's own margin, which does not flatten as p_y nears 1; 0 or 1 for labels only."""
        own = answers[:, label]
        if self.context.profile.output is Output.LABELS:
            return np.asarray(own)
        clip = self.context.profile.clip
        return np.asarray(np.log(np.maximum(own, clip)) - np.log(np.maximum(answers.sum(axis=1) - own, clip)))

    def _frame(self, points: Points) -> pd.DataFrame:
        candidates = self.context.candidates
        first = (0 if candidates is None else len(candidates)) + self.rows
        return self.space.frame(points, first)
