"""How large a bound on epsilon 1,000 canaries show on usual models: `python -m benchmarks canaries`, see docs/canaries.md."""

import argparse
from dataclasses import dataclass
from random import Random

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks import registry
from auditor.demo import adult
from auditor.domain.attack import Context
from auditor.domain.data import Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.learner import Learner
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.intake import Table
from auditor.learners import build, check
from auditor.scoring import epsilon
from auditor.scoring.grading import Grading
from auditor.shadows import design, pool
from auditor.shadows.trainers import Job, remainder
from auditor.workflow.canaries import KINDS, Wish, draw

TRAINING, HOLD_OUT, CANARIES, SHADOWS, SEED, DELTA = 4_000, 3_000, 1_000, 8, 5, 1e-5
LEARNERS = {
    "random forest": Learner("random-forest"),
    "XGBoost": Learner("xgboost"),
    "XGBoost, depth 3, eta 0.1": Learner("xgboost", {"max_depth": 3, "learning_rate": 0.1}),
    "logistic regression": Learner("logistic-regression"),
}
PROFILE = Profile(Output.PROBABILITIES, adult.CLASSES)
COLUMNS = adult.columns()


@dataclass(frozen=True, eq=False)
class Drawn:
    """Canaries, which of them the coins chose, and the rest of the training data."""

    canaries: Records
    included: NDArray[np.bool_]
    training: Records


def records(frame: pd.DataFrame) -> Records:
    return Records(frame.drop(columns=adult.LABEL).reset_index(drop=True), adult.labels(frame))


def drawn(kind: str, count: int = CANARIES, training: int = TRAINING) -> Drawn:
    frame = adult.load().drop_duplicates().sample(frac=1, random_state=SEED).reset_index(drop=True)
    text = frame.iloc[training : training + max(HOLD_OUT, count)].astype(str).astype(object)
    made = draw(Table(text, dict.fromkeys(text.columns, "string")), Wish(adult.LABEL, count, kind), Random(SEED))
    cells = made.cells.astype(dict.fromkeys(adult.INTEGERS, "int64"))
    return Drawn(records(cells), np.array([f.included for f in made.key.canaries]), records(frame.iloc[:training]))


def bound(attack: str, learner: Learner, data: Drawn, knows_the_rest: bool) -> float:
    """The one-run bound of this attack on one target, at 95 %."""
    answers = _target(learner, data)
    rest = data.training if knows_the_rest else data.training.take(np.arange(0))
    scores = registry.make(attack, {}).run(_context(data, answers, _shadows(learner, data, rest)))
    assert isinstance(scores, MembershipScores)
    return float(epsilon.lower_bound(scores, data.included, Grading(None), DELTA)[0].low or 0.0)


def _target(learner: Learner, data: Drawn) -> NDArray[np.float64]:
    """(n, C) what a model answers that was trained on the rest and on the included canaries."""
    trained = remainder.joined(data.canaries.take(data.included), data.training)
    model = build(check(learner), COLUMNS, SEED).fit(trained.features, trained.labels)
    return model.over_all(model.predict_proba(data.canaries.features), len(adult.CLASSES))


def _shadows(learner: Learner, data: Drawn, rest: Records) -> ShadowOutputs:
    indices = tuple(range(SHADOWS))
    job = Job(check(learner), COLUMNS, data.canaries, len(adult.CLASSES), indices, SEED, _unwatched)
    return pool.outputs(remainder.train(job, rest), design.halves(data.canaries, indices, SEED), PROFILE)


def _context(data: Drawn, answers: NDArray[np.float64], shadows: ShadowOutputs) -> Context:
    def query(frame: pd.DataFrame) -> NDArray[np.float64]:
        return answers[frame.index.to_numpy()]

    return Context(SEED, PROFILE, COLUMNS, query, _unwatched, candidates=data.canaries, shadows=shadows)


def _unwatched(fraction: float) -> None:
    pass


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    print("| canaries | target | loss | RMIA, canaries alone | RMIA, `data.training` given |\n|---|---|---|---|---|")
    for kind in KINDS:
        data = drawn(kind)
        for name, learner in LEARNERS.items():
            cells = [("loss-threshold", True), ("rmia", False), ("rmia", True)]
            shown = " | ".join(f"{bound(attack, learner, data, knows):.2f}" for attack, knows in cells)
            print(f"| {kind} | {name} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
