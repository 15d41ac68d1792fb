"""The loss threshold attack: a record is a member if the model is confident of its true label."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.membership.class_thresholds import LEAST_SHADOWS, Observed, thresholded
from auditor.attacks.membership.pairs import Floats, Signal, candidates_of, scored_alone
from auditor.attacks.signals import log_confidence
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.data import Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.target import Output
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import AttackFailed, InvalidInput

THRESHOLDS = ("global", "class")
KNOWS = frozenset({Knows.CANDIDATES, Knows.TRUE_LABEL})


@dataclass(frozen=True)
class LossThreshold:
    """Yeom et al. 2018, section 3.2. Score log p_y (nats), minus the loss of the record; where the target answers a value,
    minus the absolute residual, in units of the value.

    `threshold`: global, the paper's, is one for all records; class takes off the threshold of the record's class, chosen on
    shadows. Easy records look like members, so it has next to no power at low false-positive rates: a baseline and a smoke test.
    """

    threshold: str = "global"

    name: ClassVar[str] = "loss-threshold"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PROBABILITIES, KNOWS, or_value=True, or_top_k=True)
    reference: ClassVar[str] = "Yeom, Giacomelli, Fredrikson, Jha: Privacy Risk in Machine Learning, CSF 2018 (arXiv:1709.01604)"
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def __post_init__(self) -> None:
        if self.threshold not in THRESHOLDS:
            raise InvalidInput("attacks.loss-threshold.threshold", f"choose global or class, not {self.threshold!r}")
        if self.threshold == "class":  # whoever sets thresholds on shadows knows how to train them
            stronger = ThreatModel(Sees.PROBABILITIES, KNOWS | {Knows.LEARNER}, or_value=True, or_top_k=True)
            object.__setattr__(self, "threat_model", stronger)

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0, shadows=LEAST_SHADOWS if self.threshold == "class" else 0)

    def run(self, context: Context) -> MembershipScores:
        candidates = candidates_of(context, self.name)
        signal = signal_for(context, candidates)
        if self.threshold == "class":
            return thresholded(context, candidates, self.name, lambda answers: Observed(signal(answers), candidates.labels))
        context.checkpoint(0.0)
        target = signal(context.query(candidates.features))
        context.checkpoint(0.5)
        evidence = scored_alone(target, context.shadows, signal)
        context.checkpoint(1.0)
        return evidence


def signal_for(context: Context, candidates: Records) -> Signal:
    """Minus the loss (n,), of answers (n, C), or of values (n, 1) where the target answers those."""
    if context.profile.output is not Output.VALUE:
        return lambda answers: log_confidence(answers, candidates.labels, context.profile.clip)
    values = candidates.values
    if values is None:
        raise AttackFailed("loss-threshold needs the true value of every record.")

    def residual(answers: Floats) -> Floats:
        # In the 32 bits that shadows are stored in, so that equal answers of shadows and target stay equal.
        return -np.abs(answers[..., 0].astype(np.float32).astype(np.float64) - values)

    return residual
