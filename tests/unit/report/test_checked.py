from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from auditor.console.findings import findings_table
from auditor.intake.scan import finding, scan
from auditor.report import html, pdf
from auditor.report.checked import checked_in_words, checked_of, named
from auditor.report.reading import read

Load = Callable[[str], dict[str, Any]]


@pytest.fixture
def scanned(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """The finding on a document without code, beside which another digest may be declared."""

    def make(declared: str = "") -> dict[str, Any]:
        path = tmp_path / "model.pmml"
        path.write_bytes(b'<?xml version="1.0"?><PMML></PMML>')
        return finding(scan(path, declared=declared)).as_json()

    return make


def with_file(result: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    return {**result, "findings": [*result["findings"], found]}


def test_each_check_is_told_with_what_was_seen() -> None:
    checks = [
        {"name": "runs-code", "found": True, "severity": "critical", "sentence": "It would run os.system.", "details": {}},
        {"name": "not-read", "found": None, "severity": "moderate", "sentence": "The end is missing.", "details": {}},
        {"name": "outside", "found": False, "severity": "moderate", "sentence": "The model is in this file alone.", "details": {}},
    ]
    told = checked_of({"checks": checks})
    assert [(item.tone, item.found) for item in told] == [
        ("failed", "Yes: critical"),
        ("inconclusive", "Not seen"),
        ("passed", "No"),
    ]
    assert checked_in_words({"checks": checks}) == "found: code that would run, of 3 checks; 1 could not be made"
    assert checked_in_words({"checks": checks[2:]}) == "nothing found, of 1 checks"
    assert checked_in_words({}) == ""


def test_checks_that_have_no_name_here_are_spelled() -> None:
    assert named("stored_records") == "Stored records"
    assert named("scanner:picklescan") == "Opinion of picklescan"


def test_a_file_without_fault_has_its_question_and_no_confidence(load: Load, scanned: Callable[..., dict[str, Any]]) -> None:
    reading = read(with_file(load("pass"), scanned()))
    answer = reading.answers[-1]
    assert (answer.family, answer.outcome, answer.short) == ("supply-chain", "pass", "Not shown")
    assert answer.words == "file-scan made 6 checks and found nothing above score 0 of 100."
    assert "file-scan" not in reading.verdict.sentences[0].split(". ")[0]


def test_another_file_is_told_in_the_headline_and_in_a_table(load: Load, scanned: Callable[..., dict[str, Any]]) -> None:
    result = with_file(load("pass"), scanned("0" * 64))
    result["audit"] |= {"outcome": "breach", "score": 75.0, "severity": "critical"}
    assert read(result).verdict.headline == "An adversary can tamper with the model's file"
    page = html(result)
    assert "Another file than declared" in page
    assert "Yes: critical" in page
    assert "The questions" in page


def test_the_printed_report_and_the_terminal_have_it_too(load: Load, scanned: Callable[..., dict[str, Any]]) -> None:
    result = with_file(load("pass"), scanned())
    assert pdf(result).startswith(b"%PDF")
    console = Console(width=120)
    with console.capture() as caught:
        console.print(findings_table(result))
    assert "nothing found, of 6 checks" in caught.get()
    assert "The model's file" in caught.get()
