"""What shadow models cost: our trainers beside bare fits of the same learners on the same halves, each in a process of its own.

Bare means what anybody would write: the records encoded once for all, then fit on the half and predict_proba on everybody, one
after the other. CPU and wall seconds count from there (the encoding of the bare fits is given to them), peak memory is that of the
process, disk what the answers take as an artifact. AUC and TPR are those of the log-ratio of each shadow that plays the target,
found with all others but its partner. One thread; Adult as it ships with the demonstration.
"""

import functools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from auditor.attacks import registry
from auditor.demo import adult
from auditor.domain.attack import Context
from auditor.domain.data import Column, Records
from auditor.domain.learner import Learner, Task
from auditor.domain.target import Output, Profile
from auditor.learners import check
from auditor.learners.encode import Encoding, prepare
from auditor.learners.estimators import estimator, numbers_of, quiet
from auditor.shadows import design, trainers
from auditor.shadows import pool as shadow_pool
from auditor.store.npz import packed

SEED = 7
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
WARM_UP = 400
SHADOWS = {
    "logistic-regression": 64,
    "xgboost": 32,
    "random-forest": 16,
    "mlp": 4,
    "extra-trees": 8,
    "decision-tree": 32,
    "gradient-boosting": 4,
    "hist-gradient-boosting": 8,
    "k-nearest-neighbours": 4,
    "naive-bayes": 32,
}


@dataclass(frozen=True)
class Measured:
    """Seconds and bytes of one way of training `shadows` shadows, and what can be told from their answers."""

    learner: str
    way: str
    shadows: int
    cpu: float
    wall: float
    peak: int
    disk: int
    auc: float
    tpr: float


def measure(name: str, way: str, shadows: int, records: int) -> Measured:
    pool, learner = people(records), check(Learner(name))
    masks = design.halves(pool, range(shadows), SEED)
    train = {"bare": _bare, "ours": _ours, "audit": _audit}[way]
    train(pool.take(np.arange(WARM_UP)), learner, masks[:2, :WARM_UP])  # libraries are imported by now
    before, start = time.process_time(), time.perf_counter()
    log_odds, spared = train(pool, learner, masks)
    cpu, wall = time.process_time() - before - spared, time.perf_counter() - start - spared
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    disk = sum(len(packed(shadow_pool.kept(one, Task.CLASSIFICATION))) for one in log_odds)
    return Measured(name, way, shadows, cpu, wall, peak, disk, *_found(log_odds, masks, pool.labels))


@functools.cache
def columns() -> tuple[Column, ...]:
    return adult.columns()


def people(records: int) -> Records:
    frame = adult.load().drop_duplicates().sample(records, random_state=SEED).reset_index(drop=True)
    return Records(frame.drop(columns=adult.LABEL), adult.labels(frame))


def _ours(pool: Records, learner: Learner, masks: NDArray[np.bool_]) -> tuple[NDArray[np.float32], float]:
    indices = range(len(masks))
    return trainers.train(learner, columns(), pool, len(adult.CLASSES), indices, SEED, lambda fraction: None), 0.0


def _audit(pool: Records, learner: Learner, masks: NDArray[np.bool_]) -> tuple[NDArray[np.float32], float]:
    """Training, and LiRA against the first shadow as if it were the target."""
    log_odds = _ours(pool, learner, masks)[0]
    profile = Profile(Output.PROBABILITIES, adult.CLASSES)
    shadows = shadow_pool.outputs(log_odds, masks, profile)
    answers = shadows.probabilities[0]
    nothing = Context(0, profile, columns(), lambda frame: answers, lambda fraction: None, pool, shadows)
    registry.make("lira", {}).run(nothing)
    return log_odds, 0.0


def _bare(pool: Records, learner: Learner, masks: NDArray[np.bool_]) -> tuple[NDArray[np.float32], float]:
    """The seconds of the encoding come back beside the answers: they are not counted."""
    start = time.process_time()
    matrix = encoded(pool, learner)
    encoding = time.process_time() - start
    answers = np.empty((len(masks), len(pool), len(adult.CLASSES)), dtype=np.float32)
    with quiet():
        for k, half in enumerate(masks):
            fitted = estimator(learner, trainers.shadow_seed(SEED, k)).fit(matrix[half], pool.labels[half])
            answers[k] = trainers.log_odds(fitted.predict_proba(matrix))
    return answers, encoding


def encoded(pool: Records, learner: Learner) -> NDArray[np.generic]:
    """(n, p) all records as one matrix for this learner."""
    table = prepare(pool.features, columns())
    return np.asarray(Encoding.fit(table, numbers_of(learner)).apply(table))


def _found(log_odds: NDArray[np.float32], masks: NDArray[np.bool_], labels: NDArray[np.intp]) -> tuple[float, float]:
    """Mean AUC and TPR at 1 % FPR of up to 8 shadows that play the target, each found by the log-ratio with the others but its
    partner."""
    true = -np.logaddexp(0.0, -log_odds[:, np.arange(len(labels)), labels].astype(np.float64))
    found = []
    for k in range(0, min(len(masks), 16), 2):
        others = np.arange(len(masks)) // 2 != k // 2
        if others.any():
            scores = true[k] - np.log(np.exp(true[others]).mean(axis=0))
            found.append(rates(scores, masks[k]))
    auc, tpr = np.mean(found, axis=0)
    return float(auc), float(tpr)


def rates(scores: NDArray[np.float64], is_member: NDArray[np.bool_]) -> tuple[float, float]:
    inside, outside = scores[is_member], np.sort(scores[~is_member])
    below = (np.searchsorted(outside, inside, "left") + np.searchsorted(outside, inside, "right")) / 2
    cut = outside[-1 - int(0.01 * len(outside))]
    return float(below.mean() / len(outside)), float((inside > cut).mean())


def apart(name: str, way: str, shadows: int, records: int) -> Measured:
    """The measurement in a process of its own, so that its memory is its own."""
    with tempfile.TemporaryDirectory(prefix="auditor-bench-") as folder:
        out = Path(folder) / "measured.json"
        options = ["--one", f"{name}:{way}:{shadows}", "--records", str(records), "--out", str(out)]
        subprocess.run([sys.executable, "-m", "benchmarks.shadows", *options], env={**os.environ, **ONE_THREAD}, check=True)
        return Measured(**json.loads(out.read_text()))


HEADINGS = (
    *("learner", "shadows", "CPU s a shadow, bare", "ours", "ratio", "wall ratio", "peak MiB, bare", "ours", "disk KiB a shadow"),
    *("AUC, bare", "ours", "TPR at 1 %, bare", "ours"),
)
HEAD = f"| {' | '.join(HEADINGS)} |\n{'|---' * len(HEADINGS)}|\n"


def row(bare: Measured, ours: Measured) -> str:
    cells: list[object] = [
        bare.learner,
        bare.shadows,
        f"{bare.cpu / bare.shadows:.3f}",
        f"{ours.cpu / ours.shadows:.3f}",
        f"**{ours.cpu / bare.cpu:.2f}**",
        f"{ours.wall / bare.wall:.2f}",
        f"{bare.peak / 2**20:.0f}",
        f"{ours.peak / 2**20:.0f}",
        f"{ours.disk / ours.shadows / 1024:.0f}",
        f"{bare.auc:.3f}",
        f"{ours.auc:.3f}",
        f"{bare.tpr:.3f}",
        f"{ours.tpr:.3f}",
    ]
    return "| " + " | ".join(map(str, cells)) + " |\n"
