"""The key of a canary audit: which canaries a fair coin put into the training data. A JSON file, kept as a table like any other."""

import json
import re
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from auditor.errors import InvalidInput
from auditor.intake.table import FIELD, Limits, Table

MAGIC = re.compile(rb'\{\s*"')
VERSION = 1
COLUMNS = ("digest", "included", "salt", "kind")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Flip(_Part):
    """One coin: `digest` is that of the canary record, keyed with the salt."""

    digest: str = Field(pattern="^[0-9a-f]{64}$")
    included: bool


class CanaryKey(_Part):
    canary_key: Literal[1] = 1
    kind: Literal["wrong-label", "holdout"]
    salt: str = Field(pattern="^[0-9a-f]{64}$")
    canaries: list[Flip]

    def as_bytes(self) -> bytes:
        return (json.dumps(self.model_dump(), indent=1) + "\n").encode()

    def as_table(self) -> Table:
        """A row for each canary, in order; the native types mark it as what it is."""
        words = {True: "true", False: "false"}
        rows = [(flip.digest, words[flip.included], self.salt, self.kind) for flip in self.canaries]
        cells = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
        return Table(cells, {"digest": "string", "included": "boolean", "salt": "string", "kind": "string"})


def read_canary_key(path: Path, limits: Limits) -> Table:
    """Raises InvalidInput for other JSON, and for a key with parts missing or added."""
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise InvalidInput(FIELD, "the file starts like JSON and is none; give CSV, Parquet, or the key.json of canaries") from None
    if not isinstance(document, dict) or document.get("canary_key") != VERSION:
        raise InvalidInput(FIELD, "of JSON only the key of canaries is taken, as `auditor canaries` writes it; give CSV or Parquet")
    try:
        key = CanaryKey.model_validate(document)
    except ValidationError:
        raise InvalidInput(FIELD, "the key of the canaries is damaged; give key.json as `auditor canaries` wrote it") from None
    if not 0 < len(key.canaries) <= limits.rows:
        raise InvalidInput(
            FIELD, f"the key names {len(key.canaries):,} canaries; at least one and at most {limits.rows:,} are taken"
        )
    return key.as_table()
