"""Training a copy: from answered records to a model that answers like the target."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.ensemble_forest import FEW_TREES, Forest, as_shares
from auditor.attacks.stealing.kernel_regression import fit_kernel
from auditor.attacks.stealing.log_odds import ON_LOG_ODDS, log_odds, shares, trees_for
from auditor.attacks.stealing.network_regression import Fit, fit_network, regression
from auditor.domain.attack import Checkpoint
from auditor.domain.data import Column
from auditor.domain.learner import Learner, Task
from auditor.domain.seeds import derive
from auditor.learners import build, build_for_values
from auditor.learners.encode import Encoding, Numbers, prepare

Floats = NDArray[np.float64]
Answering = Callable[[pd.DataFrame], Floats]
"""A trained copy: records -> (n, C) probabilities, or (n, 1) numbers."""

HELD_OUT = 10
"""Every tenth answered record judges the learners and is kept from all copies but the last."""
NEGLIGIBLE = 0.005  # a class below this probability is not worth a row
SOFT = 0.01
BOOSTED = Learner("xgboost", {"n_estimators": 400, "learning_rate": 0.05, "subsample": 0.7, "colsample_bytree": 0.4})
LINEAR = Learner("logistic-regression")
NETWORK = Learner("mlp", {"max_iter": 60})
LINE = Learner("linear-regression", task=Task.REGRESSION)


@dataclass(frozen=True, eq=False)
class Answered:
    """Records and what was answered: `answers` (q, C) probabilities, one-hot where only labels were seen; or (q, 1) numbers."""

    features: pd.DataFrame
    answers: Floats

    def __len__(self) -> int:
        return len(self.features)

    def take(self, rows: NDArray[np.intp]) -> "Answered":
        return Answered(self.features.iloc[rows].reset_index(drop=True), self.answers[rows])

    def and_(self, more: "Answered") -> "Answered":
        return Answered(pd.concat([self.features, more.features], ignore_index=True), np.concatenate([self.answers, more.answers]))

    @property
    def labels(self) -> NDArray[np.intp]:
        return np.asarray(self.answers.argmax(axis=1))

    @property
    def is_soft(self) -> bool:
        """Were probabilities seen, rather than labels?"""
        return self.answers.shape[1] > 1 and float((self.answers.max(axis=1) < 1.0).mean()) > SOFT


def answered(features: pd.DataFrame, answers: Floats) -> Answered:
    """Classes that were not returned count as 0; each row is scaled to sum to 1 (all zero: every class alike). Numbers stay."""
    if answers.shape[1] == 1:
        return Answered(features, answers)
    known = np.clip(np.nan_to_num(answers, nan=0.0), 0.0, None)
    total = known.sum(axis=1, keepdims=True)
    return Answered(features, np.where(total > 0, known / np.where(total > 0, total, 1.0), 1.0 / known.shape[1]))


@dataclass(frozen=True)
class Maker:
    """One way to train a copy; `words` tells it."""

    words: str
    learner: Learner
    train: "Train"


@dataclass(frozen=True)
class Workshop:
    """What a thief trains copies with. The declaration may be wrong, so learners of other kinds stand beside the declared one."""

    makers: tuple[Maker, ...]
    columns: tuple[Column, ...]
    seed: int
    checkpoint: Checkpoint
    progress: float = 0.0

    def copy(self, material: Answered, score: "Score | None" = None) -> Answering:
        """The best maker's copy, fitted on all. `score`: what makers are compared by, else by `right`."""
        held = held_out(len(material))
        trials = self.trials(material.take(np.flatnonzero(~held)))
        judge = material.take(np.flatnonzero(held))
        told = [trial(judge.features) for trial in trials]
        return self.make(self.makers[best(told, judge, score or right)], material)

    def trials(self, material: Answered) -> list[Answering]:
        """A copy by every maker."""
        return [self.make(maker, material) for maker in self.makers]

    def make(self, maker: Maker, material: Answered) -> Answering:
        self.checkpoint(self.progress)
        return maker.train(self, maker.learner, material)


Train = Callable[[Workshop, Learner, Answered], Answering]


