"""Pages of audits say who has shown control over the endpoint, also before there is a report."""

from typing import Any

from html_page import Page


def test_a_running_audit_says_that_nobody_has_shown_control(auditor: Any, ours: Any) -> None:
    page = Page(auditor.text(f"/audits/{ours.audits['running']}"))
    assert "Nobody has shown control over this endpoint." in page.text
