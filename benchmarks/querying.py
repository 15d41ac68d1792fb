"""Rows a second through `QueryClient`, protocol by protocol, beside the plainest fast loop there is.

The server is a process of its own that reads a request and sends an answer which it made beforehand: nothing is faster, so that all
that is measured is the client. A delay stands for a model that takes time. The plain loop keeps one urllib3 connection, writes the
same bodies by hand with the standard library and reads the same answers into an array; it has no ledger, budget, rate, guard,
retries or checks. The two take turns in one process.

    python -m benchmarks.querying [--rows 10240] [--repeats 5] [--only mlflow ...] [--write]
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import urllib3

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Output, Profile
from auditor.querying import Guard, MemoryLedger, QueryClient, http_transport
from benchmarks.canned import serve
from benchmarks.spoken import SPOKEN, Spoken

PAGE = Path(__file__).parent.parent / "docs" / "protocols.md"
BEGIN, END = "<!-- what the client costs -->\n", "<!-- end of what the client costs -->\n"
NUMBERS, TEXTS = 6, 7
CLASSES = ("no", "yes")
COLUMNS = tuple(
    [Column(f"n{i}", ColumnType.NUMBER) for i in range(NUMBERS)] + [Column(f"s{i}", ColumnType.STRING) for i in range(TEXTS)]
)
SIZES, DELAYS = (64, 256, 512), (0.0, 0.01)
SINGLE = 20
"""A protocol with room for one record a request is asked for this fraction of the records."""


def records(n: int) -> pd.DataFrame:
    """Thirteen columns, as in the census records of the demo."""
    rng = np.random.default_rng(0)
    numbers = {f"n{i}": np.round(rng.random(n) * 100, 3) for i in range(NUMBERS)}
    texts = {f"s{i}": pd.Series(rng.choice(["Private", "Self-emp", "State-gov"], n).tolist(), dtype=object) for i in range(TEXTS)}
    return pd.DataFrame(numbers | texts)


@contextmanager
def served(spoken: Spoken, size: int, delay: float) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.querying", "--serve", spoken.name, str(size), str(delay)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}{spoken.path}"
        process.stdin.close()


def plain(spoken: Spoken, url: str, frame: pd.DataFrame, size: int) -> int:
    """One connection, one batch after the other."""
    pool = urllib3.PoolManager(maxsize=1)
    headers = {"Content-Type": spoken.content_type}
    url, rows = url.partition("#")[0], 0
    for start in range(0, len(frame), size):
        part = frame.iloc[start : start + size]
        answer = pool.request("POST", url, body=spoken.write(part), headers=headers)
        rows += len(spoken.read(answer.data))
    return rows


def through_client(spoken: Spoken, url: str, frame: pd.DataFrame, size: int) -> int:
    transport = http_transport(spoken.target(url, CLASSES), COLUMNS, None, Guard(allow_loopback=True))
    profile = Profile(Output.PROBABILITIES, CLASSES, batch_size=size)
    return len(QueryClient(transport, MemoryLedger(), profile)(frame))


@dataclass(frozen=True)
class Speed:
    """Rows a second on the clock, and microseconds of this process's CPU a row (which a busy machine disturbs less)."""

    rows: float
    cpu: float


def measure(
    ask: Callable[[Spoken, str, pd.DataFrame, int], int], spoken: Spoken, url: str, frame: pd.DataFrame, size: int
) -> Speed:
    start, work = time.perf_counter(), time.process_time()
    rows = ask(spoken, url, frame, size)
    return Speed(rows / (time.perf_counter() - start), 1e6 * (time.process_time() - work) / rows)


def compare(spoken: Spoken, url: str, frame: pd.DataFrame, size: int, repeats: int) -> tuple[Speed, Speed]:
    """The best of each; they take turns, so that both meet the same machine."""
    turns = [(measure(plain, spoken, url, frame, size), measure(through_client, spoken, url, frame, size)) for _ in range(repeats)]
    loop, client = (Speed(max(t[i].rows for t in turns), min(t[i].cpu for t in turns)) for i in (0, 1))
    return loop, client


def lines(spoken: Spoken, frame: pd.DataFrame, repeats: int) -> Iterator[str]:
    sizes = (1,) if spoken.is_single else SIZES
    part = frame.head(len(frame) // SINGLE) if spoken.is_single else frame
    for delay in DELAYS:
        for size in sizes:
            with served(spoken, size, delay) as url:
                plain(spoken, url, part.head(2 * size), size)
                loop, client = compare(spoken, url, part, size, repeats)
            told = "at once" if not delay else f"after {delay * 1000:.0f} ms"
            yield (
                f"| `{spoken.name}` | {size} | {told} | {loop.rows:,.0f} | {client.rows:,.0f} | {client.rows / loop.rows:.2f}"
                f" | {loop.cpu:.1f} | {client.cpu:.1f} | {loop.cpu / client.cpu:.2f} |"
            )


HEADINGS = (
    *("form", "batch", "answers", "plain loop, rows/s", "client, rows/s", "ratio"),
    *("plain loop, us/row", "client, us/row", "ratio of CPU"),
)


def write(table: list[str]) -> None:
    """Replaces the table of docs/protocols.md, with the commit and what else the machine was doing."""
    commit = subprocess.run(
        ("git", "-C", str(PAGE.parent), "rev-parse", "--short=12", "HEAD"), capture_output=True, text=True, check=True
    ).stdout.strip()
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    told = f"At commit {commit}, {os.cpu_count()} cores, load average {os.getloadavg()[1]:.1f} while it ran.\n\n"
    PAGE.write_text(before + BEGIN + told + "\n".join(table) + "\n" + END + rest.split(END)[1], encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_240, help="a multiple of 512: every answer is made beforehand")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=tuple(SPOKEN), default=tuple(SPOKEN), help="forms; default: all")
    parser.add_argument("--write", action="store_true", help="write the table of docs/protocols.md")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        name, size, delay = options.serve
        serve(SPOKEN[name].answer(int(size)), float(delay))
        return
    table = [f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
    print("\n".join(table), flush=True)
    frame = records(options.rows - options.rows % max(SIZES))
    for name in options.only:
        for line in lines(SPOKEN[name], frame, options.repeats):
            print(line, flush=True)
            table.append(line)
    if options.write:
        write(table)


if __name__ == "__main__":
    main()
