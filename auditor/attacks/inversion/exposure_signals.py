"""Exposure of planted canaries: how much surer is the model of a canary it was trained on than of canaries it was not?"""

from dataclasses import dataclass
from typing import ClassVar

from auditor.attacks.membership.loss_threshold import signal_for
from auditor.attacks.membership.pairs import candidates_of
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import CanarySignals
from auditor.domain.threat import Knows, Sees, ThreatModel


@dataclass(frozen=True)
class Exposure:
    """Carlini et al. 2019: a canary is ranked by its loss among records of the same template that were not inserted.

    Here these are the canaries whose coin left them out: drawn like those that went in, so the rank of a canary that is not
    remembered is uniform whatever the model. `scoring.canary_exposure` ranks, where the coins are known.
    """

    name: ClassVar[str] = "exposure"
    family: ClassVar[Family] = Family.INVERSION
    kind: ClassVar[str] = "exposure"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.TRUE_LABEL}), or_value=True, or_top_k=True
    )
    reference: ClassVar[str] = (
        "Carlini et al. 2019, The Secret Sharer: Evaluating and Testing Unintended Memorization in Neural Networks"
        " (USENIX Security)"
    )
    shows: ClassVar[str] = "whether single planted records are remembered"

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0)

    def run(self, context: Context) -> CanarySignals:
        """Evidence with log p_y of each candidate in nats (minus the absolute residual where the target answers a value)."""
        candidates = candidates_of(context, self.name)
        context.checkpoint(0.0)
        signals = signal_for(context, candidates)(context.query(candidates.features))
        context.checkpoint(1.0)
        return CanarySignals(signals)
