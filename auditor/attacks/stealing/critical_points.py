"""A network of one hidden ReLU layer, unit by unit, from the points where its scores have a kink."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.copying import classes_of
from auditor.attacks.stealing.critical_points_box import Asking, Box, ScoreForm, Spent, obstacle, precision_obstacle
from auditor.attacks.stealing.critical_points_search import MARGIN, Found, anchored, blends, middles, search
from auditor.attacks.stealing.network_regression import best_regression
from auditor.attacks.stealing.no_query import NoQuerySurrogate
from auditor.attacks.stealing.population import auxiliary_of, check_auxiliary, evaluation_rows, pool_of, uniform_points
from auditor.attacks.stealing.query_limits import JUDGING, check_queries, limit_of
from auditor.attacks.stealing.relu_target import relu_target
from auditor.attacks.stealing.repeats import changed
from auditor.domain.attack import Context, Family, Needs, Query, Scope
from auditor.domain.data import Column, Records
from auditor.domain.evidence import Copies, SurrogateLabels, SurrogateValues
from auditor.domain.seeds import derive, generator
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import BudgetExhausted, TargetRefused

Floats = NDArray[np.float64]
FEWEST, MOST = 200, 1_000_000
REGRESSED = 2_000
SEARCHED = 0.75  # share of the budget for the search, where a regression may have to follow
LARGEST = 64
LEAST = 1e-4  # probabilities below this count as this where scores are regressed on
NOTHING = 0.05
MOSTLY = 0.5
PEOPLE = 500
REFUSED = "The target refuses made-up records, and critical points are searched for with such."
EXACT = 1e-5  # of scores: nearer than this to the target, the copy is called recovered


@dataclass(frozen=True, eq=False)
class _Copy:
    """`answers`: records -> (n, C) probabilities or (n, 1) numbers."""

    answers: Callable[[pd.DataFrame], Floats]
    figures: dict[str, float]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Within:
    """Where log-odds have all their digits: `targets` are such points (n, d) with their scores (n, K), `anchors` (m, d) where the
    search may begin, `floor` what doubles lose of the scores."""

    targets: tuple[Floats, Floats]
    floor: float
    anchors: Floats


@dataclass(frozen=True)
class ReluCriticalPoints:
    """Networks of one hidden ReLU layer from exact scores, Jagielski et al. 2020 section 5; others are copied by regression.

    `queries`: how many records may be asked to learn from; UNIFORM more are asked to judge the copy, and REPEATED a second time.
    """

    queries: int = 20_000

    name: ClassVar[str] = "relu-critical-points"
    family: ClassVar[Family] = Family.STEALING
    kind: ClassVar[str] = "extraction"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PROBABILITIES, frozenset({Knows.POPULATION}), or_value=True)
    reference: ClassVar[str] = (
        "Jagielski et al. 2020, High Accuracy and High Fidelity Extraction of Neural Networks (USENIX Security) section 5;"
        " Carlini, Jagielski, Mironov 2020, Cryptanalytic Extraction of Neural Network Models (CRYPTO)"
    )
    shows: ClassVar[str] = "whether the units of a small neural network can be computed from its answers"

    def __post_init__(self) -> None:
        check_queries(self.name, self.queries, FEWEST, MOST)

    @property
    def baseline(self) -> NoQuerySurrogate:
        return NoQuerySurrogate()

    @staticmethod
    def known_target(auxiliary: Records, columns: Sequence[Column], classes: int, seed: int) -> Query:
        return relu_target(auxiliary, columns, classes, seed)

    def needs(self, scope: Scope) -> Needs:
        check_auxiliary(scope.auxiliary)
        return Needs(FEWEST + JUDGING, self.queries + JUDGING)

    def run(self, context: Context) -> Copies:
        """Evidence of one copy. `figures`: hidden_units (where the network was recovered), largest_difference (on the uniform
        points). Raises BudgetExhausted where the budget does not pay for the search of one unit."""
        limit = limit_of(context, self.queries)
        if limit < FEWEST:
            raise BudgetExhausted(
                f"Copying by scores takes at least {FEWEST + JUDGING} queries; raise budget.queries to that or more."
            )
        rows, points = evaluation_rows(context), uniform_points(context)
        theft = _Theft.of(context, limit, points)
        context.checkpoint(0.1)
        copy = theft.copy(rows)
        context.checkpoint(0.9)
        return _evidence(theft, copy, rows)


@dataclass(frozen=True, eq=False)
class _Theft:
    context: Context
    limit: int
    points: pd.DataFrame
    true: Floats
    form: ScoreForm
    asked: list[pd.DataFrame] = field(default_factory=list)
    answers: list[Floats] = field(default_factory=list)

    @staticmethod
    def of(context: Context, limit: int, points: pd.DataFrame) -> "_Theft":
        try:
            true = context.query(points)
        except TargetRefused:
            return _Theft(
                context, limit, points[:0], np.empty((0, max(1, context.classes))), ScoreForm(0 if context.classes else None)
            )
        return _Theft(context, limit, points, true, ScoreForm.of(true))

    def copy(self, rows: NDArray[np.intp]) -> _Copy:
        """The units where the target is such a network; elsewhere a regression, with a sentence that says why."""
        auxiliary = auxiliary_of(self.context).features
        hindered = obstacle(auxiliary, self.context.columns, self.context.profile) if len(self.points) else REFUSED
        if hindered is None:
            found = self._units(Box.of(auxiliary, self.context.columns))
            if isinstance(found, _Copy):
                return found
            hindered = found
        return self._regressed(rows, hindered)

    def _units(self, box: Box) -> _Copy | str:
        asking = Asking(self.context, box, self.form, int(SEARCHED * self.limit), self.asked, self.answers)
        least = least_queries(asking.columns)
        if asking.limit < least:
            raise BudgetExhausted(
                f"The search for units takes at least {int(least / SEARCHED) + 1:,} queries with {asking.columns} columns, and"
                f" {JUDGING} to judge the copy; raise budget.queries to {int(least / SEARCHED) + 1 + JUDGING:,} or more."
            )
        rng = generator(self.context.seed, "critical points")
        try:
            within = self._within(asking, rng)
            start = anchored(asking, within.floor, within.anchors, rng)
            self.context.checkpoint(0.2)
            hindered = precision_obstacle(start.noise, within.floor, np.concatenate(self.answers))
            return hindered or self._judged(box, search(asking, start, within.targets, rng), within.targets)
        except Spent:
            return f"{asking.limit:,} queries were too few to tell all units; raise budget.queries."
        except TargetRefused:
            return REFUSED

    def _within(self, asking: Asking, rng: np.random.Generator) -> "_Within":
        """The uniform points whose log-odds have all digits; where most have not, people too, among whom the search then stays."""
        box = asking.box
        points, true, anchors = box.points(self.points), self.true, middles(asking.columns, rng)
        if self.form.exact(true).mean() < MOSTLY:
            people = auxiliary_of(self.context).features[[c.name for c in box.numbers]]
            some = people.iloc[rng.permutation(len(people))[: min(PEOPLE, asking.limit // 4)]].reset_index(drop=True)
            said = asking.answer(some)
            anchors = blends(box.points(some)[self.form.surest(said)], rng)
            points, true = np.vstack([points, box.points(some)]), np.vstack([true, said])
        kept = self.form.kept(true)
        return _Within((points[kept], self.form.scores(true[kept])), self.form.floor(true[kept]), anchors)

    def _judged(self, box: Box, found: Found, targets: tuple[Floats, Floats]) -> _Copy | str:
        units = found.units
        off = float(np.abs(units.scores(targets[0]) - targets[1]).max())
        if off > max(MARGIN * found.error, EXACT):
            return (
                f"A network of one hidden layer with up to {LARGEST} ReLU units does not explain the target's scores ({len(units)}"
                f" kinks were told and the scores are still off by up to {off:.2g}): it is deeper, wider, or no such network."
            )
        copied = self.form.answers(units.scores(box.points(self.points)))
        if float(np.abs(copied - self.true).max()) > EXACT and self.context.classes:
            return (
                f"{len(units)} units explain the target's scores where its answers have enough digits, but not its answers"
                " elsewhere: further units act only where it is nearly sure."
            )
        return _Copy(
            lambda frame: self.form.answers(units.scores(box.points(frame))),
            {"hidden_units": float(len(units))},
            (_recovered(len(units), off),),
        )

    def _regressed(self, rows: NDArray[np.intp], hindered: str) -> _Copy:
        """A network or a kernel machine on the scores of natural records and neighbours of them."""
        context = self.context
        assert context.candidates is not None  # noqa: S101 - they have rows
        judged = np.concatenate([record_keys(frame) for frame in (context.candidates.features.iloc[rows], self.points)])
        most = len(auxiliary_of(context)) if hindered == REFUSED else REGRESSED
        pool = pool_of(context, judged, "natural", min(most, self.limit - sum(map(len, self.asked)))).features
        answers = context.query(pool)
        self.asked.append(pool)
        self.answers.append(answers)
        context.checkpoint(0.4)
        fitted = best_regression(pool, self.form.scores(answers, LEAST), context.columns, derive(context.seed, "regression"))
        note = f"So a {fitted.name} was fitted to the scores of {len(pool):,} records, and the copy is an approximation."
        if fitted.explained < NOTHING:
            note = (
                f"A {fitted.name} fitted to the scores of {len(pool):,} records explains nothing of others: the answers follow no"
                " rule, or are noise."
            )
        return _Copy(lambda frame: self.form.answers(fitted.scores(frame)), {}, (hindered, note))


def least_queries(columns: int) -> int:
    """What an anchor and one unit take."""
    return 18 * (columns + 5) + 50


def _recovered(units: int, off: float) -> str:
    if not units:
        return f"The target's scores are affine (off by at most {off:.2g} on uniform points): it is a linear model, without units."
    return (
        f"The target is a network with one hidden layer of ReLU units: {units} of them have kinks between the extremes of the"
        f" auxiliary records and were recovered, and on points from which nothing was solved the scores are off by at"
        f" most {off:.2g}. Deeper networks are not covered."
    )


def _evidence(theft: _Theft, copy: _Copy, rows: NDArray[np.intp]) -> Copies:
    context, points, true = theft.context, theft.points, theft.true
    assert context.candidates is not None  # noqa: S101 - they have rows
    candidates = context.candidates.features
    asked, answers = pd.concat(theft.asked, ignore_index=True), np.concatenate(theft.answers)
    rows = rows[~np.isin(record_keys(candidates.iloc[rows]), record_keys(asked))]
    copied, uniform = copy.answers(candidates), copy.answers(points)
    figures = copy.figures | {"largest_difference": float(np.abs(uniform - true).max(initial=0.0))}
    notes = (*copy.notes, *filter(None, [changed(context, asked, answers)]))
    queries = np.array([len(asked)])
    if not context.classes:
        return SurrogateValues(queries, rows, copied[rows].T, uniform.T, true[:, 0], figures, notes, copied)
    labels = (classes_of(copied[rows])[None, :], classes_of(uniform)[None, :], classes_of(true))
    return SurrogateLabels(queries, rows, *labels, figures, notes, copied)
