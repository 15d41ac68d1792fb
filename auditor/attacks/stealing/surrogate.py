"""Model stealing: how well does a copy that was trained on the target's answers agree with the target?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.copying import classes_of
from auditor.attacks.stealing.no_query import NoQuerySurrogate
from auditor.attacks.stealing.population import UNIFORM, check_auxiliary, evaluation_rows, pool_of, uniform_points
from auditor.attacks.stealing.query_limits import check_queries, limit_of
from auditor.attacks.stealing.rounds import Round, Thief
from auditor.attacks.stealing.strategies import Strategy, margin
from auditor.attacks.stealing.strategies_bandit import knockoff
from auditor.attacks.stealing.strategies_distance import deepfool, k_center, margin_k_center
from auditor.attacks.stealing.strategies_growth import jacobian
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import Copies, SurrogateLabels, SurrogateValues
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import BudgetExhausted, InvalidInput, TargetRefused

Floats = NDArray[np.float64]

FEWEST_QUERIES = 200
MOST_QUERIES = 1_000_000
SPARE = 4
"""An adaptive strategy chooses among this many times the records that it may ask."""

STRATEGIES: Mapping[str, Strategy] = {
    "margin": Strategy(choose=margin),
    "natural": Strategy(),
    "synthetic": Strategy("synthetic"),
    "uniform": Strategy("uniform"),
    "k-center": Strategy(choose=k_center),
    "margin-k-center": Strategy(choose=margin_k_center),
    "deepfool": Strategy(choose=deepfool),
    "knockoff": Strategy(choose=knockoff),
    "jacobian": Strategy(grow=jacobian),
    "copycat": Strategy(hard=True),
}


@dataclass(frozen=True)
class Surrogate:
    """The target labels records the thief has or makes up, in rounds; a copy is trained after each.

    Retraining with natural and made-up records, Tramèr et al. 2016 (USENIX Security) section 5, with the strategies of those who
    came after (docs/attacks/surrogate.md). `queries`: how many records may be asked to learn from; UNIFORM more are asked to judge
    the copies.
    """

    queries: int = 5_000
    strategy: str = "margin"

    name: ClassVar[str] = "surrogate"
    family: ClassVar[Family] = Family.STEALING
    kind: ClassVar[str] = "extraction"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS, frozenset({Knows.POPULATION, Knows.LEARNER}), or_value=True)
    reference: ClassVar[str] = (
        "Tramèr et al. 2016, Stealing Machine Learning Models via Prediction APIs (USENIX Security) section 5"
    )
    shows: ClassVar[str] = "whether the model can be copied by asking it"

    def __post_init__(self) -> None:
        check_queries(self.name, self.queries, FEWEST_QUERIES, MOST_QUERIES)
        if self.strategy not in STRATEGIES:
            raise InvalidInput("attacks.surrogate.strategy", f"choose one of {', '.join(STRATEGIES)}, not {self.strategy!r}")

    @property
    def baseline(self) -> NoQuerySurrogate:
        return NoQuerySurrogate()

    def needs(self, scope: Scope) -> Needs:
        check_auxiliary(scope.auxiliary)
        return Needs(FEWEST_QUERIES + UNIFORM, self.queries + UNIFORM)

    def run(self, context: Context) -> Copies:
        """Evidence of one copy a round: predicted classes (or numbers) on candidates that were not asked and on uniform points.
        Raises InvalidInput with fewer than 200 auxiliary records, BudgetExhausted with fewer than 700 queries, AttackFailed where
        the columns allow too few distinct records."""
        rows, points = evaluation_rows(context), uniform_points(context)
        assert context.candidates is not None  # noqa: S101 - they have rows
        budget, strategy = self._budget(context), STRATEGIES[self.strategy]
        judged = np.concatenate([record_keys(frame) for frame in (context.candidates.features.iloc[rows], points)])
        pool = pool_of(context, judged, strategy.source, budget * (SPARE if strategy.choose else 1))
        context.checkpoint(0.0)
        points, uniform = _asked(context, points)
        thief = Thief(context, pool, strategy, budget, judged)
        thief.run()
        context.checkpoint(1.0)
        return _evidence(context, thief, rows, points, uniform)

    def _budget(self, context: Context) -> int:
        """Records to learn from: what the parameter and the audit's limit allow beside the uniform points."""
        budget = limit_of(context, self.queries, UNIFORM)
        if budget < FEWEST_QUERIES:
            raise BudgetExhausted(f"Stealing needs at least {FEWEST_QUERIES + UNIFORM} queries; raise budget.queries.")
        return budget


def _asked(context: Context, points: pd.DataFrame) -> tuple[pd.DataFrame, Floats]:
    """A target that refuses made-up records is judged on people alone."""
    try:
        return points, context.query(points)
    except TargetRefused:
        return points[:0], np.empty((0, max(1, context.classes)))


def _evidence(context: Context, thief: Thief, rows: NDArray[np.intp], points: pd.DataFrame, uniform: Floats) -> Copies:
    assert context.candidates is not None  # noqa: S101 - they have rows
    candidates = context.candidates.features
    copied = thief.rounds[-1].copy(candidates)
    on_rows = [*(r.copy(candidates.iloc[rows]) for r in thief.rounds[:-1]), copied[rows]]
    on_points = [_on(r, points, uniform) for r in thief.rounds]
    queries = np.array([r.queries for r in thief.rounds], dtype=np.intp)
    notes = tuple(thief.notes)
    if not context.classes:
        values, uniform_values = np.array([a[:, 0] for a in on_rows]), np.array([a[:, 0] for a in on_points])
        return SurrogateValues(queries, rows, values, uniform_values, uniform[:, 0], {}, notes, copied)
    labels, uniform_labels = np.array([classes_of(a) for a in on_rows]), np.array([classes_of(a) for a in on_points])
    return SurrogateLabels(queries, rows, labels, uniform_labels, classes_of(uniform), {}, notes, copied)


def _on(made: Round, points: pd.DataFrame, uniform: Floats) -> Floats:
    return made.copy(points) if len(points) else uniform
