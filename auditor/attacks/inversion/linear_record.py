"""One training record, from the parameters of a linear model and all the other training records."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.linear_record_columns import Inputs, inputs_of
from auditor.attacks.inversion.linear_record_guess import MOST_RECORDS, RecordGuess, asked_about, ordered, usual_record
from auditor.attacks.inversion.linear_record_solution import Fit, Missing, Sums, fit_of, label_of, missing
from auditor.domain.attack import Context, Family, Needs, Scope, Training
from auditor.domain.evidence import Reconstructions
from auditor.domain.parameters import Layers
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import AttackFailed, InvalidInput

Floats = NDArray[np.float64]
WIDER = 0.25  # of the range of the known records, on either side of it
REPORTED = 10


@dataclass(frozen=True)
class LinearRecord:
    """The slopes of the summed losses are zero at the optimum; those of all other records are known, so what they lack is the
    slope of the one record, and it follows from the intercept's equation and the others' (ridge, least squares, logistic
    regression).

    `records`: how many members are taken for the unknown one, each in turn. `tolerance`: at which mean slope the solver stopped.
    `penalty`: that of the fit, 1 / C or alpha; None: as the file says it, or else solved for.
    """

    records: int = 100
    tolerance: float = 1e-4
    penalty: float | None = None

    name: ClassVar[str] = "linear-record"
    family: ClassVar[Family] = Family.INVERSION
    kind: ClassVar[str] = "missing-record"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PARAMETERS, frozenset({Knows.OTHER_RECORDS}))
    reference: ClassVar[str] = (
        "Balle, Cherubin & Hayes 2022, Reconstructing Training Data with Informed Adversaries (S&P) section 4"
    )
    shows: ClassVar[str] = "whether one training record can be rebuilt from a linear model by somebody who has all the others"

    def __post_init__(self) -> None:
        if isinstance(self.records, bool) or not isinstance(self.records, int) or not 10 <= self.records <= MOST_RECORDS:
            raise InvalidInput(
                "attacks.linear-record.records", f"choose a whole number from 10 to {MOST_RECORDS:,}, not {self.records!r}"
            )
        for name, value, most in (("tolerance", self.tolerance, 1.0), ("penalty", self.penalty, 1e12)):
            is_none = value is None and name == "penalty"
            if not is_none and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most):
                raise InvalidInput(f"attacks.linear-record.{name}", f"choose a number from 0 to {most:g}, not {value!r}")

    @property
    def baseline(self) -> RecordGuess:
        return RecordGuess(self.records)

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0)

    def run(self, context: Context) -> Reconstructions:
        """A claim for each record asked about: what follows, or the usual record where nothing does. Asks nothing of the target.
        Raises AttackFailed for anything but a linear model with an intercept that reads columns."""
        training = ordered(context)
        if not isinstance(context.parameters, Layers):
            raise AttackFailed("A missing record follows from the parameters of linear models alone; this file holds none.")
        inputs = inputs_of(context.parameters, context.columns)
        fit = fit_of(context.parameters, self.tolerance, len(training.records), self.penalty)
        every = everything(fit, inputs, training, context)
        places = asked_about(training, self.records)
        found = []
        for turn, place in enumerate(places):
            if turn % REPORTED == 0:
                context.checkpoint(turn / len(places))
            found.append(missing(fit, every.without(int(place))))
        context.checkpoint(1.0)
        return claims(found, every, training.rows[places], usual_record(training.records, context.columns))


@dataclass(frozen=True, eq=False)
class Everything:
    """All N training records as the model reads them (N, p), with their residuals (N, K) at its parameters, the usual one (p,), and
    the declared ends of each input."""

    fit: Fit
    inputs: Inputs
    matrix: Floats
    residuals: Floats
    usual: Floats
    ends: tuple[Floats, Floats]

    @cached_property
    def slopes(self) -> Floats:
        """(K, p) of the summed losses."""
        return np.asarray(self.residuals.T @ self.matrix)

    def without(self, place: int) -> Sums:
        """What is known to somebody who has all records but this one."""
        own, r = self.matrix[place], self.residuals[place]
        slopes, residuals = self.slopes - np.outer(r, own), self.residuals.sum(axis=0) - r
        others = np.delete(self.matrix, place, axis=0)
        low, high = others.min(axis=0), others.max(axis=0)
        wide = np.where(self.inputs.is_bit, 0.0, WIDER * (high - low))
        low, high = np.fmin(low - wide, self.ends[0]), np.fmax(high + wide, self.ends[1])
        return Sums(slopes, residuals, self.usual, low, high, self.inputs.is_whole, self.inputs.centre, self.inputs.spread)

    @property
    def left(self) -> float:
        """How far the parameters are from stationary: the largest slope of the sum over all records and the penalty, each in units
        of one record's usual slope. One record too few gives about 1, other records the root of their number."""
        total = np.column_stack([self.slopes, self.residuals.sum(axis=0)])
        sizes = np.sqrt(np.append((self.matrix**2).mean(axis=0), 1.0))
        usual = np.sqrt((self.residuals**2).mean()) * np.where(sizes > 0, sizes, np.inf)
        pull = np.column_stack([self.fit.weight, np.zeros(len(self.fit.bias))]) / usual
        best = -float((total / usual * pull).sum() / max(float((pull**2).sum()), 1e-300))
        penalty = max(0.0, best) if self.fit.penalty is None else self.fit.penalty
        return float(np.abs(total / usual + penalty * pull).max())


