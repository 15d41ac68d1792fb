"""A copy made without asking: the baseline of stealing. What it agrees on was never protected by the model."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.copying import Answered, Workshop, thief_learners
from auditor.attacks.stealing.population import UNIFORM, auxiliary_of, check_auxiliary, evaluation_rows, uniform_points
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import Copies, SurrogateLabels, SurrogateValues
from auditor.domain.learner import Learner, Task
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import AttackFailed
from auditor.learners import build_for_values

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
        if not context.classes:
            return _of_values(context, rows, points)
        workshop = Workshop(thief_learners(context.learner), context.columns, context.seed, context.checkpoint)
        model = workshop.copy(Answered(auxiliary.features, np.eye(context.classes)[auxiliary.labels]))
        context.checkpoint(1.0)
        labels = model.predict(context.candidates.features.iloc[rows])[None, :]
        nothing = np.full(UNIFORM, UNKNOWN, dtype=np.intp)
        return SurrogateLabels(np.zeros(1, np.intp), rows, labels, model.predict(points)[None, :], nothing)


def _of_values(context: Context, rows: NDArray[np.intp], points: pd.DataFrame) -> SurrogateValues:
    """The same of a target that answers a number: the thief's first learner of numbers on the auxiliary records' own values."""
    auxiliary = auxiliary_of(context)
    if auxiliary.values is None:
        raise AttackFailed("A copy of a target that answers a number needs auxiliary records whose true number is known.")
    assert context.candidates is not None  # noqa: S101 - they have rows
    learner = context.learner or Learner("xgboost", task=Task.REGRESSION)
    model = build_for_values(learner, context.columns, context.seed).fit(auxiliary.features, auxiliary.values)
    context.checkpoint(1.0)
    values = model.predict(context.candidates.features.iloc[rows])[None, :]
    return SurrogateValues(np.zeros(1, np.intp), rows, values, model.predict(points)[None, :], np.full(UNIFORM, np.nan))
