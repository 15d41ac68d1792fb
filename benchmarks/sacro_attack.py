"""What SACRO-ML does, run by the interpreter of its own environment: nothing of ours is imported here.

`python sacro_attack.py whole IN OUT` attacks a target with LiRA as its users do, shadows included, and writes seconds and bytes;
`python sacro_attack.py score IN OUT` lets it score targets with shadows that were trained elsewhere.
"""

import importlib
import json
import logging
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

MODE = "online-carlini"


def whole(given: Any) -> dict[str, float]:
    """`x` (n, p), `y` (n,), `half` (n,) of the target, and `learner`: JSON with module, name, params and shadows."""
    lira, target = (importlib.import_module(f"sacroml.attacks.{name}") for name in ("likelihood_attack", "target"))
    learner = json.loads(str(given["learner"]))
    made = getattr(importlib.import_module(learner["module"]), learner["name"])(**learner["params"])
    x, y, half = given["x"], given["y"], given["half"]
    made.fit(x[half], y[half])
    known = target.Target(model=made, X_train=x[half], y_train=y[half], X_test=x[~half], y_test=y[~half])
    with tempfile.TemporaryDirectory() as folder:
        attack = lira.LIRAAttack(output_dir=folder, write_report=False, n_shadow_models=learner["shadows"], mode=MODE)
        cpu, wall = time.process_time(), time.perf_counter()
        attack.attack(known)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        disk = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    metrics = attack.attack_metrics[0]
    found = {"auc": float(metrics["AUC"]), "tpr": float(metrics["tpr"][metrics["fpr"] <= 0.01].max())}
    return {"cpu": cpu, "wall": wall, "peak": peak, "disk": disk} | found


def score(given: Any) -> list[list[float]]:
    """`shadows` (K, n) and `targets` (T, n) probabilities of the true class, `masks` (K, n): its score of every record, (T, n)."""
    lira, utils = (importlib.import_module(f"sacroml.attacks.{name}") for name in ("likelihood_attack", "utils"))
    attack = lira.LIRAAttack(write_report=False, mode=MODE)
    sides, logits = given["masks"].T, np.array([[utils.logit(p) for p in record] for record in given["shadows"].T.tolist()])
    outside, inside = ({i: logits[i, side[i]].tolist() for i in range(len(side))} for side in (~sides, sides))
    first = np.zeros(len(sides), dtype=int)
    found = [attack._compute_scores(first, target[:, None], outside, inside)[0] for target in given["targets"]]
    return [[member for _, member in scores] for scores in found]


def main(what: str, given: str, out: str) -> None:
    logging.disable(logging.INFO)
    with np.load(given, allow_pickle=False) as arrays:
        found = {"whole": whole, "score": score}[what](dict(arrays))
    Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
