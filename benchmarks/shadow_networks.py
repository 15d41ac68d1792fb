"""Neural shadows three ways on the same halves, one after the other in one process: scikit-learn's own fits, the trainer of the
processor, and that of PyTorch on a device; seconds, and what LiRA finds in each.

`--device cuda` where there is one; `cpu` shows that the trainers agree, not what a device gains. Writes shadow_networks.json.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from auditor.attacks import registry
from auditor.demo import adult
from auditor.domain.attack import Context
from auditor.domain.data import Records
from auditor.domain.learner import Learner
from auditor.domain.target import Output, Profile
from auditor.errors import InvalidInput
from auditor.learners import check
from auditor.learners.encode import prepare
from auditor.learners.estimators import single_threaded
from auditor.shadows import design, trainers
from auditor.shadows import pool as shadow_pool
from auditor.shadows.trainers import loop, network, torch_network
from auditor.shadows.trainers.job import Job
from benchmarks.shadow_costs import SEED, columns, people, rates
from benchmarks.validate import commit_now

RESULTS = Path(__file__).parent / "shadow_networks.json"
PROFILE = Profile(Output.PROBABILITIES, adult.CLASSES)
WARM_UP = 400


@dataclass(frozen=True)
class Found:
    """Seconds of all shadows, and over those that played the target: mean and standard error of AUC and of TPR at 1 % FPR."""

    cpu: float
    wall: float
    auc: float
    auc_error: float
    tpr: float
    tpr_error: float


def measure(device: str, shadows: int, records: int, targets: int) -> dict[str, object]:
    trainers.device.require(device)
    single_threaded()
    pool = people(records)
    work = Job(check(Learner("mlp")), columns(), pool, len(adult.CLASSES), tuple(range(shadows)), SEED, _ignore)
    ways = {"scikit-learn": (loop.train, work), "numpy": (network.train, work)}
    found = {}
    for name, (train, job) in (ways | {"pytorch": (torch_network.train, replace(work, device=device))}).items():
        warm = replace(job, pool=pool.take(np.arange(WARM_UP)), indices=(0,))
        train(warm, prepare(warm.pool.features, warm.columns))  # libraries are loaded, and the device awake
        found[name] = asdict(_measured(train, job, targets))
        print(name, found[name], flush=True)
    sizes = {"records": records, "shadows": shadows, "targets": targets}
    return sizes | {"commit": commit_now(), "device": _named(device), "ways": found}


def _measured(train: Callable[..., NDArray[np.float32]], job: Job, targets: int) -> Found:
    cpu, wall = time.process_time(), time.perf_counter()
    log_odds = train(job, prepare(job.pool.features, job.columns))
    spent = time.process_time() - cpu, time.perf_counter() - wall
    masks = design.halves(job.pool, job.indices, job.seed)
    rows = np.array([_lira(log_odds, masks, job.pool, 2 * k) for k in range(targets)])
    means, errors = rows.mean(axis=0), rows.std(axis=0, ddof=1) / np.sqrt(targets)
    return Found(*spent, *(float(round(value, 4)) for pair in zip(means, errors, strict=True) for value in pair))


def _lira(log_odds: NDArray[np.float32], masks: NDArray[np.bool_], pool: Records, target: int) -> tuple[float, float]:
    """AUC and TPR at 1 % FPR against a shadow that plays the target; its partner, which would give it away, is left out."""
    others = np.arange(len(masks)) // 2 != target // 2
    shadows = shadow_pool.outputs(log_odds[others], masks[others], PROFILE)
    answers = shadow_pool.outputs(log_odds[[target]], masks[[target]], PROFILE).probabilities[0]
    evidence = registry.make("lira", {}).run(Context(0, PROFILE, columns(), lambda frame: answers, _ignore, pool, shadows))
    return rates(evidence.target, masks[target])


def _named(device: str) -> str:
    import torch

    return torch.cuda.get_device_name() if device == trainers.CUDA else f"{platform.machine()} processor, one thread"


def _ignore(fraction: float) -> None:
    pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=(trainers.CPU, trainers.CUDA), default=trainers.CPU)
    parser.add_argument("--shadows", type=int, default=32)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--targets", type=int, default=8)
    options = parser.parse_args()
    try:
        found = measure(options.device, options.shadows, options.records, options.targets)
    except InvalidInput as missing:
        raise SystemExit(missing.sentence) from None
    RESULTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
