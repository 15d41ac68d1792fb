"""What an HTTP status other than 200 means, and how much of its body may be shown."""

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime

from auditor.errors import TargetError, TargetRefused
from auditor.querying.faults import BatchTooLarge, Busy, Denied, Failing

LONGEST_EXCERPT = 200
BATCH_WORDS = re.compile(r"batch.?size|batch.{0,20}(large|limit|exceed)|too (large|big|many)|max(imum)?.{0,10}batch", re.IGNORECASE)
MESSAGES = (
    *(("error",), ("message",), ("detail",), ("title",)),
    *(("Message",), ("error", "message"), ("status", "info")),  # SageMaker, Vertex AI, Seldon
)
"""Where error bodies have their sentence."""
RETRIED = {408, 425, 429, 502, 503, 504}


def refused(
    status: int, headers: Mapping[str, str], body: bytes, hidden: Iterable[str] = (), now: Callable[[], float] = time.time
) -> TargetError:
    """The error to raise. The body is cut to an excerpt: a whole answer would let a URL read what it should not."""
    said = excerpt(body, hidden)
    if status == 413 or (status in (400, 422) and BATCH_WORDS.search(said)):
        return BatchTooLarge(f"The target refuses a single record as too large ({status}{_quoted(said)}); check its request limit.")
    if status in RETRIED or status == 500:
        kind = Failing if status == 500 else Busy
        return kind(_busy(status, said), _retry_after(headers.get("Retry-After"), now))
    return (Denied if status in (401, 403) else TargetRefused)(_refusal(status, said))


def _busy(status: int, said: str) -> str:
    if status == 429:
        return f"The target asks for fewer queries (429{_quoted(said)}); lower budget.rate or run the audit later."
    if status == 500:
        return f"The target fails on this request (500{_quoted(said)}); check target.protocol, target.rows and the server's log."
    return f"The target is not able to answer now ({status}{_quoted(said)}); check the server and resume the audit."


def _refusal(status: int, said: str) -> str:
    if status in (401, 403):
        return f"The target refuses the credential ({status}); check target.auth and its secret."
    if 300 <= status < 400:
        return f"The target redirects elsewhere ({status}), which is not followed; give its final address as target.url."
    if status in (404, 405):
        return f"There is no model at this address ({status}{_quoted(said)}); check the path of target.url and target.protocol."
    return f"The target refuses the request ({status}{_quoted(said)}); check target.protocol, target.rows and the columns."


def _quoted(said: str) -> str:
    return f": {said}" if said else ""


def excerpt(body: bytes, hidden: Iterable[str] = ()) -> str:
    """At most 200 printable characters of an error body, without the credential in any of its forms."""
    text = _message(body.decode("utf-8", "replace"))
    for secret in sorted(filter(None, hidden), key=len, reverse=True):
        text = text.replace(secret, "***")
    if text.lstrip()[:1] == "<":
        return "an HTML page"
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text[:LONGEST_EXCERPT].rstrip(" .")


def _message(text: str) -> str:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for path in MESSAGES:
        found = document
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, str):
            return found
    return text


def _retry_after(value: str | None, now: Callable[[], float]) -> float | None:
    """Seconds to wait, from seconds or an HTTP date; None if the header is absent or unreadable."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now())
    except (ValueError, TypeError, OverflowError):
        return None
