"""Attack-P: how rarely does the model do as well on records of the population?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.pairs import Floats, candidates_of, playing, unplayed
from auditor.attacks.membership.population_records import asked, asking, checked_records, drawn
from auditor.attacks.signals import log_confidence
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Knows, Sees, ThreatModel

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class AttackP:
    """Ye et al. 2022, section 4.2 (attack P). Score: minus the log of the p-value (nats) of the record's loss among the losses of
    auxiliary records on the same model, (1 + #{z: loss at most the record's}) / (Z + 1).

    It trains nothing: the p-value is calibrated by the population. It ranks as the loss threshold does, in at most Z + 1 steps.
    `records`: how many auxiliary records to ask at most.
    """

    records: int = 2_000

    name: ClassVar[str] = "attack-p"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.POPULATION, Knows.TRUE_LABEL})
    )
    reference: ClassVar[str] = (
        "Ye, Maddi, Murakonda, Bindschaedler, Shokri: Enhanced Membership Inference Attacks against Machine Learning Models, "
        "CCS 2022 (arXiv:2111.09679)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def __post_init__(self) -> None:
        checked_records(self.name, self.records)

    def needs(self, scope: Scope) -> Needs:
        return asking(self.name, self.records, scope)

    def run(self, context: Context) -> MembershipScores:
        candidates = candidates_of(context, self.name)
        clip = context.profile.clip
        population = drawn(context, self.name, self.records)
        context.checkpoint(0.0)
        others = log_confidence(asked(context, population), population.labels, clip)
        context.checkpoint(0.5)
        claim = minus_log_p(log_confidence(context.query(candidates.features), candidates.labels, clip), others)
        context.checkpoint(0.8)
        if context.shadows is None:
            return unplayed(claim)
        chosen = playing(len(context.shadows))
        masks = context.shadows.masks[chosen]
        signals = (log_confidence(context.shadows.answers(k), candidates.labels, clip) for k in chosen)
        pseudo = [among_its_own(signal, inside) for signal, inside in zip(signals, masks, strict=True)]
        context.checkpoint(1.0)
        return MembershipScores(claim, np.stack(pseudo), masks)


def minus_log_p(signals: Floats, population: Floats) -> Floats:
    """Minus the log of (1 + #{z: log p_y >= the record's}) / (Z + 1), (n,), in nats."""
    above = len(population) - np.searchsorted(np.sort(population), signals, side="left")
    return np.asarray(-np.log((1 + above) / (len(population) + 1)))


def among_its_own(signals: Floats, inside: Mask) -> Floats:
    """The same for a pseudo-target, whose population are the candidates that it was not trained on: k / Z for the k-th surest of
    them. Equal signals stay equal, whichever side they are on; leaving each record out of its own population would part them."""
    outside = np.sort(signals[~inside])
    above = len(outside) - np.searchsorted(outside, signals, side="left")
    return np.asarray(-np.log(np.maximum(1, above) / len(outside)))