def held_out(count: int) -> NDArray[np.bool_]:
    """(n,) which of the records, in the order in which they were asked, no trial copy is fitted on."""
    return np.asarray(np.arange(count) % HELD_OUT == 0)


def right(said: Floats, judge: Answered) -> Floats:
    """(n,) 1 where a copy that `said` (n, C) answers the class that the target answered; of numbers as `near`."""
    if judge.answers.shape[1] == 1:
        return near(said, judge)
    return np.asarray(said.argmax(axis=1) == judge.labels, dtype=np.float64)


def near(said: Floats, judge: Answered) -> Floats:
    """(n,) minus the squared distance to what the target answered, of numbers in variances: tells copies apart by fewer records
    than their labels do, and is never less for a mean of copies than on average for these."""
    spread = float(judge.answers.var()) or 1.0 if judge.answers.shape[1] == 1 else 1.0
    return np.asarray(-((said - judge.answers) ** 2).sum(axis=1) / spread)


def likely(said: Floats, judge: Answered) -> Floats:
    """(n,) log-likelihood of the labels, for labels of people: these are noisy, and accuracy tells little between learners."""
    if judge.answers.shape[1] == 1:
        return near(said, judge)
    return np.asarray(np.log(np.maximum((said * judge.answers).sum(axis=1), 1e-3)))


Score = Callable[[Floats, Answered], Floats]


def mean_of(copies: Sequence[Answering]) -> Answering:
    """A copy that answers the mean of what these answer."""
    return lambda frame: np.asarray(np.mean([copy(frame) for copy in copies], axis=0))


def best(told: Sequence[Floats], judge: Answered, score: Score = right) -> int:
    """Whose answers (n, C) agree best with those of records that no copy was fitted on; the first of equals."""
    return int(np.argmax([score(said, judge).mean() for said in told]))


def together(told: Sequence[Floats] | Floats, judge: Answered) -> list[int]:
    """Whose mean is nearest: the nearest copy, and one after the other that which brings the mean nearer yet (Caruana et al. 2004,
    ICML, ensemble selection)."""
    chosen: list[int] = []
    reached = -np.inf
    while len(chosen) < len(told):
        left = [i for i in range(len(told)) if i not in chosen]
        found = [float(near(np.mean([told[j] for j in (*chosen, i)], axis=0), judge).mean()) for i in left]
        if max(found) <= reached:
            break
        reached = max(found)
        chosen.append(left[found.index(reached)])
    return sorted(chosen)


def by_rows(workshop: Workshop, learner: Learner, material: Answered) -> Answering:
    """A learner of classes on weighted rows."""
    features, labels, weights = weighted_rows(material)
    model = build(learner, workshop.columns, derive(workshop.seed, "copy", learner.name)).fit(features, labels, weights)
    classes = material.answers.shape[1]
    return lambda frame: model.over_all(model.predict_proba(frame), classes)


def by_log_odds(workshop: Workshop, learner: Learner, material: Answered) -> Answering:
    """Learners of numbers on the log-odds of each class against the first: one for each class but that."""
    odds = log_odds(material.answers)
    seeds = [derive(workshop.seed, "copy", "log-odds", c) for c in range(odds.shape[1])]
    made = trees_for(learner, len(material), odds.shape[1])
    models = [build_for_values(made, workshop.columns, seed).fit(material.features, odds[:, c]) for c, seed in enumerate(seeds)]
    return lambda frame: shares(np.column_stack([model.predict(frame) for model in models]))


def _matrix(workshop: Workshop, material: Answered) -> Callable[[pd.DataFrame], NDArray[np.float32]]:
    """Records -> (n, F) numbers as trees take them."""
    encoding = Encoding.fit(prepare(material.features, workshop.columns), Numbers.NATIVE)
    return lambda frame: np.asarray(encoding.apply(prepare(frame, workshop.columns)), dtype=np.float32)


def by_values(workshop: Workshop, learner: Learner, material: Answered) -> Answering:
    """A learner of numbers on the numbers that were answered."""
    made = trees_for(learner, len(material)) if learner is ON_LOG_ODDS else learner
    model = build_for_values(made, workshop.columns, derive(workshop.seed, "copy", learner.name))
    model.fit(material.features, material.answers[:, 0])
    return lambda frame: model.predict(frame)[:, None]


