"""Path finding: the leaves of a decision tree, one after the other, from the thresholds that bound each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.copying import classes_of
from auditor.attacks.stealing.leaf_answers import Answers
from auditor.attacks.stealing.leaf_axes import Axes
from auditor.attacks.stealing.leaf_copy import LeafCopy
from auditor.attacks.stealing.leaf_twin import known_tree
from auditor.attacks.stealing.no_query import NoQuerySurrogate
from auditor.attacks.stealing.path_finding_crawl import Crawl
from auditor.attacks.stealing.population import auxiliary_of, check_auxiliary, evaluation_rows, uniform_points
from auditor.attacks.stealing.query_limits import JUDGING, check_queries, limit_of
from auditor.attacks.stealing.repeats import changed
from auditor.domain.attack import Context, Family, Needs, Query, Scope
from auditor.domain.data import Column, Records
from auditor.domain.evidence import Copies, SurrogateLabels, SurrogateValues
from auditor.domain.seeds import generator
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import BudgetExhausted, InvalidInput, TargetRefused

Floats = NDArray[np.float64]
FEWEST, MOST = 200, 10_000_000


@dataclass(frozen=True)
class PathFinding:
    """A decision tree leaf by leaf: Algorithm 1 of Tramèr et al. 2016, all searches of a round in one request.

    `queries`: how many records may be asked to learn from; UNIFORM more are asked to judge the copy, and REPEATED a second time.
    `partial`: ask records with missing cells, which may tell of inner nodes.
    """

    queries: int = 10_000
    partial: bool = True

    name: ClassVar[str] = "path-finding"
    family: ClassVar[Family] = Family.STEALING
    kind: ClassVar[str] = "extraction"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS, frozenset({Knows.POPULATION}), or_value=True)
    reference: ClassVar[str] = (
        "Tramèr et al. 2016, Stealing Machine Learning Models via Prediction APIs (USENIX Security) section 4.2"
    )
    shows: ClassVar[str] = "whether the leaves of a decision tree can be read off its answers"

    def __post_init__(self) -> None:
        check_queries(self.name, self.queries, FEWEST, MOST)
        if not isinstance(self.partial, bool):
            raise InvalidInput("attacks.path-finding.partial", f"set partial to true or false, not {self.partial!r}")

    @property
    def baseline(self) -> NoQuerySurrogate:
        return NoQuerySurrogate()

    @staticmethod
    def known_target(auxiliary: Records, columns: Sequence[Column], classes: int, seed: int) -> Query:
        return known_tree(auxiliary, columns, classes, seed)

    def needs(self, scope: Scope) -> Needs:
        check_auxiliary(scope.auxiliary)
        return Needs(FEWEST + JUDGING, self.queries + JUDGING)

    def run(self, context: Context) -> Copies:
        """Evidence of one copy. `figures`: leaves (boxes that were measured), distinct_answers, queries_per_leaf, covered_share (of
        the uniform points). Raises InvalidInput with fewer than 200 auxiliary records, BudgetExhausted below FEWEST + JUDGING."""
        auxiliary, rows, points = auxiliary_of(context), evaluation_rows(context), uniform_points(context)
        answers = Answers(context, Axes.of(auxiliary.features, context.columns), self._limit(context))
        true = context.query(points)
        crawl, note = _found(Crawl(answers, is_partial=self.partial), auxiliary.features, context.seed)
        context.checkpoint(0.9)
        return _evidence(context, LeafCopy.of(crawl, context), (points, true), rows, note)

    def _limit(self, context: Context) -> int:
        limit = limit_of(context, self.queries)
        if limit < FEWEST:
            raise BudgetExhausted(f"Path finding needs at least {FEWEST + JUDGING} queries; raise budget.queries.")
        return limit


def _found(crawl: Crawl, natural: pd.DataFrame, seed: int) -> tuple[Crawl, str | None]:
    """From leaf to leaf, from natural records on."""
    answers = crawl.answers
    try:
        crawl.run(natural, generator(seed, "drawn"))
    except TargetRefused:
        if not len(answers):
            raise
        answers.of_records(natural.iloc[: answers.limit])
        return crawl, "The target refuses made-up records, so no threshold was searched for; the copy rests on auxiliary records."
    return crawl, None


def _evidence(
    context: Context, copy: LeafCopy, judged: tuple[pd.DataFrame, Floats], rows: NDArray[np.intp], note: str | None
) -> Copies:
    assert context.candidates is not None  # noqa: S101 - they have rows
    points, true = judged
    candidates, asked = context.candidates.features, copy.asked
    rows = rows[~np.isin(record_keys(candidates.iloc[rows]), record_keys(asked))]
    copied, uniform = copy.answers(candidates), copy.answers(points)
    queries = np.array([len(asked)])
    notes = tuple(filter(None, [note, *copy.said(points, true), changed(context, asked, copy.answered)]))
    context.checkpoint(1.0)
    figures = copy.figures(points)
    if not context.classes:
        return SurrogateValues(queries, rows, copied[rows].T, uniform.T, true[:, 0], figures, notes, copied)
    labels = (classes_of(copied[rows])[None, :], classes_of(uniform)[None, :], classes_of(true))
    return SurrogateLabels(queries, rows, *labels, figures, notes, copied)
