"""The Adversarial Robustness Toolbox beside us: in an environment of its own under build/, which is made when it is not there."""

import json
import os
import subprocess
import tempfile
import time
import venv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.stealing.ensemble_thresholds import EnsembleThresholds
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
THEIRS = "KnockoffNets"
OURS: tuple[Callable[[int], Surrogate | EnsembleThresholds], ...] = (Surrogate, EnsembleThresholds)
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
    """By budget: fidelity with its limits and CPU seconds of its KnockoffNets and of our attacks on the same target, one after the
    other. Neither's seconds hold the time that libraries take to load."""
    interpreter, made = python(), world(name, seed)
    for made_for in OURS:
        made_for(200).run(made.context())
    cells: dict[str, Any] = {}
    for budget in BUDGETS:
        theirs = _asked(interpreter, made, budget)
        cells[str(budget)] = {THEIRS: {"fidelity": made.limits(theirs["fidelity"]), "cpu": round(theirs["cpu"], 1)}}
        for attack in (made_for(budget) for made_for in OURS):
            begun = time.process_time()
            evidence = attack.run(made.context())
            cpu = time.process_time() - begun
            assert evidence.copied is not None
            cells[str(budget)][attack.name] = {"fidelity": made.limits(made.fidelity(evidence.copied)), "cpu": round(cpu, 1)}
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
    """Fidelity with limits; whether ours lie above theirs without touching; and the ratio of CPU seconds."""
    lines = [
        f"| target | queries | {THEIRS} | ours | fidelity | outside | wrong, over theirs | CPU seconds | over theirs |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        for budget, cell in one["budgets"].items():
            row = f"{one['target']} | {int(budget):,}"
            lines += [_line(row, cell[THEIRS], title, ours) for title, ours in cell.items() if title != THEIRS]
    return "\n".join(lines) + "\n"


def _line(row: str, theirs: Mapping[str, Any], title: str, ours: Mapping[str, Any]) -> str:
    is_outside = "yes" if ours["fidelity"][1] > theirs["fidelity"][2] else "no"
    wrong = (1 - ours["fidelity"][0]) / (1 - theirs["fidelity"][0])
    cpu = f"{ours['cpu']:.1f} | {ours['cpu'] / theirs['cpu']:.1f}"
    return f"| {row} | {_told(theirs)} | {title} | {_told(ours)} | {is_outside} | {wrong:.2f} | {cpu} |"


def _told(cell: Mapping[str, Any]) -> str:
    value, low, high = cell["fidelity"]
    return f"{value:.3f} ({low:.3f} to {high:.3f})"
