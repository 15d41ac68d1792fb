"""Copies of an ensemble: boosting on its answers, begun from what the auxiliary records' own labels tell, and averaged trees."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from auditor.attacks.stealing.copying import Answered
from auditor.attacks.stealing.ensemble_forest import FEW_TREES, LEAST, TREES, Forest, as_shares
from auditor.domain.attack import Context
from auditor.domain.data import Records
from auditor.domain.seeds import derive, generator
from auditor.learners.encode import Encoding, Numbers, prepare

Floats = NDArray[np.float64]
Fit = dict[str, Any]

# Answers carry no noise, so hardly anything is gained from regularisation; many small steps over changing columns make a smoother
# copy than the target's own few large ones (docs/attacks/ensemble-thresholds.md has the comparison).
FINE: Fit = {
    "n_estimators": 300,
    "learning_rate": 0.15,
    "max_depth": 8,
    "subsample": 0.6,
    "colsample_bytree": 0.4,
    "min_child_weight": 0.01,
    "reg_lambda": 0.1,
}
QUICK: Fit = FINE | {"n_estimators": 100, "learning_rate": 0.3, "max_depth": 6}
COARSE: Fit = {"n_estimators": 100, "learning_rate": 0.3, "max_depth": 6}
COPIES = 2
PRIOR: Fit = {"n_estimators": 100, "learning_rate": 0.1, "max_depth": 4}
HELD_OUT = 0.2


@dataclass(frozen=True, eq=False)
class Bench:
    """`encoding` of the columns; `prior`: a model of the auxiliary records' own labels or numbers, None where not known."""

    context: Context
    encoding: Encoding
    prior: "Boosted | None" = None

    @staticmethod
    def of(context: Context, auxiliary: Records) -> "Bench":
        table = prepare(auxiliary.features, context.columns)
        bench = Bench(context, Encoding.fit(table, Numbers.NATIVE))
        truth = _own_answers(auxiliary, context.classes)
        if truth is None:
            return bench
        return replace(bench, prior=bench.fitted(Answered(auxiliary.features, truth), PRIOR, None, "prior"))

    def matrix(self, features: pd.DataFrame) -> NDArray[np.float32]:
        return np.asarray(self.encoding.apply(prepare(features, self.context.columns)), dtype=np.float32)

    def fitted(self, material: Answered, fit: Fit, start: "Boosted | None", label: str, copies: int = 1) -> "Boosted":
        """Boosting on `material` with the parameters `fit`, `copies` times; scores are added to those of `start`."""
        matrix = self.matrix(material.features)
        before = None if start is None else start.raw(matrix)
        seeds = [derive(self.context.seed, "boosted", label, i) % 2**31 for i in range(copies)]
        return Boosted(self, [_booster(matrix, material.answers, before, fit | {"seed": seed}) for seed in seeds], start)

    def chosen(self, material: Answered) -> "Copy":
        """Boosting from the prior or from nothing, fine or coarse, or averaged trees, or the mean of both: what is closest to the
        answers on a fifth that it was not fitted on."""
        order = generator(self.context.seed, "held-out").permutation(len(material))
        held_out, kept = np.split(order, [max(1, round(HELD_OUT * len(material)))])
        trial, judge = material.take(kept), material.take(held_out)
        ways = [*((FINE, start) for start in dict.fromkeys((self.prior, None))), (COARSE, None)]
        trials = [self._tried(trial, way) for way in ways]
        best = int(np.argmin([_distance(boosted.answers(judge.features), judge.answers) for boosted in trials]))
        fit, start = ways[best]
        has_boosted, has_grown = self._kinds(trials[best], self.grown(trial, FEW_TREES), judge)
        self.context.checkpoint(0.9)
        makers = [lambda: self.fitted(material, fit, start, "copy", COPIES)] * has_boosted + [
            lambda: self.grown(material)
        ] * has_grown
        return Mean([make() for make in makers])

    def grown(self, material: Answered, trees: int = TREES) -> "Grown":
        seed = derive(self.context.seed, "forest") % 2**31
        return Grown(self, Forest.of(self.matrix(material.features), material.answers, seed, trees))

    def _tried(self, trial: Answered, way: tuple[Fit, "Boosted | None"]) -> "Boosted":
        self.context.checkpoint(0.9)
        fit, start = way
        return self.fitted(trial, fit, start, "trial")

    def _kinds(self, boosted: "Boosted", grown: "Grown", judge: Answered) -> tuple[bool, bool]:
        """Whether boosting, and whether averaged trees are part of the copy with the smallest squared error."""
        kinds = [(True, False), (False, True), (True, True)]
        told = [copy.answers(judge.features) for copy in (boosted, grown)]
        errors = [
            ((np.mean([t for t, used in zip(told, kind, strict=True) if used], axis=0) - judge.answers) ** 2).mean()
            for kind in kinds
        ]
        return kinds[int(np.argmin(errors))]


