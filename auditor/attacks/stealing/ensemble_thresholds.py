"""Tree ensembles: summed stumps from the thresholds of every column, deeper ones by boosting on chosen answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing import ensemble_choice
from auditor.attacks.stealing.additive_pairs import PairCopy, errors
from auditor.attacks.stealing.additive_stumps import AdditiveCopy, Looked, look
from auditor.attacks.stealing.copying import Answered, answered, classes_of
from auditor.attacks.stealing.ensemble_refit import Bench, Copy
from auditor.attacks.stealing.ensemble_twin import known_stumps
from auditor.attacks.stealing.leaf_answers import Answers, Spent
from auditor.attacks.stealing.leaf_axes import Axes
from auditor.attacks.stealing.no_query import NoQuerySurrogate
from auditor.attacks.stealing.population import auxiliary_of, check_auxiliary, evaluation_rows, uniform_points
from auditor.attacks.stealing.query_limits import JUDGING, check_queries, limit_of
from auditor.attacks.stealing.repeats import changed
from auditor.domain.attack import Context, Family, Needs, Query, Scope
from auditor.domain.data import Column, Records
from auditor.domain.evidence import Copies, SurrogateLabels, SurrogateValues
from auditor.domain.seeds import generator
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import BudgetExhausted, TargetRefused

Floats = NDArray[np.float64]
FEWEST, MOST = 200, 1_000_000
STEPS_SHARE = 0.8
LEARNED = "The copy was learned from the answers: its agreement is measured, and nothing of it is exact."
SMOOTH = (
    "The target is a sum of functions of one column each, but smooth ones without thresholds: equation-solving is the attack for"
    " it, and this copy was learned."
)
PARTIAL = (
    "The target looked like a sum of functions of one or two columns each, but what was found of it is wrong on some uniform"
    " points, so more columns act together."
)
DEAR = (
    "The target is a sum of functions of two columns each, like boosted trees of depth 2, which several times as many queries would"
    " copy exactly."
)
WRONG, DIGITS = 0.01, 10
REFUSED = "The target refuses made-up records, so auxiliary records alone were asked."


@dataclass(frozen=True, eq=False)
class Copied:
    """Copies of growing budgets: `queries` (B,), what each answers for the candidates and for the uniform points;
    `is_wrong`: a sum whose scores there differ from the target's by more than its digits explain."""

    asked: Answered
    queries: list[int]
    candidates: list[Floats]
    uniform: list[Floats]
    figures: dict[str, float]
    notes: list[str]
    is_wrong: bool = False


@dataclass(frozen=True)
class EnsembleThresholds:
    """Additive trees: depth 1 exactly, from one search along each column; deeper ones by boosting on the log-odds of records chosen
    near the copy's boundary, begun from the auxiliary records' own labels.

    `queries`: how many records may be asked to learn from; UNIFORM more are asked to judge the copy, and REPEATED a second time.
    """

    queries: int = 5_000

    name: ClassVar[str] = "ensemble-thresholds"
    family: ClassVar[Family] = Family.STEALING
    kind: ClassVar[str] = "extraction"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS, frozenset({Knows.POPULATION}), or_value=True)
    reference: ClassVar[str] = (
        "Tramèr et al. 2016, Stealing Machine Learning Models via Prediction APIs (USENIX Security) sections 4.2 and 5: line"
        " searches for thresholds, here along every column of a sum of trees, and retraining, here on the log-odds"
    )
    shows: ClassVar[str] = "whether a forest or boosted trees can be copied from their answers"

    def __post_init__(self) -> None:
        check_queries(self.name, self.queries, FEWEST, MOST)

    @property
    def baseline(self) -> NoQuerySurrogate:
        return NoQuerySurrogate()

    @staticmethod
    def known_target(auxiliary: Records, columns: Sequence[Column], classes: int, seed: int) -> Query:
        return known_stumps(auxiliary, columns, classes, seed)

    def needs(self, scope: Scope) -> Needs:
        check_auxiliary(scope.auxiliary)
        return Needs(FEWEST + JUDGING, self.queries + JUDGING)

    def run(self, context: Context) -> Copies:
        """Evidence of one copy (sums of stumps) or of one for each round of questions. `figures`: second_difference (how far from a
        sum over columns), and for such a sum thresholds and largest_difference. Raises InvalidInput with fewer than 200 auxiliary
        records, BudgetExhausted below FEWEST + JUDGING."""
        auxiliary, rows, points = auxiliary_of(context), evaluation_rows(context), uniform_points(context)
        limit = self._limit(context)
        true = context.query(points)
        context.checkpoint(0.05)
        answers = Answers(context, Axes.of(auxiliary.features, context.columns), int(STEPS_SHARE * limit))
        seen = _looked(answers, auxiliary.features)
        figures = {name: told for name, told in seen.figures.items() if not np.isnan(told)}
        found = None if seen.copy is None else _of_sum(context, seen.copy, answers, (points, true), figures)
        if found is not None and not found.is_wrong:
            return _evidence(context, found, rows, true)
        copied = _learned(context, auxiliary, answers, limit, (rows, points))
        copied.figures.update(figures)
        copied.notes.insert(0, _why_learned(seen, found))
        return _evidence(context, copied, rows, true)

    def _limit(self, context: Context) -> int:
        limit = limit_of(context, self.queries)
        if limit < FEWEST:
            raise BudgetExhausted(f"Copying an ensemble needs at least {FEWEST + JUDGING} queries; raise budget.queries.")
        return limit


