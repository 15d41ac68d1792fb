"""What the file of a model would run, import or fetch if it were loaded; it is read, never loaded."""

from auditor.intake.scan.file import scan
from auditor.intake.scan.meter import Limits
from auditor.intake.scan.opinions import opinions
from auditor.intake.scan.report import Opinion, ScanReport, finding
from auditor.intake.scan.sighting import Kind, Sighting

__all__ = ["Kind", "Limits", "Opinion", "ScanReport", "Sighting", "finding", "opinions", "scan"]