class Copy(Protocol):
    """Whatever answers like the target: records -> (n, C) probabilities, or (n, 1) numbers."""

    def answers(self, features: pd.DataFrame) -> Floats: ...


@dataclass(frozen=True, eq=False)
class Mean:
    copies: Sequence[Copy]

    def answers(self, features: pd.DataFrame) -> Floats:
        return np.asarray(np.mean([copy.answers(features) for copy in self.copies], axis=0))


@dataclass(frozen=True, eq=False)
class Grown:
    """Averaged trees; of classes cut to probabilities."""

    bench: Bench
    forest: Forest

    def answers(self, features: pd.DataFrame) -> Floats:
        told = self.forest.answers(self.bench.matrix(features))
        return as_shares(told) if self.bench.context.classes else told


@dataclass(frozen=True, eq=False)
class Boosted:
    """The mean score of boosters, on top of that of `start`."""

    bench: Bench
    boosters: list[Any]
    start: "Boosted | None"

    def raw(self, matrix: NDArray[np.float32]) -> Floats:
        """(n,) or (n, C) scores before the link."""
        from xgboost import DMatrix

        before = None if self.start is None else self.start.raw(matrix)
        told = DMatrix(matrix, base_margin=before)
        raw = [np.asarray(booster.predict(told, output_margin=True), dtype=np.float64) for booster in self.boosters]
        return np.asarray(np.mean(raw, axis=0))

    def answers(self, features: pd.DataFrame) -> Floats:
        """(n, C) probabilities, or (n, 1) numbers."""
        raw = self.raw(self.bench.matrix(features))
        if not self.bench.context.classes:
            return raw[:, None]
        return np.asarray(softmax(raw if raw.ndim == 2 else np.column_stack([np.zeros(len(raw)), raw]), axis=1))


def _booster(matrix: NDArray[np.float32], answers: Floats, before: Floats | None, fit: Fit) -> Any:
    """Cross-entropy to the answered probabilities; the squared error of numbers."""
    from xgboost import DMatrix, train

    classes = answers.shape[1]
    parameters = {key: value for key, value in fit.items() if key != "n_estimators"} | {"nthread": 1, "verbosity": 0}
    rounds = fit["n_estimators"]
    if classes == 1:
        middle = float(answers.mean()) if before is None else 0.0
        told = DMatrix(matrix, label=answers[:, 0], base_margin=before)
        return train(parameters | {"objective": "reg:squarederror", "base_score": middle}, told, rounds)
    if classes == 2:
        told = DMatrix(matrix, label=np.clip(answers[:, 1], 0.0, 1.0), base_margin=before)
        return train(parameters | {"objective": "reg:logistic", "base_score": 0.5}, told, rounds)
    rows, labels = np.nonzero(answers > LEAST)
    before = None if before is None else before[rows]
    told = DMatrix(matrix[rows], label=labels, weight=answers[rows, labels], base_margin=before)
    return train(parameters | {"objective": "multi:softprob", "num_class": classes, "base_score": 0.5}, told, rounds)


def _own_answers(auxiliary: Records, classes: int) -> Floats | None:
    if not classes:
        return None if auxiliary.values is None or np.isnan(auxiliary.values).any() else auxiliary.values[:, None]
    return None if (auxiliary.labels < 0).any() else np.eye(classes)[auxiliary.labels]


def _distance(copied: Floats, answers: Floats) -> float:
    """Cross-entropy of the copy to the answers, or its squared error."""
    if answers.shape[1] == 1:
        return float(((copied - answers) ** 2).mean())
    return float(-(answers * log_softmax(np.log(np.clip(copied, LEAST, None)), axis=1)).sum(axis=1).mean())
