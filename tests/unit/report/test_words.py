import re
from pathlib import Path

import pytest

import auditor.report
from auditor.domain.attack import Family
from auditor.domain.audit import AuditStatus
from auditor.domain.finding import Outcome, Severity
from auditor.report import words

FOLDER = Path(auditor.report.__file__).parent


def test_every_outcome_severity_and_status_has_its_word() -> None:
    assert set(words.OUTCOMES) == {str(o) for o in Outcome}
    assert set(words.SEVERITIES) == {str(s) for s in Severity}
    assert set(words.STATUSES) == {str(s) for s in AuditStatus}


def test_the_three_questions_belong_to_families_that_exist() -> None:
    assert {*words.QUESTIONS, *words.FURTHER_QUESTIONS} == set(words.ABILITIES)
    assert set(words.QUESTIONS) <= {str(f) for f in Family}


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        (0, "none"),
        (4.99, "none"),
        (5, "low"),
        (24.9, "low"),
        (25, "moderate"),
        (50, "high"),
        (74.9, "high"),
        (75, "critical"),
        (100, "critical"),
    ],
)
def test_severity_follows_the_scale(score: float, severity: str) -> None:
    assert words.severity_of(score) == severity


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tpr@fpr=0.001", "TPR at 0.1 % FPR"),
        ("ppv@prior=0.1", "PPV at a prior of 10 %"),
        ("auc", "AUC"),
        ("something_new", "Something new"),
        ("baseline_fidelity", "Fidelity of a copy that asked nothing"),
    ],
)
def test_estimates_read_as_words(name: str, text: str) -> None:
    assert words.estimate(name).replace("\u00a0", " ") == text


def test_a_control_nobody_named_still_reads_as_words() -> None:
    assert words.control("shadow_audit") == "Shadow audit"


def test_lists_read_as_sentences() -> None:
    assert [words.listed(list(names)) for names in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]


def test_plural() -> None:
    assert (words.plural(1, "attack"), words.plural(1200, "attack")) == ("1 attack", "1,200 attacks")


def test_the_product_never_calls_a_model_anonymous_or_compliant() -> None:
    """In any text that a report can print; the docstring that forbids the words is no such text."""
    for path in [*FOLDER.rglob("*.html"), *FOLDER.rglob("*.typ"), *FOLDER.glob("*.py")]:
        text = re.sub(r'^""".*?"""', "", path.read_text("utf-8"), count=1, flags=re.S)
        assert not re.search(r"anonym|complian|gdpr", text, re.IGNORECASE), path.name
