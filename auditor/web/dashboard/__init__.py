"""Pages for people: `blueprint` is all that the application needs to know."""

from auditor.web.dashboard import (
    audit_pages,
    compare_pages,
    control_pages,
    file_pages,
    history,
    new_audit,
    overview,
    record_pages,
    schedule_pages,
    score_page,
    session_pages,
    target_pages,
    what_if_pages,
)
from auditor.web.dashboard.pages import blueprint

__all__ = [
    "audit_pages",
    "blueprint",
    "compare_pages",
    "control_pages",
    "file_pages",
    "history",
    "new_audit",
    "overview",
    "record_pages",
    "schedule_pages",
    "score_page",
    "session_pages",
    "target_pages",
    "what_if_pages",
]
