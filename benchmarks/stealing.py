"""What does a copy of a model cost? Writes benchmarks/stealing.json and docs/attacks/stealing.md.

A part is written as soon as it is measured, with the commit that measured it, and is not measured again unless it is named.
"""

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from auditor.attacks.stealing.surrogate import STRATEGIES
from benchmarks import knockoff, stealing_curves, stealing_equations

HERE = Path(__file__).parent
WRITTEN = HERE / "stealing.json"
PAGE = HERE.parent / "docs" / "attacks" / "stealing.md"
SEEDS = (1, 2)
XGBOOST, FOREST = "xgboost, 100 x depth 6", "random forest"

Part = Mapping[str, Any]

PARTS: dict[str, Callable[[], Any]] = {
    "equations": stealing_equations.rows,
    **{f"curve: {name}": lambda name=name: stealing_curves.curve(name, SEEDS) for name in (XGBOOST, FOREST)},  # type: ignore[misc]
    **{
        f"curve: {name}": lambda name=name: stealing_curves.curve(name, SEEDS[:1])  # type: ignore[misc]
        for name in ("logistic regression", "mlp 64", "svm, rbf")
    },
    **{f"art: {name}": lambda name=name: knockoff.beside(name, SEEDS[0]) for name in (XGBOOST, FOREST)},  # type: ignore[misc]
    "strategies": lambda: stealing_curves.strategies(XGBOOST, 1_000, 1, tuple(STRATEGIES)),
    "channels": lambda: stealing_curves.channels(XGBOOST, 2_000, 1),
    "consequences: xgboost": lambda: stealing_curves.consequences(XGBOOST, 2_000, 1),
}

HEAD = """# What a copy costs

`python -m benchmarks stealing` writes this page and [stealing.json](../../benchmarks/stealing.json). Targets are trained on 5,000
records of UCI Adult, thieves hold 10,000 others, fidelity is the share of 6,000 further records on which copy and target give the
same class: chance leaves about .006 either way at a fidelity of .94. Several figures in a cell are several targets. Seconds
are by the wall clock, under the load that stands at the end.
"""
RIVALS = """
### Beside KnockoffNets of the Adversarial Robustness Toolbox

The same targets, records and budgets in one run: records at random, and 100 boosted trees of depth 6 as the copy, which the toolbox
leaves to its user and trains on labels. Fidelity with 95 % Clopper-Pearson limits; *outside*: ours lie above theirs without
touching them; *wrong*: answers on which copy and target differ, of which less than 1 is in our favour. CPU seconds are without
those that libraries take to load, and ours hold the judging of the copies.

"""
NO_RIVAL = """
KnockoffNets of the Adversarial Robustness Toolbox was not run beside it, so nothing is claimed about it.
"""


def page(found: Mapping[str, Any]) -> str:
    parts = [HEAD, "## Linear models: [equation-solving](equation-solving.md)\n", _equations(found.get("equations"))]
    parts += ["\n## Learned copies: [surrogate](surrogate.md)\n", _curves(found), _rivals(found)]
    parts += [
        "\n## Strategies\n",
        _cells(found.get("strategies")),
        "\n## Where the endpoint answers less\n",
        _cells(found.get("channels")),
    ]
    parts += ["\n## What the copy is worth against members\n", _consequences(found)]
    parts += ["\n## Trees\n", _trees(found.get("trees")), "\n## Measured at\n", _where(found)]
    return "\n".join(parts)


def _equations(part: Part | None) -> str:
    return "Not measured.\n" if part is None else stealing_equations.table(part["found"]) + "\n"


def _curves(found: Mapping[str, Any]) -> str:
    """By budget: the attack, and beside it the target's own learner on labels of natural records."""
    lines = ["| target | queries | fidelity of the copy | plain refit | without asking | seconds |", "|---|---|---|---|---|---|"]
    for key, part in found.items():
        if not key.startswith("curve: "):
            continue
        curve = part["found"]
        for budget, cell in curve["budgets"].items():
            shares = [_listed(values) for values in (cell["attack"], cell["refit"], curve["no_query"])]
            seconds = ", ".join(f"{s:.0f}" for s in cell["seconds"])
            lines.append(f"| {' | '.join([curve['target'], f'{int(budget):,}', *shares, seconds])} |")
    return "\n".join(lines) + "\n"


def _rivals(found: Mapping[str, Any]) -> str:
    beside = [part["found"] for key, part in found.items() if key.startswith("art: ")]
    return RIVALS + knockoff.table(beside) if beside else NO_RIVAL


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def _cells(part: Part | None) -> str:
    if part is None:
        return "Not measured.\n"
    found = part["found"]
    lines = [f"{found['target']}, {found['budget']:,} queries, one run each.\n", "| | fidelity |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {value:.3f} |" for name, value in found["fidelity"].items())]) + "\n"


def _consequences(found: Mapping[str, Any]) -> str:
    lines = ["| target | queries | AUC by the loss of the copy, offline | AUC by the loss of the target |", "|---|---|---|---|"]
    for key, part in found.items():
        if key.startswith("consequences"):
            cells = [f"{v:.3f} ({low:.3f} to {high:.3f})" for low, v, high in (part["found"]["stolen"], part["found"]["direct"])]
            lines.append(f"| {part['found']['target']} | {part['found']['budget']:,} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _trees(part: Part | None) -> str:
    if part is None:
        return "See [path-finding](path-finding.md) and [ensemble-thresholds](ensemble-thresholds.md).\n"
    return str(part["found"]) + "\n"


def _where(found: Mapping[str, Any]) -> str:
    return (
        "\n".join(f"- {name}: commit {part['commit']}, {part['machine']}, load {part['load']}" for name, part in found.items())
        + "\n"
    )


def _tree_parts() -> dict[str, Callable[[], Any]]:
    """The tables of trees, where that benchmark is there: a module with `page() -> str` in Markdown."""
    try:
        trees = importlib.import_module("benchmarks.stealing_trees")
    except ModuleNotFoundError:
        return {}
    return {"trees": trees.page} if hasattr(trees, "page") else {}


def measured(measure: Callable[[], Any]) -> dict[str, Any]:
    found = measure()
    told = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, cwd=HERE, check=False)
    machine = f"{os.cpu_count()} x {platform.machine()}"
    return {"found": found, "commit": told.stdout.strip(), "machine": machine, "load": round(os.getloadavg()[0], 1)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parts = PARTS | _tree_parts()
    parser.add_argument("parts", nargs="*", help=f"default: all that are not in the file; of {'; '.join(parts)}")
    options = parser.parse_args()
    written: dict[str, Any] = json.loads(WRITTEN.read_text()) if WRITTEN.is_file() else {}
    if unknown := [name for name in options.parts if name not in parts]:
        print(f"there is no part {unknown[0]!r}; choose of {'; '.join(parts)}", file=sys.stderr)
        return 2
    for name in options.parts or [name for name in parts if name not in written]:
        try:
            written[name] = measured(parts[name])
        except FileNotFoundError as missing:
            print(f"{name}: not measured; {missing}", file=sys.stderr)
            continue
        WRITTEN.write_text(json.dumps({key: written[key] for key in parts if key in written}, indent=1) + "\n")
    PAGE.write_text(page({key: written[key] for key in parts if key in written}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
