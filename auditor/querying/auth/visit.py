"""One request to somebody other than the target: a server that gives out tokens. The same guard, deadline and limits hold."""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from urllib3 import exceptions

from auditor.errors import InvalidInput, TargetRefused
from auditor.querying.connection import Deadline, open_pool
from auditor.querying.endpoint import parse_url, refuse
from auditor.querying.faults import Busy, Denied, Interrupted
from auditor.querying.guard import Guard
from auditor.querying.refusals import RETRIED

LARGEST = 256 * 1024
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", "User-Agent": "privacy-attack-auditor"}


@dataclass(frozen=True)
class Visit:
    guard: Guard
    timeout: float = 30.0
    context: ssl.SSLContext | None = None

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
        """The JSON object that is answered. Raises a TargetError without anything of the request or the answer in it."""
        try:
            endpoint = parse_url(url)
            refuse(endpoint, self.guard)
        except InvalidInput as mistake:
            raise InvalidInput("target.auth.token_url", mistake.sentence) from None
        deadline = Deadline()
        deadline.start(self.timeout)
        pool = open_pool(endpoint, self.guard, deadline, self.context)
        try:
            body = urlencode(form).encode()
            response = pool.urlopen(
                "POST", endpoint.path, body, {**FORM, **headers}, retries=False, redirect=False, preload_content=False,
                timeout=self.timeout,
            )  # fmt: skip
            content = response.read(LARGEST, decode_content=True)
        except (exceptions.HTTPError, OSError):
            raise Interrupted("The server that gives out tokens does not answer; check target.auth.token_url.") from None
        finally:
            pool.close()
        return _object(response.status, content)


def _object(status: int, content: bytes) -> dict[str, Any]:
    if status in RETRIED or status >= 500:
        raise Busy(f"The server that gives out tokens is not able to answer now ({status}); try again later.")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if status != 200:
        raise Denied(f"The server that gives out tokens refuses the client ({status}{_named(document)}); check target.auth.")
    if not isinstance(document, dict):
        raise TargetRefused("The server that gives out tokens does not answer JSON; check target.auth.token_url.")
    return document


ERRORS = (
    *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"),
    *("access_denied", "invalid_target"),
)
"""The words of RFC 6749, section 5.2, and its kin: of a refusal, these alone are shown."""


def _named(document: Any) -> str:
    word = document.get("error") if isinstance(document, dict) else None
    return f", {word}" if word in ERRORS else ""
