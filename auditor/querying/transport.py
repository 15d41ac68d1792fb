"""One exchange with the target over HTTP: a frame of records out, a reply in its own terms back."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd
import urllib3
from urllib3 import exceptions

from auditor.domain.data import Column
from auditor.domain.target import Auth, AuthKind, Target
from auditor.errors import BadAnswer, InvalidInput, TargetError, TargetUnreachable
from auditor.querying.connection import Deadline, open_pool
from auditor.querying.endpoint import parse_url, refuse
from auditor.querying.faults import Interrupted
from auditor.querying.guard import Guard
from auditor.querying.protocols import Wire, media, wire_for
from auditor.querying.refusals import refused
from auditor.querying.reply import Reply

LARGEST_ANSWER = 64 * 1024 * 1024
LARGEST_ERROR = 64 * 1024
ACCEPTED = {
    media.JSON: media.JSON,
    media.CSV: f"{media.CSV}, {media.JSON};q=0.9",
    media.LINES: f"{media.LINES}, {media.JSON};q=0.9",
}
"""What is sent as text is answered as text where the server can; all of these are understood at any time."""
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


class Transport(Protocol):
    def ask(self, frame: pd.DataFrame) -> Reply:
        """One exchange, never retried here. Raises TargetError."""


def http_transport(
    target: Target, columns: Sequence[Column], secret: str | None, guard: Guard, *, timeout: float = 30.0
) -> "HttpTransport":
    """The target over HTTP; `secret` is the credential itself. Raises InvalidInput for a URL that may not be asked."""
    endpoint = parse_url(target.url)
    refuse(endpoint, guard)
    wire = wire_for(target, tuple(columns), endpoint)
    deadline = Deadline()
    headers = {"Content-Type": wire.content_type, "Accept": ACCEPTED[wire.content_type], "User-Agent": "privacy-attack-auditor"}
    headers |= _credentials(target.auth, secret)
    return HttpTransport(wire, open_pool(endpoint, guard, deadline), headers, deadline, timeout, secret or "")


def most_rows(transport: Transport) -> int | None:
    """How many records one exchange has room for, as far as the wire says it; None: any number."""
    return transport.most_rows if isinstance(transport, HttpTransport) else None


def _credentials(auth: Auth, secret: str | None) -> dict[str, str]:
    if auth.kind is AuthKind.NONE:
        return {}
    if not secret:
        raise InvalidInput("target.auth.secret", "the secret of the target is empty; set its value, or take target.auth out")
    if not secret.isascii() or not secret.isprintable():
        raise InvalidInput(
            "target.auth.secret", "the secret holds characters that a header cannot carry; give it without line breaks"
        )
    if not HEADER_NAME.fullmatch(auth.header):
        raise InvalidInput("target.auth.header", f"{auth.header[:40]!r} is no header name; use letters, digits and hyphens")
    if auth.kind is AuthKind.BEARER:
        return {"Authorization": f"Bearer {secret}"}
    if auth.kind is AuthKind.BASIC:
        return {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
    return {auth.header: secret}


@dataclass(frozen=True, eq=False)
class HttpTransport:
    wire: Wire
    pool: urllib3.HTTPConnectionPool
    headers: dict[str, str] = field(repr=False)
    deadline: Deadline
    timeout: float
    secret: str = field(default="", repr=False)

    @property
    def most_rows(self) -> int | None:
        return self.wire.most_rows

    def ask(self, frame: pd.DataFrame) -> Reply:
        body = self.wire.encode(frame)
        self.deadline.start(self.timeout)
        try:
            response = self._send(body)
            content = _read(response, LARGEST_ANSWER if response.status == 200 else LARGEST_ERROR)
        except exceptions.HTTPError as error:
            raise _broken(error, self.timeout) from None
        except OSError as error:
            raise Interrupted(f"The exchange with the target broke off: {str(error)[:200]}.") from None
        if response.status != 200:
            raise refused(response.status, response.headers, content, self.secret)
        return self.wire.decode(media.parsed(content, response.headers.get("Content-Type", "")), len(frame))

    def close(self) -> None:
        self.pool.close()

    def _send(self, body: bytes) -> urllib3.BaseHTTPResponse:
        return self.pool.urlopen(
            "POST", self.wire.path, body, self.headers, retries=False, redirect=False, preload_content=False, timeout=self.timeout
        )


def _read(response: urllib3.BaseHTTPResponse, limit: int) -> bytes:
    """The whole body, or BadAnswer when it grows past the limit after decompression."""
    parts: list[bytes] = []
    size, complete = 0, False
    try:
        while size <= limit and not complete:
            part = response.read(1 << 16, decode_content=True)
            parts.append(part)
            size += len(part)
            complete = not part
    finally:
        if not complete:
            response.close()
        response.release_conn()
    if size > limit and response.status == 200:
        raise BadAnswer(f"The target's answer is larger than {limit // 2**20} MB; it must answer a few numbers for each record.")
    return b"".join(parts)


def _broken(error: exceptions.HTTPError, timeout: float) -> TargetError:
    if isinstance(error, exceptions.NameResolutionError):
        return TargetUnreachable("The target's host name was not found; check target.url.")
    if isinstance(error, exceptions.SSLError):
        return TargetUnreachable(
            f"The target's certificate cannot be verified ({_reason(error)}); check the host name in target.url."
        )
    # In urllib3 a refused connection is a kind of time-out.
    if isinstance(error, exceptions.NewConnectionError):
        return Interrupted("No connection to the target could be made; check target.url and that the server is running.")
    if isinstance(error, exceptions.TimeoutError):
        return Interrupted(
            f"The target did not answer within {timeout:g} seconds; check that it is up, or raise AUDITOR_TARGET_TIMEOUT."
        )
    if isinstance(error, exceptions.DecodeError):
        return BadAnswer("The target's answer cannot be decompressed; turn the compression of answers off.")
    return Interrupted("The target closed the connection before it answered; check that the server is running and healthy.")


def _reason(error: Exception) -> str:
    inner = error.args[0] if error.args else error
    return str(getattr(inner, "verify_message", "") or getattr(inner, "reason", "") or "TLS failed")[:100]
