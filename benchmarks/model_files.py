"""Bytes of model files changed at random, thousands a format: what came of them, and that the parent always went on.

`python -m benchmarks model_files [MUTATIONS] [SECONDS]` writes model_files.json. It uses the small models of the tests.
"""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from auditor.errors import BadAnswer, InvalidInput, TargetRefused
from auditor.serving.limits import Limits
from auditor.serving.served import Served, open_model
from tests import model_files
from tests.model_files import Saved
from tests.unit.serving.test_model_fuzz import changed

MUTATIONS, SECONDS = 2000, 25.0
LIMITS = Limits(seconds=5.0)
FORMATS = {
    "xgboost-json": lambda: model_files.xgboost_file("json"),
    "xgboost-ubj": lambda: model_files.xgboost_file("ubj"),
    "lightgbm": model_files.lightgbm_file,
    "skops": model_files.skops_file,
    "onnx": model_files.onnx_file,
    "safetensors": model_files.perceptron_file,
}


def outcome(served: Served, data: bytes, saved: Saved) -> str:
    """refused: a sentence, and the process goes on. ended: a sentence, and the process is gone. answered: finite numbers."""
    try:
        served.load(data)
        numbers = served.ask(saved.frame.head(3)).numbers
    except (InvalidInput, BadAnswer, TargetRefused):
        return "refused" if served.ended is None else "ended"
    return "answered" if numbers is None or np.isfinite(numbers).all() else "nonsense"


def tried(saved: Saved, mutations: int, seconds: float) -> dict[str, Any]:
    draw, began, counts = random.Random(7), time.monotonic(), Counter[str]()
    served = open_model(saved.data, LIMITS)
    longest = 0.0
    while counts.total() < mutations and time.monotonic() - began < seconds:
        if served.ended is not None:
            served = open_model(saved.data, LIMITS)
        start = time.monotonic()
        counts[outcome(served, changed(saved.data, draw), saved)] += 1
        longest = max(longest, time.monotonic() - start)
    served.close()
    return {"mutations": counts.total(), **counts, "longest_seconds": round(longest, 2)}


def main(arguments: list[str]) -> None:
    mutations = int(arguments[0]) if arguments else MUTATIONS
    seconds = float(arguments[1]) if len(arguments) > 1 else SECONDS
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    found = {name: tried(make(), mutations, seconds) for name, make in FORMATS.items()}
    for name, counts in found.items():
        print(f"{name:14} {counts}")
    Path(__file__).with_suffix(".json").write_text(json.dumps({"commit": commit, "formats": found}, indent=2) + "\n")
    if any(counts.get("nonsense") for counts in found.values()):
        sys.exit("a changed file gave numbers that are not finite")


if __name__ == "__main__":
    main(sys.argv[1:])
