"""What grading takes and gives: the policy's terms, the truth, and the assessment of one attack."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from auditor.domain.data import Column, Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate, Subgroup
from auditor.errors import AttackFailed

NOTHING = "nothing left to leak"  # the driver of a score of 0 that no attack could raise


@dataclass(frozen=True)
class Grading:
    """The terms on which an attack is graded.

    `level`: the score from which on its family is a breach, None if the policy sets none. Printed intervals hold at `confidence`,
    each alone. The limits that decide share the error level over `family_size` attacks and over looks (`look_share` of it now).
    """

    level: float | None
    family_size: int = 1
    confidence: float = 0.95
    look_share: float = 1.0
    seed: int = 0

    @property
    def marginal_alpha(self) -> float:
        """Two-sided error of the printed intervals."""
        return 1.0 - self.confidence

    @property
    def alpha(self) -> float:
        """Two-sided error of the limits that decide."""
        return self.marginal_alpha * self.look_share / self.family_size

    @property
    def is_simultaneous(self) -> bool:
        return self.family_size > 1 or self.look_share < 1.0


@dataclass(frozen=True, eq=False)
class Originals:
    """The n candidates themselves, which reconstructions are held against, and the auxiliary records that an independent model can
    learn the classes from. `left_out`: members of the files that are no candidates."""

    candidates: Records
    columns: tuple[Column, ...]
    auxiliary: Records | None = None
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    left_out: int = 0


@dataclass(frozen=True, eq=False)
class Truth:
    """What is joined after the attacks have spoken; n candidates.

    `is_member` (n,); `labels` (n,) class indices; `attribute` (n,) index of the true value of the sensitive attribute, -1 for a
    value that the adversary never saw; `target_labels` (n,) the target's own predicted class, -1 where it was not asked;
    `target_values` (n,) the number it answers, NaN where it was not asked; `target_answers` (n, C) all that it answers of classes;
    `numbers` (n,) the true value of a sensitive attribute that is a number, NaN where it is missing.
    """

    is_member: NDArray[np.bool_]
    labels: NDArray[np.intp]
    attribute: NDArray[np.intp] | None
    target_labels: NDArray[np.intp] | None
    classes: int
    target_values: NDArray[np.float64] | None = None
    target_answers: NDArray[np.float64] | None = None
    originals: Originals | None = None
    numbers: NDArray[np.float64] | None = None

    def of(self, evidence: MembershipScores) -> "Truth":
        """The truth about the candidates that the attack was tried on. Raises AttackFailed for rows that are no candidates."""
        rows = evidence.rows
        if rows is None:
            return self
        inside = not rows.size or (rows[0] >= 0 and rows[-1] < len(self.is_member))
        if not inside or (np.diff(rows) <= 0).any():
            raise AttackFailed("The attack names records that are no candidates, or one twice; rows has to ascend within them.")
        attribute, target_labels = _at(self.attribute, rows), _at(self.target_labels, rows)
        return replace(
            self, is_member=self.is_member[rows], labels=self.labels[rows], attribute=attribute, target_labels=target_labels
        )


def _at(values: NDArray[np.intp] | None, rows: NDArray[np.intp]) -> NDArray[np.intp] | None:
    return None if values is None else values[rows]


@dataclass(frozen=True, eq=False)
class Assessment:
    """One graded attack. Scores are 0..100, or None where the data cannot carry one.

    `resolved` is False where some part of the score could not be measured; `confounded` is True where the two sides differ
    without the model so much that no verdict stands. `driver` names the part that the score rests on.
    """

    estimates: tuple[Estimate, ...]
    score: float | None
    score_low: float | None
    score_high: float | None
    caveats: tuple[str, ...] = ()
    curve: Mapping[str, list[float]] = field(default_factory=dict)
    resolved: bool = True
    confounded: bool = False
    driver: str = ""
    subgroups: tuple[Subgroup, ...] = ()
