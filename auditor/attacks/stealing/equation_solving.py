"""Equation solving: the parameters of a linear model follow from as many answers as it has unknowns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.copying import classes_of
from auditor.attacks.stealing.linear_design import LinearDesign
from auditor.attacks.stealing.linear_systems import LinearCopy, solve_one_vs_rest, solve_softmax, solve_values
from auditor.attacks.stealing.linear_target import linear_target
from auditor.attacks.stealing.no_query import NoQuerySurrogate
from auditor.attacks.stealing.population import auxiliary_of, check_auxiliary, evaluation_rows, judging_points
from auditor.attacks.stealing.query_limits import JUDGING, check_queries, limit_of
from auditor.attacks.stealing.repeats import changed, wire_error
from auditor.attacks.stealing.spread_records import REACHES, Surroundings, information
from auditor.domain.attack import Context, Family, Needs, Query, Scope
from auditor.domain.data import Column, Records
from auditor.domain.evidence import Copies, SurrogateLabels, SurrogateValues
from auditor.domain.seeds import generator
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import AttackFailed, BudgetExhausted, TargetRefused

Floats = NDArray[np.float64]
FEWEST, MOST = 10, 1_000_000
PER_UNKNOWN = 40
PILOT = 20
LOOSE = 0.02
FEWER = (
    "Solved from the records that were asked through a channel that says more: one who knows of this one asks up to"
    f" {PER_UNKNOWN} records an unknown, so this is the least of what can be found."
)


@dataclass(frozen=True, eq=False)
class Learned:
    """What was asked to learn from, what was answered, and what follows from it."""

    asked: pd.DataFrame
    answers: Floats
    copy: LinearCopy
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class EquationSolving:
    """Linear and (multinomial) logistic regression from probabilities or values, Tramèr et al. 2016 section 4.1.

    Exact answers: one record for each unknown. Rounded ones: up to 40 for each, weighted by what rounding leaves of them.
    `queries`: how many records may be asked to learn from; UNIFORM more are asked to judge the copy, and REPEATED a second time.
    """

    queries: int = 10_000

    name: ClassVar[str] = "equation-solving"
    family: ClassVar[Family] = Family.STEALING
    kind: ClassVar[str] = "extraction"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PROBABILITIES, frozenset({Knows.POPULATION}), or_value=True)
    reference: ClassVar[str] = (
        "Tramèr et al. 2016, Stealing Machine Learning Models via Prediction APIs (USENIX Security) section 4.1"
    )
    shows: ClassVar[str] = "whether the parameters of the model can be computed from its answers"

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

    def run(self, context: Context) -> Copies:
        """Evidence of one copy. `figures`: unknowns, condition_number, largest_difference (on the uniform points) and, where
        answers are rounded, parameter_error_bound. Raises BudgetExhausted below one query an unknown, AttackFailed where the
        answers do not determine the parameters."""
        design = LinearDesign.of(auxiliary_of(context).features, context.columns)
        limit = self._limit(context, design)
        rows, (points, true, uniform) = evaluation_rows(context), judging_points(context)
        context.checkpoint(0.2)
        learned = _learned(context, design, limit)
        context.checkpoint(0.6)
        learned = _better(context, design, learned, (points, true), limit)
        context.checkpoint(0.9)
        return _evidence(context, design, learned, (points, true, uniform), rows)

    def _limit(self, context: Context, design: LinearDesign) -> int:
        limit = limit_of(context, self.queries)
        if limit < design.unknowns:
            raise BudgetExhausted(
                f"Equation solving takes {design.unknowns} queries for as many unknowns of these columns, and {JUDGING}"
                f" to judge the copy; raise budget.queries (and attacks.equation-solving.queries) to {design.unknowns + JUDGING}"
                " or more."
            )
        return limit


def _learned(context: Context, design: LinearDesign, limit: int) -> Learned:
    """One record an unknown where answers are exact; more where they are rounded, or so extreme that nothing is left of them."""
    if context.recorded is not None:
        return _asked_before(context, design, limit)
    if context.profile.decimals is None:
        try:
            return _asked_once(context, design)
        except AttackFailed:
            if limit < 2 * design.unknowns:
                raise
    try:
        return _asked_around(context, design, limit)
    except TargetRefused:
        most = min(limit, PER_UNKNOWN * design.unknowns)
        return _asked_of_people(context, design, auxiliary_of(context).features.head(most))


def _asked_once(context: Context, design: LinearDesign) -> Learned:
    asked = design.one_change_each()
    try:
        answers = context.query(asked)
    except TargetRefused:
        natural = auxiliary_of(context).features
        return _asked_of_people(context, design, natural.iloc[design.independent(natural)])
    return Learned(asked, answers, _solved(context, design, asked, answers))


def _asked_of_people(context: Context, design: LinearDesign, natural: pd.DataFrame) -> Learned:
    asked = natural.reset_index(drop=True)
    answers = context.query(asked)
    notes = ("The target refuses made-up records, so auxiliary records alone were asked.",)
    return Learned(asked, answers, _solved(context, design, asked, answers), notes)


def _asked_before(context: Context, design: LinearDesign, limit: int) -> Learned:
    """Those of its records that the target has answered, whatever it answered: none of them was chosen by an answer alone."""
    assert context.recorded is not None  # noqa: S101 - where nothing new can be asked
    natural = auxiliary_of(context).features
    every = [design.one_change_each(), natural.iloc[design.independent(natural)]]
    for reach in REACHES:
        pilots, rng = _pilots(context, design, limit)
        more = min(limit, PER_UNKNOWN * design.unknowns) - sum(len(frame) for frame, _ in pilots)
        every += [*(frame for frame, _ in pilots), Surroundings(design, natural).draw(more, reach, rng)]
    frame = pd.concat(every, ignore_index=True)
    frame = frame[context.recorded(frame) & ~pd.Series(record_keys(frame)).duplicated().to_numpy()].reset_index(drop=True)
    if len(frame) < design.unknowns:
        raise AttackFailed(f"Only {len(frame)} of the records that it asks are recorded, for {design.unknowns} unknowns.")
    answers = context.query(frame)
    notes = (FEWER,) if len(frame) < min(limit, PER_UNKNOWN * design.unknowns) else ()
    return Learned(frame, answers, _solved(context, design, frame, answers), notes)


def _pilots(context: Context, design: LinearDesign, limit: int) -> tuple[list[tuple[pd.DataFrame, float]], np.random.Generator]:
    """A few records at each reach, and the generator of those that follow."""
    rng = generator(context.seed, "around")
    nearby = Surroundings(design, auxiliary_of(context).features)
    return [(nearby.draw(min(PILOT, limit // (2 * len(REACHES))), reach, rng), reach) for reach in REACHES], rng


def _asked_around(context: Context, design: LinearDesign, limit: int) -> Learned:
    """As far from the typical record as rounded answers are still informative, which a pilot tells."""
    nearby = Surroundings(design, auxiliary_of(context).features)
    error = wire_error(context.profile)
    drawn, rng = _pilots(context, design, limit)
    pilots = [(frame, context.query(frame), reach) for frame, reach in drawn]
    is_value = not context.classes
    reach = REACHES[0] if is_value else max(pilots, key=lambda pilot: information(pilot[1], error, pilot[2]))[2]
    wanted = min(limit, PER_UNKNOWN * design.unknowns) - sum(len(frame) for frame, _, _ in pilots)
    frame = nearby.draw(wanted, reach, rng)
    asked = pd.concat([*(pilot[0] for pilot in pilots), frame], ignore_index=True)
    answers = np.concatenate([*(pilot[1] for pilot in pilots), context.query(frame)])
    return Learned(asked, answers, _solved(context, design, asked, answers))


def _solved(context: Context, design: LinearDesign, asked: pd.DataFrame, answers: Floats) -> LinearCopy:
    error = wire_error(context.profile)
    matrix = design.matrix(asked)
    if not context.classes:
        return solve_values(matrix, answers[:, 0], error)
    return solve_softmax(matrix, answers, error)


def _better(context: Context, design: LinearDesign, learned: Learned, judged: tuple[pd.DataFrame, Floats], limit: int) -> Learned:
    """One-vs-rest where a softmax of several classes does not explain the answers, and the budget has room for its equations."""
    off = _difference(design, learned.copy, judged)
    more = int(1.5 * design.unknowns * context.classes / max(1, context.classes - 1)) + 2 * PILOT
    if context.classes < 3 or off <= _tolerance(context, judged[1]) or len(learned.asked) + more > limit:
        return learned
    nearby = Surroundings(design, auxiliary_of(context).features)
    frame = nearby.draw(more, REACHES[0], generator(context.seed, "one-vs-rest"))
    if context.recorded is not None and not context.recorded(frame).all():
        return learned
    try:
        answers = np.concatenate([learned.answers, context.query(frame)])
    except TargetRefused:
        return learned
    asked = pd.concat([learned.asked, frame], ignore_index=True)
    copy = solve_one_vs_rest(design.matrix(asked), answers, learned.copy)
    explained = _difference(design, copy, judged)
    if explained > min(off / 3, _tolerance(context, judged[1])):
        return Learned(asked, answers, learned.copy, learned.notes)
    return Learned(asked, answers, copy, (*learned.notes, "The classes are one-vs-rest models scaled to sum to 1."))


def _evidence(
    context: Context, design: LinearDesign, learned: Learned, judged: tuple[pd.DataFrame, Floats, int], rows: NDArray[np.intp]
) -> Copies:
    assert context.candidates is not None  # noqa: S101 - they have rows
    candidates = context.candidates.features
    rows = rows[~np.isin(record_keys(candidates.iloc[rows]), record_keys(learned.asked))]
    points, true, even = judged
    copied = learned.copy.answers(design.matrix(candidates))
    uniform = learned.copy.answers(design.matrix(points))
    off = float(np.abs(uniform - true).max())
    figures = {"unknowns": float(design.unknowns), "condition_number": learned.copy.condition, "largest_difference": off}
    if context.profile.decimals is not None:
        figures["parameter_error_bound"] = learned.copy.error_bound
    notes = (*learned.notes, *_said(context, design, off, true), *filter(None, [changed(context, learned.asked, learned.answers)]))
    queries = np.array([len(learned.asked)])
    if not context.classes:
        return SurrogateValues(queries, rows, copied[rows].T, uniform[:even].T, true[:even, 0], figures, notes, copied)
    labels = (classes_of(copied[rows])[None, :], classes_of(uniform[:even])[None, :], classes_of(true[:even]))
    return SurrogateLabels(queries, rows, *labels, figures, notes, copied)


def _said(context: Context, design: LinearDesign, off: float, true: Floats) -> list[str]:
    """Is the target the kind of model that equations can be solved for, and how far are its parameters determined?"""
    if off > _tolerance(context, true):
        return [
            f"The target is no linear model of these columns (the solved copy is off by up to {off:.2g} on records it was not"
            " solved from): its parameters were not recovered, and the copy is an approximation."
        ]
    said = [
        f"The target is a linear model: its {design.unknowns} unknowns were solved for, and on records that were not used"
        f" the copy is off by at most {off:.2g}."
    ]
    if any(not term.is_slope for term in design.terms):
        said.append(
            "Categories are solved for as differences from the most frequent one; what a model adds to all categories of a column"
            " and takes from its intercept changes no answer and cannot be told."
        )
    return said


def _difference(design: LinearDesign, copy: LinearCopy, judged: tuple[pd.DataFrame, Floats]) -> float:
    return float(np.abs(copy.answers(design.matrix(judged[0])) - judged[1]).max())


def _tolerance(context: Context, true: Floats) -> float:
    """How far a copy of a linear model may be off: by what solving loses, or where answers are rounded by what that leaves open far
    from the records that were asked. Targets of other kinds are off by far more."""
    size = 1.0 if context.classes else max(1.0, float(np.abs(true).max()))
    return 1e-6 * size if context.profile.decimals is None else LOOSE * size + 10 * wire_error(context.profile)
