"""What takes too long for every test run: thousands of audits whose truth is known, counted against their promises.

Writes docs/validity.md, which names the commit; with --only the sections that are named.

    python -m benchmarks.validate [--runs 1000] [--only alarms coverage attributes audits small realised]
"""

import argparse
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from benchmarks.validation import attributes, audits, page, realised, small_audits
from benchmarks.validation.alarms import EXPERIMENTS
from benchmarks.validation.coverage import COVERAGES

DOC = Path(__file__).parent.parent / "docs" / "validity.md"
PARTS = ("alarms", "coverage", "attributes", "audits", "small", "realised")
CHUNK, CORES = 25, 2

Simulate = Callable[[int], Mapping[str, float]]
Tables = dict[str, str]
"""The tables of a section, by their names in the page."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS, help="count these parts again, and leave the others")
    asked = parser.parse_args(arguments)
    began, commit, tables = time.perf_counter(), commit_now(), {}
    with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as workers:
        for name in asked.only:
            started = time.perf_counter()
            tables[name] = MAKERS[name](workers, asked.runs)
            seconds = time.perf_counter() - started
            print(f"\n{name} ({seconds:.0f} s)\n\n" + "\n\n".join(tables[name].values()), flush=True)
            if set(asked.only) != set(PARTS):
                counted = f"Counted at commit {commit} ({seconds:.0f} s)."
                written(page.renewed(DOC.read_text("utf-8"), name, told(asked.runs) | tables[name], counted))
    if set(asked.only) == set(PARTS):
        texts = told(asked.runs) | {k: text for one in tables.values() for k, text in one.items()}
        written(page.page(texts, commit, time.perf_counter() - began))
    return int(any(page.BROKEN in text for one in tables.values() for text in one.values()))


def told(runs: int) -> dict[str, str]:
    """What stands around the tables."""
    gain, score = attributes.leaning_truth()
    return {
        "runs": f"{runs:,}",
        "attacks": ", ".join(audits.ATTACKS),
        "audit_shadows": str(audits.SHADOWS),
        "side": str(audits.SIDE),
        "audit_runs": f"{whole_audits(runs):,}",
        "attribute_runs": f"{whole_attacks(runs):,}",
        "knowing_runs": f"{knowing_targets(runs):,}",
        "attribute_side": str(attributes.SIDE),
        "attribute_auxiliary": str(attributes.AUXILIARY),
        "forest_side": str(attributes.FOREST_SIDE),
        "leaning_gain": f"{gain:.1%}",
        "leaning_score": f"{score:.0f}",
    }


def written(text: str) -> None:
    DOC.write_text(text, encoding="utf-8")


def summed(workers: Executor, simulate: Simulate, runs: int) -> Counter[str]:
    """What all runs add up to, by name; seeds are handed out in chunks."""
    starts = range(0, runs, CHUNK)
    chunks = workers.map(partial(_chunk, simulate), [range(s, min(runs, s + CHUNK)) for s in starts])
    return sum(chunks, Counter())


def _chunk(simulate: Simulate, seeds: Sequence[int]) -> Counter[str]:
    total: Counter[str] = Counter()
    for seed in seeds:
        for name, value in simulate(seed).items():
            total[name] += value  # type: ignore[assignment]  # shares add up like counts
    return total


def made_alarms(workers: Executor, runs: int) -> Tables:
    counted: Counter[str] = sum((summed(workers, e.simulate, runs) for e in EXPERIMENTS), Counter())
    return {"alarms": page.alarms(counted, {name: rate for e in EXPERIMENTS for name, rate in e.promised.items()}, runs)}


def made_coverage(workers: Executor, runs: int) -> Tables:
    found: Counter[str] = sum((summed(workers, c.simulate, runs) for c in COVERAGES), Counter())
    return {"coverage": page.coverage(found, {name: band for c in COVERAGES for name, band in c.promised.items()}, runs)}


def made_attributes(workers: Executor, runs: int) -> Tables:
    whole, knowing = whole_attacks(runs), knowing_targets(runs)
    return {
        "unknowing": page.alarms(summed(workers, attributes.unknowing, whole), attributes.UNKNOWING, whole),
        "knowing": page.coverage(summed(workers, attributes.knowing, knowing), attributes.KNOWING, knowing),
        "leaning": page.coverage(summed(workers, attributes.leaning, runs), attributes.LEANING, runs),
    }


def whole_attacks(runs: int) -> int:
    """Each takes as long as ten simulated ones."""
    return max(1, 3 * runs // 5)


def knowing_targets(runs: int) -> int:
    return max(1, runs // 5)


def made_audits(workers: Executor, runs: int) -> Tables:
    runs = whole_audits(runs)
    return {"audits": page.alarms(summed(workers, audits.one_audit, runs), audits.PROMISED, runs)}


def made_small(workers: Executor, runs: int) -> Tables:
    runs = whole_audits(runs)
    return {"small": page.alarms(summed(workers, small_audits.small_audits, runs), small_audits.PROMISED, runs)}


def whole_audits(runs: int) -> int:
    """Each takes as long as fifty simulated ones."""
    return max(1, 3 * runs // 10)


def made_realised(workers: Executor, runs: int) -> Tables:
    return {"realised": page.realised([one for found in workers.map(realised.measure, realised.MODELS) for one in found])}


MAKERS: Mapping[str, Callable[[Executor, int], Tables]] = {
    "alarms": made_alarms,
    "coverage": made_coverage,
    "attributes": made_attributes,
    "audits": made_audits,
    "small": made_small,
    "realised": made_realised,
}


def commit_now() -> str:
    line = ("git", "-C", str(DOC.parent), "rev-parse", "--short=12", "HEAD")
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
