"""Files that users give: recognised by content, read within limits, refused in one sentence."""

from auditor.intake.canary_key import CanaryKey, Flip
from auditor.intake.read import read
from auditor.intake.table import Limits, Table, from_parquet, to_parquet

__all__ = ["CanaryKey", "Flip", "Limits", "Table", "from_parquet", "read", "to_parquet"]
