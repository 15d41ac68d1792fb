"""The demonstration from outside: seconds from start to result, peak memory of all its processes, installed size.

Memory is the sum of the proportional set sizes (shared pages are counted once) of the command and all its descendants, sampled
five times a second. `--install` also installs the project into a new virtual environment and measures its size on disk.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.backends import seconds_of

EVERY = 0.2
ROOT = Path(__file__).parent.parent
MIB = 2**20


def watch(command: list[str]) -> tuple[float, float, int]:
    """Seconds, peak MiB and the largest number of processes of a command that must succeed."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    peak, most = 0.0, 0
    while process.poll() is None:
        family = _family(process.pid)
        peak, most = max(peak, sum(map(_memory, family))), max(most, len(family))
        time.sleep(EVERY)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")
    return time.monotonic() - start, peak, most


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _memory(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / MIB
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0


def size(folder: Path) -> float:
    """MiB of the files below a folder."""
    return sum(f.lstat().st_size for f in folder.rglob("*") if f.is_file() and not f.is_symlink()) / MIB


def installed() -> str:
    with tempfile.TemporaryDirectory(prefix="auditor-bench-") as folder:
        source, place = Path(folder) / "source", Path(folder) / "venv"
        # Installing from a copy leaves no build folder in the working tree.
        subprocess.run(["git", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", str(source)], check=True)
        took = seconds_of([sys.executable, "-m", "venv", str(place)])
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        took += seconds_of([*pip, str(source)])
        return f"installed      {took:6.1f} s {size(place):7.0f} MiB on disk"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--install", action="store_true", help="also install into a new virtual environment (needs a package index)"
    )
    arguments = parser.parse_args()
    for flags in ([], ["--safe"]):
        with tempfile.TemporaryDirectory(prefix="auditor-bench-") as folder:
            output = Path(folder) / "result.json"
            line = [sys.executable, "-m", "auditor", "demo", "--home", folder, "--output", str(output), *flags]
            seconds, peak, most = watch(line)
            audit = json.loads(output.read_text())["audit"]
        name = " ".join(["demo", *flags])
        told = f"audit {audit['seconds']:.0f} s, {audit['queries']:,} queries, {audit['outcome']}"
        print(f"{name:<14} {seconds:6.1f} s {peak:7.0f} MiB in {most} processes ({told})", flush=True)
    if arguments.install:
        print(installed(), flush=True)


if __name__ == "__main__":
    main()
