"""What a credential is put on, and what it has to be able to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Request:
    """A POST as it is about to be sent; `path` holds the query string."""

    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Credential(Protocol):
    def applied(self, request: Request) -> Request:
        """The request with the proof on it; it may be asked from several threads. Raises TargetError."""

    def worked(self, request: Request) -> None:
        """The target let this request in."""

    def is_outdated(self, request: Request) -> bool:
        """After a 401: would the same request with a new proof be another matter?"""

    def hidden(self) -> tuple[str, ...]:
        """Texts that no error may show."""
