"""What the Adversarial Robustness Toolbox does, run by the interpreter of its own environment: nothing of ours is imported here.

`python knockoff_attack.py IN OUT`: KnockoffNets with random sampling, of a target that is given by its answers.
"""

import importlib
import json
import logging
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np


def stolen(given: Any) -> dict[str, float]:
    """`x` (n, p) the thief's records and `said` (n, C) what the target answers about them; `judged` (m, p) and `true` (m,) the
    class it gives each. The copy is boosted trees, for the toolbox leaves the learner to its user."""
    knockoff = importlib.import_module("art.attacks.extraction").KnockoffNets
    kinds = importlib.import_module("art.estimators.classification")
    wrapped = importlib.import_module("art.estimators.classification.scikitlearn").ScikitlearnClassifier
    boosted = importlib.import_module("sklearn.ensemble").GradientBoostingClassifier
    x, said = given["x"].astype(np.float32), given["said"]
    rows = {row.tobytes(): answer for row, answer in zip(x, said, strict=True)}
    target = kinds.BlackBoxClassifier(lambda asked: np.stack([rows[row.tobytes()] for row in asked]), x.shape[1:], said.shape[1])
    copy = boosted(n_estimators=100, max_depth=6, random_state=0)
    copy.fit(x[: 2 * said.shape[1]], np.arange(2 * said.shape[1]) % said.shape[1])  # the toolbox wants a fitted one to begin with
    fit = copy.fit
    copy.fit = lambda x, y, **unused: fit(x, y)  # it hands on batch sizes and epochs, which trees do not know
    thief = wrapped(model=copy)
    budget = int(given["budget"])
    cpu, wall = time.process_time(), time.perf_counter()
    attack = knockoff(target, batch_size_fit=64, batch_size_query=1_000, nb_epochs=1, nb_stolen=budget, sampling_strategy="random")
    attack.extract(x, thieved_classifier=thief)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    agrees = copy.predict(given["judged"].astype(np.float32)) == given["true"]
    return {"fidelity": float(agrees.mean()), "cpu": cpu, "wall": wall}


def main(given: str, out: str) -> None:
    logging.disable(logging.INFO)
    warnings.simplefilter("ignore")
    np.random.seed(0)  # the toolbox draws from here
    with np.load(given, allow_pickle=False) as arrays:
        found = stolen(dict(arrays))
    Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
