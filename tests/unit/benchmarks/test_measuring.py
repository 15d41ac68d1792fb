"""The arithmetic of the benchmarks; what they measure is measured by running them."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from auditor.domain.audit import Queue, Step, StepKind, StepStatus
from benchmarks import backends, demo, steps
from benchmarks.__main__ import main

START = datetime(2026, 1, 1, tzinfo=UTC)


def step(started: float, ended: float) -> Step:
    times = (START + timedelta(seconds=started), START + timedelta(seconds=ended))
    return Step("i", "a", "w", "k", StepKind.CHOOSE, 0, Queue.TRAIN, {}, 1.0, True, StepStatus.DONE, 1, 1.0, {}, None, *times)


def test_the_span_runs_from_the_first_start_to_the_last_end() -> None:
    assert steps._span([step(2, 3), step(0, 1), step(1, 5)]) == 5.0


def test_a_link_is_the_median_time_between_starts() -> None:
    assert steps._between([step(4, 5), step(0, 1), step(1, 2), step(2, 3)]) == 1.0


def test_inside_is_the_median_duration() -> None:
    assert steps._inside([step(0, 1), step(0, 3), step(0, 9)]) == 3.0


def test_a_line_has_the_columns_of_the_header() -> None:
    line = steps.Measured("sqlite + folder", 2, 10.0, 100.0, 5.0).line()
    assert len(line) == len(steps.HEADER)
    assert line.split()[-3:] == ["10.0", "100.0", "5.0"]


def test_patience_ends() -> None:
    with pytest.raises(TimeoutError, match="logs may say why"):
        backends.patient(lambda: False, seconds=0.05)
    backends.patient(lambda: True, seconds=0.0)


def test_seconds_of_a_command() -> None:
    assert backends.seconds_of([sys.executable, "-c", "import time; time.sleep(0.2)"]) >= 0.2
    with pytest.raises(subprocess.CalledProcessError):
        backends.seconds_of([sys.executable, "-c", "raise SystemExit(3)"])


def test_the_size_of_a_folder_counts_files_once(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(b"x" * 2**20)
    (tmp_path / "b").write_bytes(b"x" * 2**19)
    (tmp_path / "link").symlink_to(tmp_path / "b")
    assert demo.size(tmp_path) == 1.5


def test_watching_sees_children_and_their_memory() -> None:
    child = "import time; x = b'x' * 40_000_000; time.sleep(1.2)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    seconds, peak, most = demo.watch([sys.executable, "-c", parent])
    assert seconds >= 1.2
    assert peak > 38
    assert most == 2


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(SystemExit, match="ended with status 3"):
        demo.watch([sys.executable, "-c", "raise SystemExit(3)"])


def test_a_process_that_has_gone_needs_no_memory() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    gone = psutil.Process(process.pid)
    process.wait()
    time.sleep(0.01)
    assert demo._memory(gone) == 0.0
    assert demo._family(process.pid) == []


def test_an_unknown_benchmark_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stpes"]) == 2
    assert "choose one of steps, scale, " in capsys.readouterr().err