def _looked(answers: Answers, natural: pd.DataFrame) -> Looked:
    """No copy where the limit ends before it is measured, or made-up records are refused."""
    try:
        return look(answers, natural, generator(answers.context.seed, "pairs"))
    except Spent:
        return Looked(None, float("nan"))
    except TargetRefused:
        if not len(answers):
            raise
        return Looked(None, float("nan"))


def _why_learned(seen: Looked, found: Copied | None) -> str:
    if seen.is_smooth:
        return SMOOTH
    if found is not None:
        return f"{PARTIAL} {LEARNED}"
    if seen.is_dear:
        return f"{DEAR} {LEARNED}"
    return f"Three columns or more act together. {LEARNED}" if seen.third is not None and seen.third > 1 else LEARNED


def _of_sum(
    context: Context,
    copy: AdditiveCopy | PairCopy,
    answers: Answers,
    judged: tuple[pd.DataFrame, Floats],
    figures: dict[str, float],
) -> Copied:
    points, true = judged
    assert context.candidates is not None  # noqa: S101 - some were evaluated

    def of(frame: pd.DataFrame) -> Floats:
        return copy.link.answers(copy.scores(answers.axes.within(answers.axes.points(frame))))

    asked = Answered(*answers.asked())
    uniform = of(points)
    differences = np.abs(copy.scores(answers.axes.points(points)) - copy.link.scores(true)).max(axis=1)
    off, is_wrong = float(differences.max()), bool((differences > WRONG + DIGITS * errors(true, answers, copy.link)).any())
    largest = float(np.nanmax(np.abs(uniform - true)))
    figures = figures | {"thresholds": float(copy.thresholds), "largest_difference": largest}
    note = (
        f"{copy.words} {'log-odds' if copy.link.is_logistic else 'answers'} are copied to {off:.1g} on {len(true)} uniform points."
    )
    return Copied(asked, [len(asked)], [of(context.candidates.features)], [uniform], figures, [note], is_wrong)


def _learned(
    context: Context, auxiliary: Records, answers: Answers, limit: int, judged: tuple[NDArray[np.intp], pd.DataFrame]
) -> Copied:
    rows, points = judged
    assert context.candidates is not None  # noqa: S101 - they have rows
    candidates = context.candidates.features
    taken = np.concatenate([record_keys(frame) for frame in (candidates.iloc[rows], points)])
    limit = max(FEWEST // 2, limit - len(answers))
    known = np.array([point.tobytes() in answers.known for point in answers.axes.points(auxiliary.features)])
    records, natural = ensemble_choice.pool(context, auxiliary.features[~known], taken, limit)
    bench = Bench.of(context, auxiliary)
    begun = answered(*answers.asked())
    steps, copies, refused = ensemble_choice.ask(context, bench, records, natural, begun, limit)
    made: list[Copy] = [*copies[: len(steps) - 1], bench.chosen(steps[-1])]
    notes = [REFUSED] if refused else []
    spent = [len(step) for step in steps]
    told = [copy.answers(candidates) for copy in made], [copy.answers(points) for copy in made]
    return Copied(steps[-1], spent, *told, {}, notes)


def _evidence(context: Context, copied: Copied, rows: NDArray[np.intp], true: Floats) -> Copies:
    assert context.candidates is not None  # noqa: S101 - they have rows
    rows = rows[~np.isin(record_keys(context.candidates.features.iloc[rows]), record_keys(copied.asked.features))]
    warned = changed(context, copied.asked.features, copied.asked.answers)
    notes = (*copied.notes, *([warned] if warned else []))
    queries, last = np.array(copied.queries), copied.candidates[-1]
    context.checkpoint(1.0)
    if not context.classes:
        values = np.array([told[rows, 0] for told in copied.candidates]), np.array([told[:, 0] for told in copied.uniform])
        return SurrogateValues(queries, rows, *values, true[:, 0], copied.figures, notes, last)
    labels = np.array([classes_of(told[rows]) for told in copied.candidates]), np.array([classes_of(t) for t in copied.uniform])
    return SurrogateLabels(queries, rows, *labels, classes_of(true), copied.figures, notes, last)
