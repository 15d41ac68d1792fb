"""A wire protocol as a body to fill and a way to read what comes back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from auditor.domain.data import Column
from auditor.querying.protocols.body import Body
from auditor.querying.reply import Reply


@dataclass(frozen=True, eq=False)
class Templated:
    path: str
    body: Body
    columns: tuple[Column, ...]
    read: Callable[[Any, int], Reply]
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        return self.body.content_type

    @property
    def most_rows(self) -> int | None:
        return 1 if self.body.is_single else None

    def encode(self, frame: pd.DataFrame) -> bytes:
        return self.body.write(frame, self.columns)

    def decode(self, document: Any, n: int) -> Reply:
        return self.read(document, n)