def everything(fit: Fit, inputs: Inputs, training: Training, context: Context) -> Everything:
    """Raises AttackFailed where the answers of the model are not those of the target."""
    records, outputs = training.records, len(fit.bias)
    if fit.output == "identity" and (records.values is None or outputs != 1):
        raise AttackFailed("The model answers a number, and the target of the audit does not.")
    if fit.output != "identity" and outputs not in ((1,) if context.classes == 2 else ()) and outputs != context.classes:
        raise AttackFailed(
            f"The model has {outputs} outputs and the target {context.classes} classes; name them in target.classes."
        )
    matrix = inputs.matrix(records.features)
    residuals = fit.residuals(matrix, records.labels, records.values)
    declared = [context.bounds.get(name, (np.nan, np.nan)) for name in inputs.column]
    low, high = (np.sort((np.array(declared) - inputs.centre[:, None]) / inputs.spread[:, None], axis=1)).T
    usual = inputs.matrix(usual_record(records, context.columns))[0]
    return Everything(fit, inputs, matrix, residuals, usual, (low, high))


def claims(found: list[Missing | None], every: Everything, rows: NDArray[np.intp], usual: pd.DataFrame) -> Reconstructions:
    """Evidence; a record that does not follow is claimed to be the usual one."""
    inputs, solved = every.inputs, [one for one in found if one is not None]
    frame = pd.concat([usual] * len(found), ignore_index=True)
    is_solved = np.array([one is not None for one in found])
    if solved:
        points = np.array([one.point for one in solved]) * inputs.spread + inputs.centre
        frame = pd.concat([inputs.frame(points, usual), frame.iloc[len(solved) :]], ignore_index=True).astype(usual.dtypes)
        order = np.argsort(np.concatenate([np.flatnonzero(is_solved), np.flatnonzero(~is_solved)]))
        frame = frame.iloc[order].reset_index(drop=True)
    labels = np.array([-1 if one is None else label_of(one.residual, every.fit.output) for one in found], dtype=np.intp)
    figures = {"gradient_left": every.left, "solved_share": float(is_solved.mean())}
    return Reconstructions(frame, labels, is_solved.astype(float), figures, (_told(solved, every),), True, rows)


def _told(solved: list[Missing], every: Everything) -> str:
    if not solved:
        return "No record follows from the parameters and the others."
    width = np.maximum(np.ptp(every.matrix, axis=0), 1e-12)
    numbers = ~every.inputs.is_bit if (~every.inputs.is_bit).any() else np.ones(len(width), dtype=bool)
    least, most = (min(1.0, float(np.median((np.array(off) / width)[:, numbers]))) for off in _offs(solved))
    penalty = float(np.median([one.penalty for one in solved]))
    known = "was known" if every.fit.penalty is not None else f"was solved for (median {penalty:.3g})"
    return (
        f"The penalty of the fit {known}. If its solver left the least that explains a record, each value is known to within"
        f" {least:.1g} of its range (median), and to within {most:.1g} if it left as much as its tolerance allows."
    )


def _offs(solved: list[Missing]) -> tuple[list[Floats], list[Floats]]:
    return [one.slack for one in solved], [one.worst for one in solved]
