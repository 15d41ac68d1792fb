"""The demonstration, as a newcomer runs it: the product's first promise."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from auditor.cli.schema import result_schema

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 180
STANDARD = ["attribute", "calibrated-correctness", "gap", "lira", "loss-threshold", "rmia", "stacked", "surrogate"]


def run_demo(folder, *arguments):
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "140"}
    line = [sys.executable, "-m", "auditor", "demo", *arguments]
    started = time.monotonic()
    done = subprocess.run(line, cwd=folder, env=environ, capture_output=True, text=True, timeout=400, check=False)
    return done, time.monotonic() - started


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def leaky(folder):
    done, seconds = run_demo(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads((folder / "demo-output" / "result.json").read_text()), seconds


@pytest.fixture(scope="module")
def safe(folder, leaky):
    done, seconds = run_demo(folder, "--safe", "--output", str(folder / "safe.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads((folder / "safe.json").read_text()), seconds


def finding(result, attack):
    (found,) = [f for f in result["findings"] if f["attack"] == attack]
    return found


@pytest.mark.parametrize("which", ["leaky", "safe"])
class TestBoth:
    def test_the_result_is_what_the_schema_says(self, which, request):
        jsonschema.validate(request.getfixturevalue(which)[1], result_schema())

    def test_all_attacks_of_the_tier_ran(self, which, request):
        _, result, _ = request.getfixturevalue(which)
        assert sorted(f["attack"] for f in result["findings"]) == STANDARD
        assert result["not_run"] == []

    def test_the_data_are_told(self, which, request):
        data = request.getfixturevalue(which)[1]["data"]
        sides = {"leaky": (5_000, 6_000), "safe": (10_000, 10_000)}[which]
        assert (data["members"], data["non_members"], data["auxiliary"]) == (*sides, 10_000)
        assert data["blind_baseline"]["passed"] is True

    def test_the_controls_that_gate_passed_for_what_decides(self, which, request):
        for found in request.getfixturevalue(which)[1]["findings"]:
            if found["outcome"] in ("breach", "pass"):
                assert all(control["passed"] is not False for control in found["controls"].values()), found["attack"]

    def test_it_is_done_in_time(self, which, request):
        assert request.getfixturevalue(which)[2] < LIMIT_SECONDS

    def test_the_table_names_each_attack_and_its_baseline(self, which, request):
        out = request.getfixturevalue(which)[0]
        for word in (*STANDARD, "by guessing", "by imputation", "without queries", "A success shows"):
            assert word in out

    def test_it_says_how_to_open_the_dashboard(self, which, request):
        out = request.getfixturevalue(which)[0]
        assert re.search(r"auditor up --home \S+demo-output", out)
        assert re.search(r"sign in with pat_\w+", out)


def test_the_model_that_remembers_is_a_breach(leaky):
    _, result, _ = leaky
    assert result["audit"]["outcome"] == "breach"
    assert finding(result, "rmia")["outcome"] == "breach"
    assert finding(result, "lira")["score_low"] > 25


def test_the_model_that_generalises_passes(safe):
    _, result, _ = safe
    assert result["audit"]["outcome"] == "pass"
    for attack in ("gap", "loss-threshold", "lira", "rmia", "attribute"):
        assert finding(result, attack)["outcome"] != "breach"
    assert finding(result, "rmia")["outcome"] == "pass"


def test_that_a_linear_model_can_be_copied_is_reported_and_decides_nothing(safe):
    assert finding(safe[1], "surrogate")["outcome"] == "reported"
    assert finding(safe[1], "surrogate")["score"] > 50


def test_reports_stand_beside_the_result(folder, leaky, safe):
    for name in ("demo-output/report.html", "safe.html"):
        page = (folder / name).read_text()
        assert page.startswith("<!doctype html>")
        assert "membership" in page.lower()
    for name in ("demo-output/report.pdf", "safe.pdf"):
        assert (folder / name).read_bytes().startswith(b"%PDF-")


def test_nothing_is_left_running(folder, leaky, safe):
    left = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder / "demo-output").encode() in entry.read_bytes():
                left.append((entry.parent / "cmdline").read_bytes())
        except (PermissionError, FileNotFoundError, ProcessLookupError):
            continue
    assert left == []


def test_no_traceback_is_in_any_log(folder, leaky, safe):
    for log in (folder / "demo-output" / "logs").glob("*.log"):
        assert "Traceback" not in log.read_text(), log.name
