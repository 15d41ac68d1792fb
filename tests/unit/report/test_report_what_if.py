"""What if the model answered less: the section of a report, from a table as it is stored."""

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from auditor import report
from auditor.console.what_if import what_if_table
from auditor.report.what_if import NOT_ENOUGH, NOTHING, what_if_of

PASS = json.loads((Path(__file__).parents[2] / "fixtures" / "results" / "pass.json").read_text("utf-8"))


def figure(name: str, value: float) -> dict[str, Any]:
    return {"name": name, "value": value, "low": value - 0.01, "high": value + 0.01, "confidence": 0.95, "n": 500}


def attack(name: str, outcome: str | None, score: float | None, reason: str | None = None) -> dict[str, Any]:
    scores = dict.fromkeys(("score", "score_low", "score_high"), score)
    return {"attack": name, "family": "membership", "outcome": outcome, **scores, "cannot_run": outcome is None, "reason": reason}


def channel(name: str, outcome: str, attacks: list[dict[str, Any]], loss: float) -> dict[str, Any]:
    utility = [figure("log_loss_change", loss), figure("probability_change", 0.139), figure("task_accuracy", 0.852)]
    lacking = {"name": "calibration_error", "value": None, "reason": "the labels of canaries are no real ones"}
    families = {"membership": outcome}
    return {"channel": name, "words": f"About {name}.", "families": families, "attacks": attacks, "utility": [*utility, lacking]}


DOCUMENT: dict[str, Any] = {
    "version": 1,
    "audit": "0199b2a4",
    "levels": {"membership": 25.0},
    "channels": 1,
    "comes_out_again": True,
    "as_it_is": channel("as it is", "breach", [attack("lira", "breach", 46.0), attack("gap", "pass", 9.0)], 0.0),
    "tried": [
        channel("labels only", "pass", [attack("lira", None, None, "It needs probabilities."), attack("gap", "pass", 9.0)], 0.098)
    ],
    "defences": [{"attack": "lira", "family": "membership", "cheapest": "labels only", "sentence": "lira: labels only helps."}],
    "cheapest_for_all": "labels only",
    "notes": ["Nothing was asked of the target."],
}


def changed(**values: Any) -> dict[str, Any]:
    return {**copy.deepcopy(DOCUMENT), **values}


def test_a_report_without_it_has_no_such_section() -> None:
    assert what_if_of(None) is None
    assert "answered less" not in report.html(PASS)


def test_the_strongest_attack_stands_beside_the_verdict_of_its_family() -> None:
    found = what_if_of(DOCUMENT)
    assert found is not None
    assert [line.name for line in found.lines] == ["As it is", "Labels only"]
    assert [leak.strongest for line in found.lines for leak in line.leaks] == ["lira 46 (46 to 46)", "gap 9 (9 to 9)"]
    assert found.aside == ("lira, behind labels only: It needs probabilities.",)


def test_costs_have_signs_and_intervals_and_a_dash_where_nothing_changed_or_is_known() -> None:
    found = what_if_of(DOCUMENT)
    assert found is not None
    assert found.lines[0].costs[:2] == ("–", "–")
    shown = [cost.replace("\u00a0", " ") for cost in found.lines[1].costs]
    assert shown == ["+0.098 (0.088 to 0.108)", "13.9 % (12.9 to 14.9 %)", "85.2 % (84.2 to 86.2 %)", "–"]


@pytest.mark.parametrize(
    ("changes", "head"),
    [({}, "labels only"), ({"cheapest_for_all": None}, NOT_ENOUGH), ({"defences": [], "cheapest_for_all": None}, NOTHING)],
)
def test_the_first_sentence_answers_the_question(changes: dict[str, Any], head: str) -> None:
    found = what_if_of(changed(**changes))
    assert found is not None
    assert head in found.head


def test_the_page_shows_it_and_runs_nothing_that_stands_in_it() -> None:
    hostile = changed(notes=["<script>alert(1)</script>"])
    page = report.html({**PASS, "what_if": hostile})
    assert "What if the model answered less?" in page
    assert "lira: labels only helps." in page
    assert "<script>alert" not in page


def test_the_pdf_and_the_json_hold_it() -> None:
    told = {**PASS, "what_if": DOCUMENT}
    assert report.pdf(told).startswith(b"%PDF-")
    assert len(report.pdf(told)) > len(report.pdf(PASS)) + 1_000
    assert json.loads(report.as_json(told))["what_if"] == DOCUMENT


def test_a_terminal_shows_the_answer_first() -> None:
    console = Console(file=io.StringIO(), width=120)
    console.print(what_if_table(DOCUMENT))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown.startswith("Brings every finding")
    assert "Breach  lira 46 (46 to 46)" in shown
    assert "Nothing was asked" in shown


def test_what_is_said_of_several_attacks_alike_is_said_once() -> None:
    said = [{"attack": a, "family": "membership", "cheapest": None, "sentence": f"{a}: none helps."} for a in ("gap", "lira")]
    found = what_if_of(changed(defences=[*said, DOCUMENT["defences"][0]]))
    assert found is not None
    assert found.defences == ("gap and lira: none helps.", "lira: labels only helps.")


def test_a_narrow_terminal_has_a_line_a_channel() -> None:
    console = Console(file=io.StringIO(), width=80)
    console.print(what_if_table(DOCUMENT))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    names = [channel["channel"] for channel in (DOCUMENT["as_it_is"], *DOCUMENT["tried"])]
    assert len([line for line in lines if line.rstrip().endswith(("–", "%"))]) == len(names)
