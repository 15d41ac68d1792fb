"""The contract between an attack and the framework. `auditor.testing.check_attack` proves it for any attack."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.counterfactual import Explain
from auditor.domain.data import Column, Records, Sensitive
from auditor.domain.evidence import Evidence
from auditor.domain.learner import Learner
from auditor.domain.parameters import ModelParameters
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Profile
from auditor.domain.threat import ThreatModel

Query = Callable[[pd.DataFrame], NDArray[np.float64]]
Checkpoint = Callable[[float], None]
Known = Callable[[pd.DataFrame], NDArray[np.bool_]]


class Family(StrEnum):
    MEMBERSHIP = "membership"
    INVERSION = "inversion"
    STEALING = "stealing"
    ROBUSTNESS = "robustness"
    SUPPLY_CHAIN = "supply-chain"


@dataclass(frozen=True)
class Scope:
    """What this audit offers, known before anything is spent. `shadows` is 0 when none will be trained."""

    profile: Profile
    candidates: int
    auxiliary: int
    shadows: int
    queries_left: int
    sensitive: tuple[Sensitive, ...] = ()
    has_learner: bool = True
    has_parameters: bool = False
    has_counterfactuals: bool = False


@dataclass(frozen=True)
class Needs:
    """Distinct records that the attack puts to the target beside the candidates, which are asked already, and shadows over them."""

    queries_min: int
    queries_max: int
    shadows: int = 0


@dataclass(frozen=True, eq=False)
class Training:
    """What the target was trained on, as far as the audit knows. `rows` (N,): which candidate each record is, -1 for none of them.
    An adversary who has all but one takes each in turn for the one."""

    records: Records
    rows: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Context:
    """Exactly what the threat model grants; what it does not grant is None and cannot be reached.

    `candidates`: the n records in question (`labels` only if the true label is known). `query`: asks the target: a frame of
    records -> (n, C) probabilities (labels as 0/1, classes not returned as NaN); candidates keep their row index, so a
    subset of `candidates.features` may be asked as it is. `checkpoint(fraction)` reports progress and raises Cancelled.
    `parameters`: those of a submitted model file, for an adversary who sees them. `fresh` asks like `query`, but the target itself
    even about records that it answered before (paid again): whether it still answers the same. `recorded`: where the target can be
    asked nothing new, which records of a frame (n,) it has answered before; None where it can be asked. `bounds`: the declared low
    and high end of columns of numbers (data.bounds). `training`: for an adversary who has every training record but one.
    `counterfactual`: for an adversary who asks for counterfactuals, the nearest record of another class within bounds; each costs
    one query.
    """

    seed: int
    profile: Profile
    columns: tuple[Column, ...]
    query: Query
    checkpoint: Checkpoint
    candidates: Records | None = None
    shadows: ShadowOutputs | None = None
    auxiliary: Records | None = None
    learner: Learner | None = None
    sensitive: Sensitive | None = None
    query_limit: int = 0
    parameters: ModelParameters | None = None
    fresh: Query | None = None
    recorded: Known | None = None
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    training: Training | None = None
    counterfactual: Explain | None = None

    @property
    def classes(self) -> int:
        return len(self.profile.classes)


@runtime_checkable
class Attack(Protocol):
    """A concrete attack is a frozen dataclass whose fields are its hyper-parameters, checked in __post_init__
    (raise InvalidInput("attacks.<name>.<field>", sentence))."""

    name: ClassVar[str]
    family: ClassVar[Family]
    kind: ClassVar[str]
    threat_model: ClassVar[ThreatModel]
    reference: ClassVar[str]
    shows: ClassVar[str]  # what it shows, in plain words: "whether a person's record was in the training data"

    def needs(self, scope: Scope) -> Needs: ...

    def run(self, context: Context) -> Evidence: ...


Parameters = Mapping[str, object]
