"""What an attack claims. Nobody in this module knows the truth; `scoring.assess` joins it afterwards."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.domain.data import Sensitive


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
    claimed for each record; the guess is the argmax, its confidence the margin over the second."""

    attribute: Sensitive
    rows: NDArray[np.intp]
    scores: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SurrogateLabels:
    """A stolen copy's answers. `queries` (B,) ascending budgets; `rows` (m,): candidates it was evaluated on, none of them
    asked by the attack; `labels` (B, m) and `uniform_labels` (B, u): its predicted classes there; `uniform` (u,): the
    target's own classes on the u uniform points."""

    queries: NDArray[np.intp]
    rows: NDArray[np.intp]
    labels: NDArray[np.intp]
    uniform_labels: NDArray[np.intp]
    uniform: NDArray[np.intp]


Evidence = MembershipScores | AttributeGuesses | SurrogateLabels
