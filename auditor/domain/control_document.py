"""Reading a signed authorisation: every mistake is told in one sentence before anything is believed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from auditor.domain.control import EVERY_ATTACK, STATEMENT, Authorisation
from auditor.errors import InvalidInput

LONGEST = timedelta(days=366)
KEYS = ("statement", "by", "scope", "attacks", "from", "until", "budget", "key", "signature")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True)
class SignedAuthorisation:
    """`key` is the fingerprint of the key that made `signature` (base64)."""

    authorisation: Authorisation
    key: str
    signature: str

    def as_json(self) -> dict[str, Any]:
        return {**self.authorisation.as_json(), "key": self.key, "signature": self.signature}


def read_authorisation(document: object) -> SignedAuthorisation:
    """From the JSON document that `auditor control sign` writes; raises InvalidInput."""
    if not isinstance(document, Mapping) or document.get("statement") != STATEMENT:
        raise InvalidInput("authorisation", f"give the document that `auditor control sign` writes; its statement is {STATEMENT!r}")
    unknown = next((key for key in document if key not in KEYS), None)
    if unknown is not None:
        raise InvalidInput("authorisation", f"take out the key {str(unknown)[:40]!r}: it is not part of what is signed")
    authorisation = Authorisation(
        by=_text(document, "by"),
        scope=_text(document, "scope"),
        starts=_moment(document, "from"),
        ends=_moment(document, "until"),
        budget=_budget(document.get("budget")),
        attacks=_attacks(document.get("attacks")),
    )
    return SignedAuthorisation(checked(authorisation), _text(document, "key"), _text(document, "signature"))


def checked(authorisation: Authorisation) -> Authorisation:
    """A window that makes sense and is not longer than a year."""
    if not authorisation.starts < authorisation.ends:
        raise InvalidInput("authorisation.until", "choose an end that is later than the beginning")
    if authorisation.ends - authorisation.starts > LONGEST:
        raise InvalidInput("authorisation.until", f"choose a window of at most {LONGEST.days} days, and sign again when it ends")
    return authorisation


def read_moment(text: str, field: str) -> datetime:
    """`2026-03-02T09:00:00Z`, which is the one form: what is signed has one spelling."""
    try:
        if MOMENT.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise InvalidInput(field, f"write a moment in UTC such as 2026-03-02T09:00:00Z, not {text[:40]!r}")


def _text(document: Mapping[str, object], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= 1000 or not value.isprintable() or value != value.strip():
        raise InvalidInput(f"authorisation.{key}", "write 1 to 1,000 printable characters, without spaces around them")
    return value


def _moment(document: Mapping[str, object], key: str) -> datetime:
    return read_moment(str(document.get(key)), f"authorisation.{key}")


def _budget(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 10**12:
        raise InvalidInput("authorisation.budget", "write how many rows one audit may ask, a whole number above 0")
    return value


def _attacks(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else []
    if not 0 < len(names) <= 200 or not all(isinstance(name, str) and 0 < len(name) <= 200 for name in names):
        raise InvalidInput("authorisation.attacks", f"list attacks or families, or {list(EVERY_ATTACK)} for every one")
    return tuple(names)
