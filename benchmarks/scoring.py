"""Seconds that attacks take to score 20,000 records against 100 shadows: simulated answers, real attacks.

`stacked features` is what the stacked attack reads of one model; its classifiers come on top.
"""

import argparse
import time
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from auditor.attacks import registry
from auditor.attacks.membership.pairs import paired, signals_of
from auditor.attacks.membership.stack_features import reading
from auditor.attacks.signals import log_confidence, logit_confidence
from auditor.domain.attack import Context
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.learner import Learner
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.shadows import design, pool

FEATURES = "stacked features"
ATTACKS = ("lira", "rmia", "loss-threshold", FEATURES)


@dataclass(frozen=True)
class Measured:
    attack: str
    cpu: float
    wall: float

    def line(self) -> str:
        return f"{self.attack:<40} {self.cpu:7.2f} {self.wall:7.2f}"


def context_of(shadows: int, records: int) -> Context:
    """Answers of models that remember a little: log-odds one higher for the true class of IN records."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, records)
    candidates = Records(pd.DataFrame({"x": rng.normal(size=records)}), labels.astype(np.intp))
    masks = design.halves(candidates, range(shadows), 7)
    true = rng.normal(1.0, 1.5, (shadows + 1, records)) + np.vstack([masks, rng.random(records) < 0.5])
    log_odds = np.where(labels == 1, true, -true)
    answers = pool.probabilities(np.stack([-log_odds, log_odds], axis=-1).astype(np.float32))
    profile = Profile(Output.PROBABILITIES, ("0", "1"))
    return Context(
        seed=7,
        profile=profile,
        columns=(Column("x", ColumnType.NUMBER),),
        query=lambda frame: answers[-1],
        checkpoint=lambda fraction: None,
        candidates=candidates,
        shadows=ShadowOutputs(answers[:-1], masks),
        auxiliary=candidates,
        learner=Learner("xgboost"),
        sensitive=None,
        query_limit=0,
    )


def measure(name: str, context: Context) -> Measured:
    cpu, start = time.process_time(), time.perf_counter()
    if name == FEATURES:
        _features(context)
    else:
        registry.make(name, {}).run(context)
    return Measured(name, time.process_time() - cpu, time.perf_counter() - start)


def _features(context: Context) -> None:
    shadows, candidates = context.shadows, context.candidates
    assert shadows is not None
    assert candidates is not None
    answers = context.query(candidates.features)
    read = [partial(way, labels=candidates.labels, clip=context.profile.clip) for way in (logit_confidence, log_confidence)]
    pools = tuple(paired(signals_of(shadows, signal), shadows.masks) for signal in read)
    reading(pools)(tuple(signal(answers) for signal in read), pools)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attacks", nargs="*", default=ATTACKS)
    parser.add_argument("--shadows", type=int, default=100)
    parser.add_argument("--records", type=int, default=20_000)
    options = parser.parse_args()
    context = context_of(options.shadows, options.records)
    print(f"{options.shadows} shadows x {options.records:,} records{'':<11} CPU s  wall s", flush=True)
    for name in options.attacks:
        print(measure(name, context).line(), flush=True)


if __name__ == "__main__":
    main()
