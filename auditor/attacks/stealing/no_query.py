"""A copy made without asking: the baseline of stealing. What it agrees on was never protected by the model."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.stealing.copying import Answered, Workshop, thief_learners
from auditor.attacks.stealing.population import UNIFORM, auxiliary_of, check_auxiliary, evaluation_rows, uniform_points
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import SurrogateLabels
from auditor.domain.threat import Knows, Sees, ThreatModel

UNKNOWN = -1


@dataclass(frozen=True)
class NoQuerySurrogate:
    """The thief's learners on the auxiliary records' own labels, judged on the same records as the copies."""

    name: ClassVar[str] = "no-query"
    family: ClassVar[Family] = Family.STEALING
    kind: ClassVar[str] = "extraction"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.NOTHING, frozenset({Knows.POPULATION, Knows.LEARNER}))
    reference: ClassVar[str] = (
        "Tramèr et al. 2016, Stealing Machine Learning Models via Prediction APIs (USENIX Security) section 5"
    )
    shows: ClassVar[str] = "how well a model trained without asking agrees with the target"

    def needs(self, scope: Scope) -> Needs:
        check_auxiliary(scope.auxiliary)
        return Needs(0, 0)

    def run(self, context: Context) -> SurrogateLabels:
        """Evidence with one budget of 0 queries; `uniform` (UNIFORM,) is -1 throughout, for the target was not asked. Raises
        InvalidInput with fewer than 200 auxiliary records."""
        auxiliary, rows, points = auxiliary_of(context), evaluation_rows(context), uniform_points(context)
        assert context.candidates is not None  # noqa: S101 - they have rows
        workshop = Workshop(thief_learners(context.learner), context.columns, context.seed, context.checkpoint)
        model = workshop.copy(Answered(auxiliary.features, np.eye(context.classes)[auxiliary.labels]))
        context.checkpoint(1.0)
        labels = model.predict(context.candidates.features.iloc[rows])[None, :]
        nothing = np.full(UNIFORM, UNKNOWN, dtype=np.intp)
        return SurrogateLabels(np.zeros(1, np.intp), rows, labels, model.predict(points)[None, :], nothing)
