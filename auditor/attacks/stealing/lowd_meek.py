"""Lowd and Meek: a linear classifier from labels alone, by searching for records that lie on its boundaries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.boundary_systems import Boundary, agreement, best_conditioned, fitted, solved
from auditor.attacks.stealing.copying import classes_of
from auditor.attacks.stealing.label_boundaries import TOGETHER, Segments, coarseness, found, halved
from auditor.attacks.stealing.linear_design import LinearDesign
from auditor.attacks.stealing.linear_target import linear_target
from auditor.attacks.stealing.no_query import NoQuerySurrogate
from auditor.attacks.stealing.population import auxiliary_of, check_auxiliary, evaluation_rows, judging_points
from auditor.attacks.stealing.query_limits import JUDGING, check_queries, limit_of
from auditor.attacks.stealing.repeats import changed
from auditor.attacks.stealing.spread_records import Surroundings
from auditor.domain.attack import Context, Family, Needs, Query, Scope
from auditor.domain.data import Column, Records
from auditor.domain.evidence import SurrogateLabels
from auditor.domain.seeds import generator
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import BudgetExhausted, TargetRefused

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
FEWEST, MOST = 200, 1_000_000
PILOT = 100  # auxiliary records that show which classes there are
ROUNDS = 4  # of searching for segments
SPARE = (1.3, 2.0, 4.0)  # equations an unknown; more are asked for while some direction is loose
FEWEST_HALVES, MOST_HALVES = 12, 36
NATURAL = 2_000
RECOVERED = 0.995
CURVED = 0.02  # a fit on natural records alone has to agree with them by this much more, for it was fitted on them
NO_BOUNDARY = "No two records with the same categories and other labels were found, so a copy was fitted on labels."


@dataclass(eq=False)
class Labelled:
    """Asks the target for labels, and keeps every record with its label."""

    query: Query
    frames: list[pd.DataFrame] = field(default_factory=list)
    answers: list[Floats] = field(default_factory=list)

    def __call__(self, frame: pd.DataFrame) -> Ints:
        answers = self.query(frame)
        self.frames.append(frame)
        self.answers.append(answers)
        return classes_of(answers)

    @property
    def asked(self) -> int:
        return sum(len(frame) for frame in self.frames)

    @property
    def features(self) -> pd.DataFrame:
        return pd.concat(self.frames, ignore_index=True)

    @property
    def labels(self) -> Ints:
        return classes_of(np.concatenate(self.answers))


@dataclass(frozen=True)
class LowdMeek:
    """Linear classifiers from labels, Lowd and Meek 2005; several classes and categories by one joint system.

    `queries`: how many records may be asked to learn from; UNIFORM more are asked to judge the copy, and REPEATED a second time.
    """

    queries: int = 20_000

    name: ClassVar[str] = "lowd-meek"
    family: ClassVar[Family] = Family.STEALING
    kind: ClassVar[str] = "extraction"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS, frozenset({Knows.POPULATION}))
    reference: ClassVar[str] = "Lowd and Meek 2005, Adversarial Learning (KDD), section 4"
    shows: ClassVar[str] = "whether the boundaries of the model can be computed from labels alone"

    def __post_init__(self) -> None:
        check_queries(self.name, self.queries, FEWEST, MOST)

    @property
    def baseline(self) -> NoQuerySurrogate:
        return NoQuerySurrogate()

    @staticmethod
    def known_target(auxiliary: Records, columns: Sequence[Column], classes: int, seed: int) -> Query:
        return linear_target(auxiliary, columns, classes, seed)

    def needs(self, scope: Scope) -> Needs:
        check_auxiliary(scope.auxiliary)
        return Needs(FEWEST + JUDGING, self.queries + JUDGING)

    def run(self, context: Context) -> SurrogateLabels:
        """Evidence of one copy. `figures`: unknowns, boundary_points. Raises BudgetExhausted where the budget does not pay
        for FEWEST_HALVES halvings an unknown."""
        design = LinearDesign.of(auxiliary_of(context).features, context.columns)
        rows, (points, answers, even) = evaluation_rows(context), judging_points(context)
        true = classes_of(answers)
        context.checkpoint(0.1)
        limit = limit_of(context, self.queries)
        search = _Search(context, design, limit, Labelled(context.query))
        copy = search.copy((design.matrix(points), true))
        context.checkpoint(0.95)
        return _evidence(search, copy, (points[:even], true[:even]), rows)


@dataclass(frozen=True, eq=False)
class _Copy:
    weights: Floats
    boundary_points: int
    notes: tuple[str, ...]
    loose: int = 0

    def scores(self, matrix: Floats) -> Floats:
        return matrix @ self.weights


@dataclass(frozen=True, eq=False)
class _Search:
    context: Context
    design: LinearDesign
    limit: int
    label: Labelled

    def copy(self, judged: tuple[Floats, Ints]) -> _Copy:
        """The boundaries' equations if they explain the uniform points `judged`; elsewhere a fit on labels, natural ones too."""
        natural = auxiliary_of(self.context).features
        seen = self.label(natural.head(min(PILOT, self.limit // 2)))
        if len({*seen, *judged[1]}) == 1:
            constant = np.zeros((self.design.unknowns, self.context.classes))
            constant[0, seen[0]] = 1.0
            return _Copy(constant, 0, ("The target answered one class for every record that was asked: there is nothing to copy.",))
        try:
            copy = self._from_boundaries({*seen, *judged[1]})
        except TargetRefused:
            notes = (
                "The target refuses made-up records, so no boundary was searched for and a copy was fitted on auxiliary ones.",
            )
            copy = _Copy(np.zeros((self.design.unknowns, self.context.classes)), 0, notes)
        right = agreement(copy.weights, *judged)
        if right >= RECOVERED:
            return _Copy(copy.weights, copy.boundary_points, (*copy.notes, _recovered(self.design, copy, right)))
        return self._fitted(copy, natural, judged)

    def _from_boundaries(self, classes: set[int]) -> _Copy:
        unknowns = self.design.unknowns * (len(classes) - 1) - 1
        self._check_budget(unknowns)
        kept: list[Segments] = []
        copy = _Copy(np.zeros((self.design.unknowns, self.context.classes)), 0, (NO_BOUNDARY,))
        for more in SPARE:
            room = self.limit - self.label.asked
            found_now = self._segments(unknowns, int(more * unknowns) + 5) if room > unknowns * FEWEST_HALVES else None
            if found_now is None or not len(found_now):
                break
            steps = int(np.clip((self.limit - self.label.asked) // len(found_now), 1, MOST_HALVES))
            kept.append(halved(found_now, self.design.columns, steps, self.label))
            self.context.checkpoint(0.2 + 0.15 * len(kept))
            copy = self._solved(Segments.joined(kept))
            if not copy.loose:
                break
        return copy

    def _solved(self, segments: Segments) -> _Copy:
        matrix = self.design.matrix(self.label.features)
        solution = solved(_boundary(self.design, segments), matrix, self.label.labels, self.context.classes)
        return _Copy(solution.weights, len(segments), (), solution.loose)

    def _segments(self, unknowns: int, wanted: int) -> Segments:
        """Up to `wanted`, as many as pay for FEWEST_HALVES each; the best-conditioned ones."""
        nearby = Surroundings(self.design, auxiliary_of(self.context).features)
        rng = generator(self.context.seed, "segments", self.label.asked)
        parts: list[Segments] = []
        for _ in range(ROUNDS):
            room = self.limit - self.label.asked - unknowns * FEWEST_HALVES
            count = min(max(wanted, len(self.design.terms)), room // TOGETHER)
            if count < 1 or sum(map(len, parts)) >= 2 * wanted:
                break
            parts.append(found(nearby, count, self.label, rng))
        affordable = (self.limit - self.label.asked) // FEWEST_HALVES
        return self._best(Segments.joined(parts), min(wanted, affordable)) if parts else Segments.none()

    def _best(self, segments: Segments, count: int) -> Segments:
        """Those that together determine most, finely told ones first."""
        if not len(segments):
            return segments
        equations = _boundary(self.design, segments).equations(self.context.classes)
        return segments.take(best_conditioned(equations / coarseness(segments, self.design)[:, None])[:count])

    def _check_budget(self, unknowns: int) -> None:
        least = PILOT + unknowns * (FEWEST_HALVES + TOGETHER)
        if self.limit < least:
            raise BudgetExhausted(
                f"Searching the boundaries takes {least:,} queries for the {unknowns} unknowns of these columns and classes,"
                f" and {JUDGING} to judge the copy; raise budget.queries (and attacks.lowd-meek.queries) to"
                f" {least + JUDGING:,} or more."
            )

    def _fitted(self, copy: _Copy, natural: pd.DataFrame, judged: tuple[Floats, Ints]) -> _Copy:
        """The best on natural records of three: the boundaries' solution, a fit on all labels, and one on natural ones alone (where
        boundaries are curved, records beside them are no fair sample)."""
        more = natural.iloc[PILOT : PILOT + max(0, min(NATURAL, self.limit - self.label.asked))]
        if len(more):
            self.label(more)
        matrix, labels = self.design.matrix(self.label.features), self.label.labels
        is_natural = np.zeros(len(labels), dtype=bool)
        is_natural[: min(PILOT, self.limit // 2, len(natural))] = True
        is_natural[len(labels) - len(more) :] = True
        seen = matrix[is_natural], labels[is_natural]
        fits = [fitted(*material, self.context.classes) for material in ((matrix, labels), seen)]
        self.context.checkpoint(0.9)
        weights = max((copy.weights, fits[0]), key=lambda weights: agreement(weights, *seen))
        if agreement(fits[1], *seen) > agreement(weights, *seen) + CURVED:
            weights = fits[1]
        return _Copy(weights, copy.boundary_points, (*copy.notes, _approximate(agreement(weights, *judged), judged[1])))


def _boundary(design: LinearDesign, segments: Segments) -> Boundary:
    ends = design.matrix(segments.inside), design.matrix(segments.outside)
    return Boundary((ends[0] + ends[1]) / 2, np.abs(ends[0] - ends[1]).max(axis=1), segments.label, segments.other)


def _recovered(design: LinearDesign, copy: _Copy, right: float) -> str:
    directions = "one direction, which is" if copy.loose == 1 else f"{copy.loose} directions, which are"
    rest = f" but for {directions} known only as closely as labels tell," if copy.loose else ""
    return (
        f"The target's boundaries are linear: {copy.boundary_points} records on them determine its {design.unknowns} terms{rest} up"
        f" to one positive factor, which no label tells, and the copy agrees on {right:.1%} of the uniform points."
    )


def _approximate(right: float, true: Ints) -> str:
    most = float(np.bincount(true).max() / len(true))
    agrees = f"the copy agrees on {right:.1%} of the uniform points"
    if right <= most + 3 * np.sqrt(most * (1 - most) / len(true)):
        return (
            f"The target's labels follow no linear rule ({agrees}, where always saying the most frequent class would on"
            f" {most:.1%}): it is no linear model, or its answers are noise."
        )
    return (
        f"The boundaries of the target were not recovered ({agrees}): it is no linear model of these columns, or too few records"
        " lie beside its boundaries, and the copy is an approximation."
    )


def _evidence(search: _Search, copy: _Copy, judged: tuple[pd.DataFrame, Ints], rows: NDArray[np.intp]) -> SurrogateLabels:
    context, design = search.context, search.design
    assert context.candidates is not None  # noqa: S101 - they have rows
    asked, (points, true) = search.label.features, judged
    rows = rows[~np.isin(record_keys(context.candidates.features.iloc[rows]), record_keys(asked))]
    scores = copy.scores(design.matrix(context.candidates.features))
    figures = {"unknowns": float(design.unknowns), "boundary_points": float(copy.boundary_points)}
    notes = (*copy.notes, *filter(None, [changed(context, asked, np.concatenate(search.label.answers))]))
    labels = (scores[rows].argmax(axis=1)[None, :], copy.scores(design.matrix(points)).argmax(axis=1)[None, :], true)
    spread = float(scores.std()) or 1.0  # the factor that labels do not tell: scores of standard deviation 1
    copied = np.asarray(softmax(scores / spread, axis=1))
    return SurrogateLabels(np.array([len(asked)]), rows, *labels, figures, notes, copied)
