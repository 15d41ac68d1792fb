"""The noise attack: a model stays right longer around the records that it was trained on."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.membership.domain import Domain, domains
from auditor.attacks.membership.pairs import Floats, candidates_of
from auditor.attacks.membership.perturbation import perturbed
from auditor.attacks.membership.subsample import LEAST_RECORDS, scored_on, subsample
from auditor.attacks.signals import correctness
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.data import Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.seeds import generator
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import BudgetExhausted, InvalidInput

MOST_COPIES, MOST_RECORDS = 10_000, 1_000_000
SCORES = ("comparison", "share")


@dataclass(frozen=True)
class Noise:
    """Choquette-Choo et al. 2021, section 3.3, for rows of a table. `copies` of each record, changed at random by each of the
    `scales` in turn (in standard deviations; docs/attacks/noise.md says what becomes of categories), on `records` candidates.

    `score` share: the share of copies still answered with the record's label, averaged over scales, as in the paper. comparison:
    records that are answered right come first, and among them those whose copies are not, because only they were learned by heart
    (the neighbourhood comparison of Mattern et al. 2023, arXiv:2305.18462, for labels)."""

    copies: int = 16
    scales: tuple[float, ...] = (0.5, 1.0)
    records: int = 2_000
    score: str = "comparison"

    name: ClassVar[str] = "noise"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS, frozenset({Knows.CANDIDATES, Knows.TRUE_LABEL}))
    reference: ClassVar[str] = (
        "Choquette-Choo, Tramer, Carlini, Papernot: Label-Only Membership Inference Attacks, ICML 2021 (arXiv:2007.14321)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def __post_init__(self) -> None:
        if not isinstance(self.scales, list | tuple) or not self.scales or not all(_is_scale(s) for s in self.scales):
            raise InvalidInput("attacks.noise.scales", f"give one number or more above 0 and at most 10, not {self.scales!r}")
        object.__setattr__(self, "scales", tuple(float(s) for s in self.scales))
        if not _is_whole(self.copies, len(self.scales), MOST_COPIES):
            raise InvalidInput(
                "attacks.noise.copies", f"choose a whole number from {len(self.scales)}, one a scale, to {MOST_COPIES:,}"
            )
        if not _is_whole(self.records, LEAST_RECORDS, MOST_RECORDS):
            raise InvalidInput("attacks.noise.records", f"choose a whole number from {LEAST_RECORDS} to {MOST_RECORDS:,}")
        if self.score not in SCORES:
            raise InvalidInput("attacks.noise.score", f"choose comparison or share, not {self.score!r}")

    def needs(self, scope: Scope) -> Needs:
        return Needs(self.copies * min(LEAST_RECORDS, scope.candidates), self.copies * min(self.records, scope.candidates))

    def run(self, context: Context) -> MembershipScores:
        """Evidence about as many of the candidates as the limit allows. Raises BudgetExhausted where it allows none."""
        candidates = candidates_of(context, self.name)
        rows = subsample(candidates, self._count(context), context.seed)
        context.checkpoint(0.0)
        right = self._right(context, candidates.take(rows), domains(candidates.features, context.columns), len(candidates))
        share = np.mean([right[place :: len(self.scales)].mean(axis=0) for place in range(len(self.scales))], axis=0)
        if self.score == "share":
            return scored_on(rows, share)
        itself = correctness(context.query(candidates.features.iloc[rows]), candidates.labels[rows])
        return scored_on(rows, 2 * itself - share)

    def _right(self, context: Context, tried: Records, known: list[Domain], first: int) -> Floats:
        """(copies, m) 1 where a copy is answered with the record's own label. Copies get row indices that no candidate has."""
        right = np.empty((self.copies, len(tried)))
        for copy in range(self.copies):
            scale = self.scales[copy % len(self.scales)]
            frame = perturbed(tried.features, known, scale, generator(context.seed, "copy", copy))
            frame.index = frame.index + first + copy * len(tried)
            right[copy] = correctness(context.query(frame), tried.labels)
            context.checkpoint((copy + 1) / self.copies)
        return right

    def _count(self, context: Context) -> int:
        if not context.query_limit:
            return self.records
        affordable = context.query_limit // self.copies
        if not affordable:
            raise BudgetExhausted(f"The noise attack needs at least {self.copies:,} queries; raise budget.queries.")
        return min(self.records, affordable)


def _is_scale(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 10


def _is_whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
