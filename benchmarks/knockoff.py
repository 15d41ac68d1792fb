"""The Adversarial Robustness Toolbox beside us: in an environment of its own under build/, which is made when it is not there."""

import json
import os
import subprocess
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.stealing.surrogate import Surrogate
from auditor.demo import adult
from auditor.domain.data import Records
from auditor.learners.encode import Encoding, Numbers, prepare
from benchmarks.stealing_curves import BUDGETS, World, world

Floats = NDArray[np.float64]
PACKAGE, VERSION = "adversarial-robustness-toolbox", "1.20.1"
UNDECLARED = ("packaging",)  # what it imports and does not name
HOME = Path(__file__).parents[1] / "build" / "art"
SCRIPT = Path(__file__).with_name("knockoff_attack.py")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def python(home: Path = HOME) -> Path:
    """The interpreter of an environment that has it. Raises FileNotFoundError where it cannot be installed."""
    found = home / "bin" / "python"
    if not found.exists():
        venv.create(home, with_pip=True)
    if _version(found) != VERSION:
        line = [str(found), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{PACKAGE}=={VERSION}", *UNDECLARED]
        subprocess.run(line, capture_output=True, check=False)
    if _version(found) != VERSION:
        raise FileNotFoundError(f"{PACKAGE} {VERSION} could not be installed into {home}; install it there and measure again")
    return found


def _version(python: Path) -> str:
    code = f"from importlib.metadata import version; print(version('{PACKAGE}'))"
    return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False).stdout.strip()


def beside(name: str, seed: int) -> dict[str, Any]:
    """By budget: fidelity and CPU seconds of its KnockoffNets and of our default attack on the same target, one after the other."""
    interpreter, made = python(), world(name, seed)
    cells = {}
    for budget in BUDGETS:
        theirs = _asked(interpreter, made, budget)
        begun = time.process_time()
        evidence = Surrogate(budget).run(made.context())
        cpu = time.process_time() - begun
        assert evidence.copied is not None
        ours = made.fidelity(evidence.copied)
        cells[str(budget)] = {
            "fidelity": [round(theirs["fidelity"], 4), round(ours, 4)],
            "cpu": [round(theirs["cpu"], 1), round(cpu, 1)],
        }
        print(name, budget, cells[str(budget)], flush=True)
    return {"target": name, "version": VERSION, "budgets": cells}


def _asked(interpreter: Path, made: World, budget: int) -> dict[str, float]:
    encoding = Encoding.fit(prepare(made.auxiliary.features, adult.columns()), Numbers.NATIVE)
    matrices = [np.nan_to_num(_matrix(encoding, part), nan=-1.0) for part in (made.auxiliary, made.judged)]
    arrays = {
        "x": matrices[0],
        "said": made.query(made.auxiliary.features),
        "judged": matrices[1],
        "true": made.query(made.judged.features).argmax(axis=1),
        "budget": np.array(budget),
    }
    with tempfile.TemporaryDirectory(prefix="auditor-bench-") as folder:
        given, out = Path(folder) / "given.npz", Path(folder) / "out.json"
        np.savez(given, **arrays)
        line = [str(interpreter), "-W", "ignore", str(SCRIPT), str(given), str(out)]
        subprocess.run(line, env={**os.environ, **ONE_THREAD}, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        found: dict[str, float] = json.loads(out.read_text())
    return found


def _matrix(encoding: Encoding, records: Records) -> Floats:
    return np.asarray(encoding.apply(prepare(records.features, adult.columns())), dtype=np.float64)


def table(found: list[dict[str, Any]]) -> str:
    lines = [
        "| target | queries | fidelity, KnockoffNets | ours | wrong answers, ours over theirs | CPU seconds, ours over theirs |",
        "|---|---|---|---|---|---|",
    ]
    for one in found:
        for budget, cell in one["budgets"].items():
            (theirs, ours), (before, after) = cell["fidelity"], cell["cpu"]
            ratios = f"{(1 - ours) / (1 - theirs):.2f} | {after / before:.2f}"
            lines.append(f"| {one['target']} | {int(budget):,} | {theirs:.3f} | {ours:.3f} | {ratios} |")
    return "\n".join(lines) + "\n"
