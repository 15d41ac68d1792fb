"""Does anything ring where nothing leaks? The simulations of `make validate`, with fewer runs where a run is slow."""

from collections import Counter

import numpy as np
import pytest

from auditor.attacks import registry
from auditor.domain.learner import Learner
from auditor.domain.target import Output, Profile
from auditor.learners import check
from auditor.scoring.assess import Grading, Truth, assess
from auditor.shadows import design, pool, trainers
from auditor.workflow.contexts import context_for
from benchmarks.validation import audits
from benchmarks.validation.alarms import EXPERIMENTS, Experiment
from benchmarks.validation.coverage import COVERAGES, Coverage

RUNS = {
    "membership": 1_000,
    "single records": 1_000,
    "stealing": 1_000,
    "two audits": 1_000,
    "subgroups": 200,
    "target checks": 300,
}
COVERED = {"rates": 1_000, "single records": 500}


def by_name(name: str) -> Experiment:
    return next(e for e in EXPERIMENTS if e.name == name)


def more_than(share: float, runs: int) -> float:
    """A share plus two standard errors of a simulation of so many runs."""
    return share + 2 * float(np.sqrt(share * (1 - share) / runs))


@pytest.mark.parametrize("name", RUNS)
def test_alarms_ring_no_more_often_than_promised(name: str) -> None:
    experiment, runs, rung = by_name(name), RUNS[name], Counter[str]()
    for seed in range(runs):
        rung.update({alarm: int(rings) for alarm, rings in experiment.simulate(seed).items()})

    assert set(rung) == set(experiment.promised)
    too_often = {
        alarm: rung[alarm] / runs for alarm, rate in experiment.promised.items() if rung[alarm] / runs > more_than(rate, runs)
    }
    assert not too_often


def shares(covering: Coverage, runs: int) -> dict[str, float]:
    found = [covering.simulate(seed) for seed in range(runs)]
    return {name: float(np.mean([one[name] for one in found])) for name in covering.promised}


@pytest.mark.parametrize("name", COVERED)
def test_intervals_hold_what_is_known(name: str) -> None:
    covering, runs = next(c for c in COVERAGES if c.name == name), COVERED[name]

    found = shares(covering, runs)

    margin = 2 * np.sqrt(0.05 * 0.95 / runs)
    missed = {n: s for n, s in found.items() if not covering.promised[n][0] - margin <= s <= covering.promised[n][1] + margin}
    assert not missed


def test_limits_of_groups_that_do_differ_hold_together() -> None:
    runs = 100
    covering = next(c for c in COVERAGES if c.name == "subgroups")

    (share,) = shares(covering, runs).values()

    assert share >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize("seed", range(4))
def test_models_that_never_saw_the_members_are_never_above_low(seed: int) -> None:
    assert not any(rings for alarm, rings in audits.one_audit(seed).items() if alarm != "a negative control fails")


def evidence_against(answers: np.ndarray, records, name: str):
    """What an attack with eight logistic shadows says of a target that answers so."""
    learner, indices = check(Learner("logistic-regression")), range(8)
    profile = Profile(Output.PROBABILITIES, audits.CLASSES)
    odds = trainers.train(learner, audits.COLUMNS, records.candidates, 2, indices, 5, lambda fraction: None)
    shadows = pool.outputs(odds, design.halves(records.candidates, indices, 5), profile)
    attack, grants = registry.make(name, {}), {"seed": 5, "shadows": shadows, "learner": learner}
    return attack.run(context_for(attack, records, profile, lambda frame: answers[frame.index.to_numpy()], lambda f: None, grants))


@pytest.mark.parametrize("name", ["loss-threshold", "rmia", "lira", "stacked"])
@pytest.mark.parametrize("kind", ["the prior", "a model of others"])
def test_any_permuted_membership_scores_0_in_at_least_95_of_100(name: str, kind: str) -> None:
    """A target that answers the prior to everybody, or was trained on other people, knows nothing of any split."""
    records, foreign = audits.null_audit(check(Learner("logistic-regression")), 3)
    answers = np.tile([0.4, 0.6], (len(foreign), 1)) if kind == "the prior" else foreign
    evidence, rng = evidence_against(answers, records, name), np.random.default_rng(4)

    found = []
    for _ in range(100):
        is_member = rng.permutation(records.is_member)
        found.append(assess(evidence, Truth(is_member, records.candidates.labels, None, None, 2), Grading(25.0)))

    assert sum(a.score_low == 0.0 for a in found) >= 95 - 4  # two standard errors of 100 draws
    holds = [(e.low or 0) <= 0.5 <= (e.high or 0) for a in found for e in a.estimates if e.name == "auc"]
    assert np.mean(holds) >= 0.95 - 0.044
