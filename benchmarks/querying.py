"""Rows a second through `QueryClient` against a local model server, beside the plainest fast loop there is.

The server is a process of its own. The plain loop keeps one urllib3 connection, writes the same bodies with `json` and reads the
same answers; it has no ledger, budget, rate, guard, retries or checks. A delay in the server stands for a model that takes time.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd
import urllib3

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Output, Profile, Target
from auditor.querying import Guard, MemoryLedger, QueryClient, http_transport
from auditor.testing.servers import Fault, ModelServer, Script

NUMBERS, TEXTS = 6, 7
CLASSES = ("no", "yes")
COLUMNS = tuple(
    [Column(f"n{i}", ColumnType.NUMBER) for i in range(NUMBERS)] + [Column(f"s{i}", ColumnType.STRING) for i in range(TEXTS)]
)


def records(n: int) -> pd.DataFrame:
    """Thirteen columns, as in the census records of the demo."""
    rng = np.random.default_rng(0)
    numbers = {f"n{i}": np.round(rng.random(n) * 100, 3) for i in range(NUMBERS)}
    texts = {f"s{i}": pd.Series(rng.choice(["Private", "Self-emp", "State-gov"], n).tolist(), dtype=object) for i in range(TEXTS)}
    return pd.DataFrame(numbers | texts)


def predict(frame: pd.DataFrame) -> np.ndarray:
    p = frame["n0"].to_numpy(dtype=float) / 100
    return np.column_stack([1 - p, p])


def serve(delay: float) -> None:
    """Until the other side closes our input."""
    with ModelServer(predict, Script(always=Fault(delay=delay) if delay else None)) as server:
        print(server.open_inference, flush=True)
        sys.stdin.read()


@contextmanager
def served(delay: float) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.querying", "--serve", str(delay)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def plain(url: str, frame: pd.DataFrame, size: int) -> int:
    """One connection, one batch after the other."""
    pool = urllib3.PoolManager(maxsize=1)
    rows = 0
    for start in range(0, len(frame), size):
        part = frame.iloc[start : start + size]
        shape = [len(part), 1]
        inputs = [
            {"name": c, "shape": shape, "datatype": "FP64" if c[0] == "n" else "BYTES", "data": part[c].tolist()}
            for c in part.columns
        ]
        body = json.dumps({"inputs": inputs}).encode()
        answer = pool.request("POST", url, body=body, headers={"Content-Type": "application/json"})
        output = json.loads(answer.data)["outputs"][0]
        rows += len(np.array(output["data"]).reshape(output["shape"]))
    return rows


def through_client(url: str, frame: pd.DataFrame, size: int) -> int:
    transport = http_transport(Target(url), COLUMNS, None, Guard(allow_loopback=True))
    profile = Profile(Output.PROBABILITIES, CLASSES, batch_size=size)
    return len(QueryClient(transport, MemoryLedger(), profile)(frame))


@dataclass(frozen=True)
class Speed:
    """Rows a second on the clock, and microseconds of this process's CPU a row (which a busy machine disturbs less)."""

    rows: float
    cpu: float


def measure(ask: Callable[[str, pd.DataFrame, int], int], url: str, frame: pd.DataFrame, size: int) -> Speed:
    start, work = time.perf_counter(), time.process_time()
    rows = ask(url, frame, size)
    return Speed(rows / (time.perf_counter() - start), 1e6 * (time.process_time() - work) / rows)


def compare(url: str, frame: pd.DataFrame, size: int, repeats: int) -> str:
    """The two take turns, so that both meet the same machine."""
    turns = [(measure(plain, url, frame, size), measure(through_client, url, frame, size)) for _ in range(repeats)]
    loop, client = (max(turn[i].rows for turn in turns) for i in (0, 1))
    loop_cpu, client_cpu = (min(turn[i].cpu for turn in turns) for i in (0, 1))
    return f"{loop:>12,.0f} {client:>12,.0f} {client / loop:>7.2f} {loop_cpu:>10.1f} {client_cpu:>12.1f}"


HEADER = f"{'batch':>6} {'server':>8} {'plain rows/s':>12} {'client':>12} {'ratio':>7} {'plain us':>10} {'client us':>12}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--serve", type=float, metavar="DELAY", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        serve(options.serve)
        return
    frame = records(options.rows)
    print(HEADER)
    for delay in (0.0, 0.01):
        with served(delay) as url:
            plain(url, frame.head(512), 64)
            for size in (64, 256, 512):
                print(f"{size:>6} {f'+{delay * 1000:.0f} ms':>8} {compare(url, frame, size, options.repeats)}")


if __name__ == "__main__":
    main()
