"""What people see on a terminal: progress while an audit runs, findings when it is done."""

from auditor.console.findings import findings_table, verdict
from auditor.console.progress import shown_progress
from auditor.console.records import data_notes, left_over

__all__ = ["data_notes", "findings_table", "left_over", "shown_progress", "verdict"]
