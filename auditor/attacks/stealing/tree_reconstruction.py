"""Tree reconstruction: a service that answers the nearest counterfactual within bounds gives its trees away box by box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.copying import classes_of
from auditor.attacks.stealing.counterfactual_asking import Asking, Labels
from auditor.attacks.stealing.counterfactual_boxes import Room
from auditor.attacks.stealing.counterfactual_checks import CHECKED, checked_pairs
from auditor.attacks.stealing.counterfactual_copy import JUDGES, Copy, Reconstruction
from auditor.attacks.stealing.counterfactual_tree import FIRST, Growth
from auditor.attacks.stealing.leaf_axes import Axes
from auditor.attacks.stealing.leaf_twin import explained_tree
from auditor.attacks.stealing.no_query import NoQuerySurrogate
from auditor.attacks.stealing.population import auxiliary_of, check_auxiliary, evaluation_rows, uniform_points
from auditor.attacks.stealing.query_limits import JUDGING, check_queries, limit_of
from auditor.attacks.stealing.repeats import changed
from auditor.domain.attack import Context, Family, Needs, Query, Scope
from auditor.domain.data import Column, Records
from auditor.domain.evidence import SurrogateLabels
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import AttackFailed, BudgetExhausted, InvalidInput

FEWEST, MOST = 100, 10_000_000
CURVE = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
UNEXPLAINED = "It asks for counterfactuals, and nothing answers them here."


@dataclass(frozen=True)
class TreeReconstruction:
    """TRA: the middle of a box is explained within it; the box is cut where the counterfactual differs, each piece is asked about
    in its turn, and a box without a counterfactual has one class. Any ensemble of trees is a finite number of such boxes.

    `queries`: how many labels and counterfactuals may be asked to learn from; UNIFORM more records are asked to judge the copy, and
    REPEATED a second time. `first`: which box is asked about first, that with most auxiliary records (natural) or the largest.
    """

    queries: int = 2_000
    first: str = "natural"

    name: ClassVar[str] = "tree-reconstruction"
    family: ClassVar[Family] = Family.STEALING
    kind: ClassVar[str] = "extraction"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS, frozenset({Knows.POPULATION}), explained=True)
    reference: ClassVar[str] = (
        "Khouna, Ferry and Vidal 2025, From Counterfactuals to Trees: Competitive Analysis of Model Extraction Attacks (NeurIPS)"
    )
    shows: ClassVar[str] = "whether counterfactual explanations give a tree or a forest away"

    def __post_init__(self) -> None:
        check_queries(self.name, self.queries, FEWEST, MOST)
        if self.first not in FIRST:
            raise InvalidInput("attacks.tree-reconstruction.first", f"choose {' or '.join(FIRST)}, not {self.first!r}")

    @property
    def baseline(self) -> NoQuerySurrogate:
        return NoQuerySurrogate()

    @staticmethod
    def known_target(auxiliary: Records, columns: Sequence[Column], classes: int, seed: int) -> Query:
        return explained_tree(auxiliary, columns, classes, seed)

    def needs(self, scope: Scope) -> Needs:
        check_auxiliary(scope.auxiliary)
        return Needs(FEWEST + JUDGING, self.queries + JUDGING)

    def run(self, context: Context) -> SurrogateLabels:
        """Evidence of one copy for each number of queries along the way. `figures`: closed_boxes, open_boxes, counterfactuals,
        covered_share (of the uniform points, by closed boxes). Raises InvalidInput with fewer than 200 auxiliary records,
        BudgetExhausted below FEWEST + JUDGING, AttackFailed where counterfactuals are none."""
        auxiliary, rows, points = auxiliary_of(context), evaluation_rows(context), uniform_points(context)
        if context.counterfactual is None:
            raise AttackFailed(UNEXPLAINED)
        limit = self._limit(context)
        true = classes_of(context.query(points))
        natural = Axes.of(auxiliary.features, context.columns).points(auxiliary.features)
        room = Room.of(Axes.of(auxiliary.features, context.columns), natural)
        asking = Asking(context, context.counterfactual, room, limit - min(JUDGES, limit // 4))
        made = Reconstruction(Growth(asking, natural, self.first), auxiliary)
        said = grown(made.growth)
        asking.limit = limit
        return _evidence(context, made, (points, true), rows, said)

    def _limit(self, context: Context) -> int:
        limit = limit_of(context, self.queries)
        if limit < FEWEST:
            raise BudgetExhausted(f"Tree reconstruction needs at least {FEWEST + JUDGING} queries; raise budget.queries.")
        return limit


def grown(growth: Growth) -> str | None:
    """Until no box is open or the queries end; what the check of the first counterfactuals says, as soon as there are enough."""
    said, is_checked, asking = None, False, growth.asking
    while growth.step():
        if not is_checked and len(asking.pairs) >= CHECKED:
            said, is_checked = checked_pairs(asking), True
    return said if is_checked else checked_pairs(asking)


def _evidence(
    context: Context, made: Reconstruction, judged: tuple[pd.DataFrame, Labels], rows: NDArray[np.intp], said: str | None
) -> SurrogateLabels:
    assert context.candidates is not None  # noqa: S101 - they have rows
    points, true = judged
    features, asking = context.candidates.features, made.asking
    spent, (boxed, closed) = asking.spent, made.boxes(points)
    wrong = int((boxed != true)[closed].sum())
    copy = _copy(context, made, wrong)
    rows = rows[~np.isin(record_keys(features.iloc[rows]), np.concatenate([record_keys(frame) for frame in asking.frames]))]
    steps = [step for step in CURVE if step < spent]
    copied, on_points = copy(features), copy(points)
    labels = np.array([*(made.boxes(features.iloc[rows], step)[0] for step in steps), copied[rows]])
    uniform = np.array([*(made.boxes(points, step)[0] for step in steps), on_points])
    notes = (*_said(made, closed, wrong), *filter(None, [said, changed(context, asking.frames[0], asking.answers[0])]))
    figures = {
        "closed_boxes": float(made.growth.closed),
        "open_boxes": float(len(made.growth.open)),
        "counterfactuals": float(asking.counterfactuals),
        "covered_share": float(closed.mean()),
    }
    context.checkpoint(1.0)
    queries = np.array([*steps, asking.spent])
    return SurrogateLabels(queries, rows, labels, uniform, true, figures, notes, np.eye(context.classes)[copied])


def _copy(context: Context, made: Reconstruction, wrong: int) -> Copy:
    """The boxes alone where they are right and hold every record."""
    assert context.candidates is not None  # noqa: S101 - they have rows
    context.checkpoint(0.9)
    if made.is_complete and not wrong and made.boxes(context.candidates.features)[1].all():
        return lambda frame: made.boxes(frame)[0]
    return made.chosen(context.seed, are_boxes_right=not wrong)


def _said(made: Reconstruction, closed: NDArray[np.bool_], wrong: int) -> list[str]:
    growth = made.growth
    if wrong:
        return [
            f"{wrong} of {int(closed.sum())} uniform points are answered otherwise than the boxes in which the service finds no"
            " counterfactual: it does not find every one, so the copy is not exact and was learned from what was answered."
        ]
    if made.is_complete:
        return [
            f"The target is {growth.closed:,} boxes of one class each, in none of which the service finds a counterfactual: the"
            " copy is exact for records without missing numbers between the extremes of the auxiliary records"
            f" ({len(closed)} uniform points that were not asked for it agree)."
        ]
    closed_ones = f"the copy is exact in the {growth.closed:,} closed ones, as far as the points there tell, and learned elsewhere"
    people = sum(len(node.rows) for node in growth.open) / max(1, len(growth.natural))
    return [
        f"The queries ended with {len(growth.open):,} boxes open, in which {100 * people:.0f} % of auxiliary records and"
        f" {100 * (1 - closed.mean()):.0f} % of uniform points lie: "
        f"{closed_ones if growth.closed else 'the copy was learned from what was answered'}; more queries close more."
    ]
