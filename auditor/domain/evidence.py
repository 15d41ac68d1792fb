"""What an attack claims. Nobody in this module knows the truth; `scoring.assess` joins it afterwards."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Sensitive
from auditor.domain.finding import Severity


@dataclass(frozen=True, eq=False)
class MembershipScores:
    """Higher means "more likely a member". `target` (n,): the claim. `pseudo_targets` (J, n) with `membership` (J, n): the same
    attack on J shadows that played the target, with the halves they were trained on (empty (0, n) when there are no shadows).

    An attack that is too dear for all candidates names in `rows` (n,), ascending, those it was tried on; None means all of them."""

    target: NDArray[np.float64]
    pseudo_targets: NDArray[np.float64]
    membership: NDArray[np.bool_]
    rows: NDArray[np.intp] | None = None


@dataclass(frozen=True, eq=False)
class AttributeGuesses:
    """`rows` (m,): which candidates were attacked. `scores` (m, V): how strongly each value of the attribute is
    claimed for each record; the guess is the argmax, its confidence the margin over the second. `cases` (m,): where an attack
    proceeds by cases, which one each record was."""

    attribute: Sensitive
    rows: NDArray[np.intp]
    scores: NDArray[np.float64]
    cases: NDArray[np.intp] | None = None


@dataclass(frozen=True, eq=False)
class SurrogateLabels:
    """A stolen copy's answers. `queries` (B,) ascending budgets; `rows` (m,): candidates it was evaluated on, none of them
    asked by the attack; `labels` (B, m) and `uniform_labels` (B, u): its predicted classes there; `uniform` (u,): the
    target's own classes on the u uniform points.

    `figures`: further numbers under their names as estimates (leaves, distinct_answers, parameter_error, ...), which need no truth.
    `notes`: sentences about the copy (what is exact, what is not, that the target changed). `copied` (n, C): what the last copy
    answers for every candidate, where the attack keeps it, for attacks on the copy itself."""

    queries: NDArray[np.intp]
    rows: NDArray[np.intp]
    labels: NDArray[np.intp]
    uniform_labels: NDArray[np.intp]
    uniform: NDArray[np.intp]
    figures: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    copied: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class SurrogateValues:
    """The same of a target that answers a number: `values` (B, m) and `uniform_values` (B, u) are what the copies answer, `uniform`
    (u,) what the target answers on the uniform points (NaN: not asked)."""

    queries: NDArray[np.intp]
    rows: NDArray[np.intp]
    values: NDArray[np.float64]
    uniform_values: NDArray[np.float64]
    uniform: NDArray[np.float64]
    figures: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    copied: NDArray[np.float64] | None = None


Copies = SurrogateLabels | SurrogateValues


@dataclass(frozen=True, eq=False)
class Reconstructions:
    """What an attack claims the training records looked like. `records` (m rows, RangeIndex, a column a feature): the claims;
    `labels` (m,): the class that each stands for, -1 for none; `scores` (m,): how sure the attack is, higher is surer (of several
    claims about one class the surest is judged). The baseline of such an attack gives one claim a class too: the best guess
    without the model.

    `figures`: further numbers under their names as estimates; `notes`: sentences about what was done. `is_each`: the claims are the
    training records one by one, rather than what is typical of a class; `scores` mean nothing then. `rows` (m,): of such claims,
    the candidate that each is about; None where it is not said which."""

    records: pd.DataFrame
    labels: NDArray[np.intp]
    scores: NDArray[np.float64]
    figures: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    is_each: bool = False
    rows: NDArray[np.intp] | None = None


@dataclass(frozen=True)
class Check:
    """One deterministic check: was the thing `found` (None: it could not be looked at)? `severity` is what it is worth if found;
    `details` are figures and short texts under their names."""

    name: str
    found: bool | None
    severity: Severity
    sentence: str
    details: Mapping[str, float | str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"severity": str(self.severity), "details": dict(self.details)}


@dataclass(frozen=True)
class Disclosures:
    """What deterministic checks found; nothing here was sampled, so nothing has an interval. `boxed`: the candidates, ascending, of
    which the released parameters give a value away if they were trained on; None where that cannot be told of single records."""

    checks: tuple[Check, ...]
    boxed: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class CanarySignals:
    """`signals` (n,): how sure the target is of each candidate's label; those that were trained on are ranked among the others."""

    signals: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PropertyGuess:
    """Which share of the training records has `column` = `value`: `ratios[0]` or `ratios[1]`?

    `votes` (2, v): of v held-out models of each world, how many pairs of shadows hold them closer to the second world (0 to 1);
    `distances` (2, v): how far each is from the nearer world. `target` (2,): the same two numbers of the target itself. `records`:
    how many each of these models was trained on; votes above `threshold` are for the second world.
    """

    column: str
    value: str
    ratios: tuple[float, float]
    votes: NDArray[np.float64]
    distances: NDArray[np.float64]
    target: NDArray[np.float64]
    records: int
    threshold: float = 0.5


Evidence = CanarySignals | PropertyGuess | MembershipScores | AttributeGuesses | Copies | Disclosures | Reconstructions
