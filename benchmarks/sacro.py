"""SACRO-ML beside our audits: in an environment of its own under build/, which is made when it is not there."""

import json
import os
import subprocess
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.domain.learner import Learner
from auditor.learners import check
from auditor.learners.estimators import estimator
from auditor.shadows import design, trainers
from benchmarks.shadow_costs import ONE_THREAD, SEED, Measured, apart, encoded, people
from benchmarks.shadow_quality import Found

Floats = NDArray[np.float64]
VERSION = "2.0.1"
HOME = Path(__file__).parents[1] / "build" / "sacroml"
SCRIPT = Path(__file__).with_name("sacro_attack.py")
SHADOWS = {"random-forest": 16, "xgboost": 32, "logistic-regression": 32, "mlp": 4}
SURE = 2e-7
"""What our shadows keep as 1e-7 were answers of 0, and SACRO-ML is given those."""
HEADINGS = (
    *("learner", "shadows", "CPU s a shadow, SACRO-ML", "ours", "ratio", "wall ratio", "peak MiB, SACRO-ML", "ours"),
    *("disk KiB a shadow, SACRO-ML", "ours", "AUC, SACRO-ML", "TPR at 1 %, SACRO-ML"),
)
HEAD = f"| {' | '.join(HEADINGS)} |\n{'|---' * len(HEADINGS)}|\n"


@dataclass(frozen=True)
class Missing:
    """Why SACRO-ML is not beside."""

    sentence: str


def python(home: Path = HOME) -> Path | Missing:
    """The interpreter of an environment that has SACRO-ML."""
    found = home / "bin" / "python"
    if not found.exists():
        venv.create(home, with_pip=True)
    if _version(found) != VERSION:
        line = [str(found), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"sacroml=={VERSION}"]
        subprocess.run(line, capture_output=True, check=False)
    if _version(found) != VERSION:
        return Missing(
            f"SACRO-ML {VERSION} is not beside: it could not be installed into {home}; install it there and measure again."
        )
    return found


def _version(python: Path) -> str:
    code = "from importlib.metadata import version; print(version('sacroml'))"
    found = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def scores(python: Path, found: Found) -> list[Floats]:
    """What it says of each record of each target, with the shadows that are given."""
    shadows, targets = (_unclipped(found.true(one)) for one in (found.shadows.probabilities, found.targets))
    arrays = {"shadows": shadows, "targets": targets, "masks": found.shadows.masks}
    return [np.asarray(one) for one in _asked(python, "score", arrays)]


def _unclipped(true: Floats) -> Floats:
    return np.where(true < SURE, 0.0, np.where(true > 1.0 - SURE, 1.0, true))


def attacked(python: Path, name: str, shadows: int, records: int) -> Measured:
    """Its LiRA on a target of this kind, shadows included; reading the data and fitting the target are not counted."""
    pool, learner = people(records), check(Learner(name))
    made = estimator(learner, trainers.shadow_seed(SEED, 0))
    kind = type(made)
    told = {"module": kind.__module__, "name": kind.__name__, "params": made.get_params(), "shadows": shadows}
    arrays = {
        "x": np.asarray(encoded(pool, learner)),
        "y": pool.labels,
        "half": design.halves(pool, [0], SEED)[0],
        "learner": np.array(json.dumps(told, default=float)),
    }
    return Measured(name, "sacro", shadows, **_asked(python, "whole", arrays))


def _asked(python: Path, what: str, arrays: dict[str, Any]) -> Any:
    with tempfile.TemporaryDirectory(prefix="auditor-bench-") as folder:
        given, out = Path(folder) / "given.npz", Path(folder) / "out.json"
        np.savez(given, **arrays)
        line = [str(python), "-W", "ignore", str(SCRIPT), what, str(given), str(out)]
        subprocess.run(line, env={**os.environ, **ONE_THREAD}, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        return json.loads(out.read_text())


def row(theirs: Measured, ours: Measured) -> str:
    cells = [
        theirs.learner,
        str(theirs.shadows),
        f"{theirs.cpu / theirs.shadows:.3f}",
        f"{ours.cpu / ours.shadows:.3f}",
        f"**{ours.cpu / theirs.cpu:.2f}**",
        f"{ours.wall / theirs.wall:.2f}",
        f"{theirs.peak / 2**20:.0f}",
        f"{ours.peak / 2**20:.0f}",
        f"{theirs.disk / theirs.shadows / 1024:.0f}",
        f"{ours.disk / ours.shadows / 1024:.0f}",
        f"{theirs.auc:.3f}",
        f"{theirs.tpr:.3f}",
    ]
    return "| " + " | ".join(cells) + " |\n"


def table(python: Path, records: int) -> str:
    """Both audits of each learner with as many shadows, each in a process of its own, one after the other."""
    found = HEAD
    for name, shadows in SHADOWS.items():
        line = row(attacked(python, name, shadows, records), apart(name, "audit", shadows, records))
        print(line, end="", flush=True)
        found += line
    return found
