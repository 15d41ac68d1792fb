"""Model stealing: how well does a copy that was trained on the target's answers agree with the target?"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.copying import Workshop, answered, classes_of, thief_learners
from auditor.attacks.stealing.no_query import NoQuerySurrogate
from auditor.attacks.stealing.population import UNIFORM, asked_records, check_auxiliary, evaluation_rows, uniform_points
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import SurrogateLabels
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import BudgetExhausted, InvalidInput

SHARES = (0.1, 0.25, 0.5, 1.0)
FEWEST_QUERIES = 200
MOST_QUERIES = 1_000_000
BATCH = 500


@dataclass(frozen=True)
class Surrogate:
    """The target labels records the thief has or makes up; copies are trained on 10, 25, 50 and 100 % of the answers.

    Retraining with natural and made-up records, Tramèr et al. 2016 (USENIX Security) section 5; soft labels where probabilities
    are returned. `queries`: how many records may be asked to learn from; UNIFORM more are asked to judge the copies.
    """

    queries: int = 5_000

    name: ClassVar[str] = "surrogate"
    family: ClassVar[Family] = Family.STEALING
    kind: ClassVar[str] = "extraction"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS, frozenset({Knows.POPULATION, Knows.LEARNER}))
    reference: ClassVar[str] = (
        "Tramèr et al. 2016, Stealing Machine Learning Models via Prediction APIs (USENIX Security) section 5"
    )
    shows: ClassVar[str] = "whether the model can be copied by asking it"

    def __post_init__(self) -> None:
        whole = isinstance(self.queries, int) and not isinstance(self.queries, bool)
        if not whole or not FEWEST_QUERIES <= self.queries <= MOST_QUERIES:
            raise InvalidInput(
                "attacks.surrogate.queries",
                f"set queries to a whole number from {FEWEST_QUERIES} to {MOST_QUERIES:,}, not {self.queries!r}",
            )

    @property
    def baseline(self) -> NoQuerySurrogate:
        return NoQuerySurrogate()

    def needs(self, scope: Scope) -> Needs:
        check_auxiliary(scope.auxiliary)
        return Needs(FEWEST_QUERIES + UNIFORM, self.queries + UNIFORM)

    def run(self, context: Context) -> SurrogateLabels:
        """Evidence of one copy a budget: predicted classes on candidates that were not asked and on uniform points. Raises
        InvalidInput with fewer than 200 auxiliary records, BudgetExhausted with fewer than 700 queries, AttackFailed where the
        columns allow too few distinct records."""
        rows, points = evaluation_rows(context), uniform_points(context)
        assert context.candidates is not None  # noqa: S101 - they have rows
        judged = context.candidates.features.iloc[rows]
        evaluated = np.concatenate([record_keys(frame) for frame in (judged, points)])
        records = asked_records(context, evaluated, self._budget(context))
        uniform = classes_of(_ask(context, points, 0.0, 0.05))
        material = answered(records, _ask(context, records, 0.05, 0.4))
        workshop = Workshop(thief_learners(context.learner), context.columns, context.seed, context.checkpoint)
        budgets = np.unique(np.ceil(np.array(SHARES) * len(records)).astype(np.intp))
        labels, uniform_labels = [], []
        for i, budget in enumerate(budgets):
            model = replace(workshop, progress=0.4 + 0.6 * i / len(budgets)).copy(material.take(np.arange(budget)))
            labels.append(model.predict(judged))
            uniform_labels.append(model.predict(points))
        context.checkpoint(1.0)
        return SurrogateLabels(budgets, rows, np.array(labels), np.array(uniform_labels), uniform)

    def _budget(self, context: Context) -> int:
        """Records to learn from: what the parameter and the audit's limit allow beside the uniform points."""
        budget = min(self.queries, context.query_limit - UNIFORM) if context.query_limit else self.queries
        if budget < FEWEST_QUERIES:
            raise BudgetExhausted(f"Stealing needs at least {FEWEST_QUERIES + UNIFORM} queries; raise budget.queries.")
        return budget


def _ask(context: Context, frame: pd.DataFrame, start: float, end: float) -> NDArray[np.float64]:
    """(n, C) answers, asked in batches; progress runs from `start` to `end`."""
    parts = []
    for first in range(0, len(frame), BATCH):
        context.checkpoint(start + (end - start) * first / len(frame))
        parts.append(context.query(frame.iloc[first : first + BATCH]))
    return np.concatenate(parts)
