"""Quantile regression: is the model surer of this record than of people like it?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.pairs import Floats, candidates_of, unplayed
from auditor.attacks.membership.population_records import asked, asking, checked_records, drawn
from auditor.attacks.signals import logit_confidence
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.data import Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.learners.encode import Encoding, Numbers, prepare

Inputs = NDArray[np.float64]

TREES_OF_THE_MEAN, TREES_OF_THE_SPREAD = 100, 50
LEAST_SPREAD = 0.05  # nats: point masses among the answers leave residuals of 0


@dataclass(frozen=True)
class QuantileRegression:
    """Bertran et al. 2023, in the Gaussian form that their tabular code has: boosted trees learn from auxiliary records the mean
    mu(x, y) and the spread sigma(x, y) of the logit-scaled confidence phi of models on records they were not trained on. Score
    (phi - mu) / sigma; a quantile of it is the paper's threshold for each record.

    It trains no shadow and knows nothing of the learner, so no shadow can play the target (none answered the auxiliary records).
    `records`: how many auxiliary records to ask at most.
    """

    records: int = 2_000

    name: ClassVar[str] = "quantile-regression"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.POPULATION, Knows.TRUE_LABEL})
    )
    reference: ClassVar[str] = (
        "Bertran, Tang, Kearns, Morgenstern, Roth, Wu: Scalable Membership Inference Attacks via Quantile Regression, "
        "NeurIPS 2023 (arXiv:2307.03694)"
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
        others = logit_confidence(asked(context, population), population.labels, clip)
        context.checkpoint(0.3)
        observed = logit_confidence(context.query(candidates.features), candidates.labels, clip)
        context.checkpoint(0.5)
        known, questioned = encoded(context, population, candidates)
        mean = _fitted(known, others, TREES_OF_THE_MEAN)
        context.checkpoint(0.8)
        residuals = others - mean(known)
        log_spread = _fitted(known, np.log(residuals**2 + LEAST_SPREAD**2), TREES_OF_THE_SPREAD)
        claim = (observed - mean(questioned)) / np.exp(log_spread(questioned) / 2)
        context.checkpoint(1.0)
        return unplayed(claim)


def encoded(context: Context, population: Records, candidates: Records) -> tuple[Inputs, Inputs]:
    """Features and label as numbers (z, w) and (n, w); the encoding is that of the population."""
    known, questioned = (prepare(records.features, context.columns) for records in (population, candidates))
    encoding = Encoding.fit(known, Numbers.NATIVE)
    classes = np.eye(context.classes)
    return (
        np.hstack([encoding.apply(known), classes[population.labels]]),
        np.hstack([encoding.apply(questioned), classes[candidates.labels]]),
    )


def _fitted(inputs: Inputs, values: Floats, trees: int) -> Callable[[Inputs], Floats]:
    """What boosted trees predict after learning `values` (z,) from `inputs` (z, w)."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(max_iter=trees, max_leaf_nodes=15, early_stopping=False, random_state=0)
    model.fit(inputs, values)
    return lambda rows: np.asarray(model.predict(rows), dtype=np.float64)
