"""A copy made without asking: the baseline of stealing. What it agrees on was never protected by the model."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.stealing.copying import Answered, Workshop, classes_of, likely, makers_for
from auditor.attacks.stealing.population import UNIFORM, auxiliary_of, check_auxiliary, evaluation_rows, uniform_points
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.data import Records
from auditor.domain.evidence import Copies, SurrogateLabels, SurrogateValues
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import AttackFailed

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

    def run(self, context: Context) -> Copies:
        """Evidence with one budget of 0 queries; `uniform` (UNIFORM,) is -1 throughout (NaN where the target answers a number), for
        the target was not asked. Raises InvalidInput with fewer than 200 auxiliary records."""
        auxiliary, rows, points = auxiliary_of(context), evaluation_rows(context), uniform_points(context)
        assert context.candidates is not None  # noqa: S101 - they have rows
        material = _natural(context, auxiliary)
        makers = makers_for(context.learner, material)
        copy = Workshop(makers, context.columns, context.seed, context.checkpoint).copy(material, likely)
        context.checkpoint(1.0)
        on_rows, on_points = copy(context.candidates.features.iloc[rows]), copy(points)
        none = np.zeros(1, np.intp)
        if not context.classes:
            return SurrogateValues(none, rows, on_rows.T, on_points.T, np.full(UNIFORM, np.nan))
        nothing = np.full(UNIFORM, UNKNOWN, dtype=np.intp)
        return SurrogateLabels(none, rows, classes_of(on_rows)[None, :], classes_of(on_points)[None, :], nothing)


def _natural(context: Context, auxiliary: Records) -> Answered:
    """The auxiliary records with their own labels, or their own numbers."""
    if context.classes:
        return Answered(auxiliary.features, np.eye(context.classes)[auxiliary.labels])
    if auxiliary.values is None:
        raise AttackFailed("A copy of a target that answers a number needs auxiliary records whose true number is known.")
    return Answered(auxiliary.features, auxiliary.values[:, None])
