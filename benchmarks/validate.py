"""What takes too long for every test run: whole membership audits under the null, hundreds of them, against their promises.

The target never saw the members, so every verdict but "no leak" is a false alarm. Writes docs/validity.md, which names the commit.

    python -m benchmarks.validate [--runs 200]
"""

import argparse
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from auditor.attacks import registry
from auditor.domain.data import AuditData, Column, ColumnType, Records
from auditor.domain.learner import Learner
from auditor.domain.target import Output, Profile
from auditor.learners import build, check
from auditor.scoring import controls, holm
from auditor.scoring.assess import Grading, Truth
from auditor.scoring.intervals import clopper_pearson
from auditor.scoring.validity import blind_baseline
from auditor.shadows import design, pool, trainers
from auditor.workflow.contexts import context_for

PAGE = Path(__file__).parent.parent / "docs" / "validity.md"
COLUMNS = (Column("age", ColumnType.INTEGER), Column("income", ColumnType.NUMBER), Column("town", ColumnType.STRING))
CLASSES = ("no", "yes")
SIDE, SHADOWS, LEVEL = 600, 8, 25.0
ATTACKS = ("gap", "loss-threshold", "lira", "rmia")
PROMISES = {
    "any attack reaches the policy's level (false breach)": 0.05,
    "any attack's demonstrated score reaches 5 (false severity)": 0.05,
    "a negative control fails": 0.01,
    "the blind baseline fires": 0.01,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    commit, began = commit_now(), time.perf_counter()
    with ThreadPoolExecutor(2) as threads:
        counted = sum(threads.map(one_run, range(runs)), Counter())
    PAGE.write_text(page(counted, runs, commit, time.perf_counter() - began), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


def one_run(seed: int) -> Counter[str]:
    """One audit of a target that was trained on other people of the same population; which promises it broke."""
    data, target = null_audit(seed)
    learner = check(Learner("logistic-regression"))
    profile = Profile(Output.PROBABILITIES, CLASSES)
    truth = Truth(data.is_member, data.candidates.labels, None, None, len(CLASSES))
    grading = Grading(LEVEL, len(ATTACKS), seed=seed)
    indices = range(SHADOWS)
    log_odds = trainers.train(learner, COLUMNS, data.candidates, len(CLASSES), indices, seed, ignore)
    shadows = pool.outputs(log_odds, design.masks(len(data.candidates), indices, seed), profile)
    grants = {"seed": seed, "shadows": shadows, "learner": learner}
    cases = []
    for name in ATTACKS:
        attack = registry.make(name, {})
        context = context_for(attack, data, profile, lambda frame: target[frame.index.to_numpy()], ignore, grants)
        cases.append((attack.run(context), None, truth))
    assessed = holm.assess_family(cases, grading)
    lows = [a.score_low or 0.0 for a in assessed]
    blind = blind_baseline(data.candidates.features, data.candidates.labels, data.is_member, seed, ignore)
    broken = [
        max(lows) >= LEVEL,
        max(lows) >= 5,
        any(not controls.negative(c[0], truth, grading).passed for c in cases),
        blind.fired,
    ]
    return Counter({promise: int(is_broken) for promise, is_broken in zip(PROMISES, broken, strict=True)})


def null_audit(seed: int) -> tuple[AuditData, np.ndarray]:
    """Members, non-members and the target's training records are three draws of one population."""
    rng = np.random.default_rng(seed)
    candidates, others = people(2 * SIDE, rng), people(SIDE, rng)
    model = build(Learner("logistic-regression"), COLUMNS, seed).fit(others.features, others.labels)
    is_member = rng.permutation(2 * SIDE) < SIDE
    nobody = Records(pd.DataFrame(), np.zeros(0, np.intp))
    return AuditData(COLUMNS, CLASSES, candidates, is_member, nobody), np.asarray(model.predict_proba(candidates.features))


def people(count: int, rng: np.random.Generator) -> Records:
    age, income = rng.integers(18, 90, count), np.round(rng.lognormal(3, 0.5, count), 3)
    town = rng.choice(["Aa", "Bee", "Cee"], count).astype(object)
    yes = rng.random(count) < 1 / (1 + np.exp(-(age - 50) / 12 - (income - 22) / 15))
    return Records(pd.DataFrame({"age": age, "income": income, "town": town}), yes.astype(np.intp))


def ignore(fraction: float) -> None:
    pass


def commit_now() -> str:
    line = ("git", "-C", str(PAGE.parent), "rev-parse", "--short=12", "HEAD")
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


def page(counted: Counter[str], runs: int, commit: str, seconds: float) -> str:
    rows = []
    for promise, rate in PROMISES.items():
        found = clopper_pearson(counted[promise], runs, 0.05)
        kept = "kept" if found.low <= rate else "**broken**"
        share = f"{found.value:.1%} ({found.low:.1%} to {found.high:.1%})"
        rows.append(f"| {promise} | {counted[promise]} of {runs} | {share} | {rate:.0%} | {kept} |")
    return HEAD.format(runs=runs, side=SIDE, shadows=SHADOWS, commit=commit, seconds=seconds) + "\n".join(rows) + "\n"


HEAD = """# Validity

Written by `make validate` at commit {commit} ({seconds:.0f} s). Faster proofs of the same kind run in every `make test`
(`tests/statistical`).

## Audits of models that never saw the members

{runs} whole membership audits (gap, loss-threshold, LiRA, RMIA with {shadows} shadow models; {side} members, {side} non-members)
of logistic models that were trained on other people of the same population. Whatever such an audit finds is a false alarm.

| false alarm | runs | share (95 % interval) | promised at most | |
|---|---|---|---|---|
"""


if __name__ == "__main__":
    main()