def by_forest(workshop: Workshop, learner: Learner, material: Answered) -> Answering:
    """Averaged trees on the answers, with what they are wrong by spread over further trees."""
    matrix = _matrix(workshop, material)
    seed = derive(workshop.seed, "copy", "forest") % 2**31
    forest = Forest.of(matrix(material.features), material.answers, seed, FEW_TREES)
    is_classes = material.answers.shape[1] > 1
    return lambda frame: as_shares(forest.answers(matrix(frame))) if is_classes else forest.answers(matrix(frame))


def by_network(workshop: Workshop, learner: Learner, material: Answered) -> Answering:
    """One hidden layer on the log-odds of each class against the first, or on the numbers that were answered."""
    return _regressed(workshop, material, fit_network)


def by_kernels(workshop: Workshop, learner: Learner, material: Answered) -> Answering:
    """Gaussian kernels on the same: the decision values of a support vector machine are such a sum."""
    return _regressed(workshop, material, fit_kernel)


def _regressed(workshop: Workshop, material: Answered, fit: Fit) -> Answering:
    is_classes = material.answers.shape[1] > 1
    scores = log_odds(material.answers) if is_classes else material.answers
    told = regression(material.features, scores, workshop.columns, derive(workshop.seed, "copy", fit.__name__), fit)
    return lambda frame: shares(told(frame)) if is_classes else told(frame)


def weighted_rows(material: Answered) -> tuple[pd.DataFrame, NDArray[np.intp], Floats]:
    """Soft labels for learners of hard ones: each record once for every class it may have, weighted by the class's probability
    (the weighted loss is then the cross-entropy to the answer)."""
    rows, labels = np.nonzero(material.answers > NEGLIGIBLE)
    return material.features.iloc[rows].reset_index(drop=True), labels, material.answers[rows, labels]


FORESTS = ("random-forest", "extra-trees")
GROWN = Maker("averaged trees fitted to the answers", Learner(FORESTS[0]), by_forest)
SMOOTH = (
    Maker("a small network fitted to the scores", NETWORK, by_network),
    Maker("a kernel machine fitted to the scores", NETWORK, by_kernels),
)


def makers_for(declared: Learner | None, material: Answered) -> tuple[Maker, ...]:
    """The declared learner, boosting and a linear model. To probabilities and numbers boosting is fitted as log-odds, and so are a
    network and a kernel machine (docs/attacks/surrogate.md has what that gains over weighted rows); from labels alone a small
    network is trained where nothing was declared."""
    if material.answers.shape[1] == 1:
        return _of_values(declared)
    boosted = (
        Maker("boosted trees fitted to the log-odds", ON_LOG_ODDS, by_log_odds)
        if material.is_soft
        else Maker("boosted trees", BOOSTED, by_rows)
    )
    more = _beside(declared) if material.is_soft else (Maker("a small network", NETWORK, by_rows),) if declared is None else ()
    if declared is None:
        return boosted, Maker("a linear model", LINEAR, by_rows), *more
    line = () if declared.name == LINEAR.name else (Maker("a linear model", LINEAR, by_rows),)
    return Maker("the declared learner", declared, by_rows), boosted, *line, *more


def _beside(declared: Learner | None) -> tuple[Maker, ...]:
    """Averaged trees cost more than all others, and are nearest where the target is a forest."""
    return (GROWN, *SMOOTH) if declared is None or declared.name in FORESTS else SMOOTH


def _of_values(declared: Learner | None) -> tuple[Maker, ...]:
    boosted = Maker("boosted trees", ON_LOG_ODDS, by_values)
    if declared is None or declared.name == LINE.name:
        return boosted, Maker("a linear model", LINE, by_values), *_beside(declared)
    return Maker("the declared learner", declared, by_values), boosted, Maker("a linear model", LINE, by_values), *_beside(declared)


def classes_of(answers: Floats) -> NDArray[np.intp]:
    """(n,) the class with the highest answer, the first of equals."""
    return np.asarray(np.nan_to_num(answers, nan=-1.0).argmax(axis=1))
