from typing import Any

import pytest

from auditor.report import pdf


def test_the_same_result_is_the_same_bytes(load: Any) -> None:
    assert pdf(load("breach")) == pdf(load("breach"))


def test_another_result_is_another_file(load: Any) -> None:
    changed = load("breach")
    changed["audit"]["score"] = 59
    assert pdf(changed) != pdf(load("breach"))


def test_any_result_can_be_printed(any_result: dict[str, Any]) -> None:
    printed = pdf(any_result)
    assert printed.startswith(b"%PDF-")
    assert b"%%EOF" in printed[-32:]


def test_cells_are_printed_without_a_stated_configuration(load: Any) -> None:
    result = load("breach")
    result["triage"] = {"structure": {"sentences": ["Cells are large."], "source": "a source"}}
    assert pdf(result).startswith(b"%PDF-")
    assert pdf(result) != pdf(load("breach"))


def test_the_file_claims_to_be_accessible(load: Any) -> None:
    """PDF/UA: tagged, with a title and alternative texts, else typst refuses to write it."""
    printed = pdf(load("pass"))
    assert b"pdfuaid" in printed
    assert b"/MarkInfo" in printed


def test_the_date_is_the_audits(load: Any) -> None:
    assert b"D:20260302" in pdf(load("breach"))


def test_an_audit_without_a_date_has_none(load: Any) -> None:
    result = load("breach")
    del result["audit"]["created_at"]
    assert b"CreationDate" not in pdf(result)


@pytest.mark.parametrize("evil", ['"), read("/etc/passwd"), text("', '#read("/etc/passwd")', "$x$ _y_ *z* @w <v> \\"])
def test_a_name_is_never_typst_source(load: Any, evil: str) -> None:
    result = load("pass")
    result["audit"]["name"] = evil
    assert pdf(result).startswith(b"%PDF-")
