"""What takes too long for every test run: thousands of audits whose truth is known, counted against their promises.

Writes docs/validity.md, which names the commit.

    python -m benchmarks.validate [--runs 1000] [--only alarms coverage audits realised]
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

from benchmarks.validation import audits, page, realised
from benchmarks.validation.alarms import EXPERIMENTS
from benchmarks.validation.coverage import COVERAGES

DOC = Path(__file__).parent.parent / "docs" / "validity.md"
PARTS = ("alarms", "coverage", "audits", "realised")
CHUNK, CORES = 25, 2

Simulate = Callable[[int], Mapping[str, float]]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS, help="print these parts and leave the page as it is")
    asked = parser.parse_args(arguments)
    began, commit, texts = time.perf_counter(), commit_now(), {}
    with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as workers:
        for name in asked.only:
            texts[name] = MAKERS[name](workers, asked.runs)
            print(f"\n{name} ({time.perf_counter() - began:.0f} s)\n\n{texts[name]}", flush=True)
    if set(asked.only) == set(PARTS):
        told = {"attacks": ", ".join(audits.ATTACKS), "audit_shadows": str(audits.SHADOWS), "side": str(audits.SIDE)}
        told |= {"audit_runs": f"{whole_audits(asked.runs):,}"}
        DOC.write_text(page.page(texts | told, commit, time.perf_counter() - began, asked.runs), encoding="utf-8")
    return int(any(page.BROKEN in text for text in texts.values()))


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


def made_alarms(workers: Executor, runs: int) -> str:
    counted: Counter[str] = sum((summed(workers, e.simulate, runs) for e in EXPERIMENTS), Counter())
    return page.alarms(counted, {name: rate for e in EXPERIMENTS for name, rate in e.promised.items()}, runs)


def made_coverage(workers: Executor, runs: int) -> str:
    found: Counter[str] = sum((summed(workers, c.simulate, runs) for c in COVERAGES), Counter())
    return page.coverage(found, {name: band for c in COVERAGES for name, band in c.promised.items()}, runs)


def made_audits(workers: Executor, runs: int) -> str:
    runs = whole_audits(runs)
    return page.alarms(summed(workers, audits.one_audit, runs), audits.PROMISED, runs)


def whole_audits(runs: int) -> int:
    """Each takes as long as fifty simulated ones."""
    return max(1, 3 * runs // 10)


def made_realised(workers: Executor, runs: int) -> str:
    return page.realised([one for found in workers.map(realised.measure, realised.MODELS) for one in found])


MAKERS: Mapping[str, Callable[[Executor, int], str]] = {
    "alarms": made_alarms,
    "coverage": made_coverage,
    "audits": made_audits,
    "realised": made_realised,
}


def commit_now() -> str:
    line = ("git", "-C", str(DOC.parent), "rev-parse", "--short=12", "HEAD")
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
