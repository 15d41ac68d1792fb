"""One exchange with the target over HTTP: a frame of records out, a reply in its own terms back."""

import http.client
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pandas as pd
import urllib3
from urllib3 import exceptions

from auditor.domain.data import Column
from auditor.domain.target import Target
from auditor.errors import BadAnswer, TargetError, TargetUnreachable
from auditor.querying.auth import Credential, Request, context_for, credential_for
from auditor.querying.auth.visit import Visit
from auditor.querying.connection import Deadline, open_pool
from auditor.querying.endpoint import Endpoint, parse_url, refuse
from auditor.querying.faults import HungUp, Interrupted, Stale
from auditor.querying.guard import Guard
from auditor.querying.protocols import Wire, binary_tensors, media, wire_for
from auditor.querying.refusals import refused
from auditor.querying.reply import Reply

LARGEST_ANSWER = 64 * 1024 * 1024
ROOM, ROOM_FOR_A_ROW = 1024 * 1024, 128 * 1024
"""Bytes of an answer, and more of them for each record: parsed, they take up to twenty times as much memory."""
SHORTEST_SECRET = 8
LARGEST_ERROR = 64 * 1024
ACCEPTED = {
    media.JSON: media.JSON,
    media.CSV: f"{media.CSV}, {media.JSON};q=0.9",
    media.LINES: f"{media.LINES}, {media.JSON};q=0.9",
    binary_tensors.OCTETS: f"{binary_tensors.OCTETS}, {media.JSON};q=0.9",
}
"""What is sent as text is answered as text where the server can; all of these are understood at any time."""


class Transport(Protocol):
    def ask(self, frame: pd.DataFrame) -> Reply:
        """One exchange, never retried here. Raises TargetError."""


@dataclass
class Traffic(threading.local):
    """What this thread's last exchange carried: bytes of both bodies as they travelled; the status is None without an answer."""

    status: int | None = None
    sent: int = 0
    received: int = 0

    def begin(self) -> None:
        self.status, self.sent, self.received = None, 0, 0


def traffic_of(transport: Transport) -> Traffic:
    """Nothing of a transport that has no wire."""
    return transport.traffic if isinstance(transport, HttpTransport) else Traffic()


def http_transport(
    target: Target, columns: Sequence[Column], secret: str | None, guard: Guard, *, timeout: float = 30.0
) -> "HttpTransport":
    """The target over HTTP; `secret` is the credential itself. Raises InvalidInput for a URL that may not be asked."""
    endpoint = parse_url(target.url)
    return opened(target, endpoint, wire_for(target, tuple(columns), endpoint), secret, Line(guard, timeout))


@dataclass(frozen=True)
class Line:
    """What every exchange goes through: the guard of addresses, and how long it may take."""

    guard: Guard
    timeout: float


def opened(target: Target, endpoint: Endpoint, wire: Wire, secret: str | None, line: Line) -> "HttpTransport":
    """A way to an endpoint of the target, with its credential. Raises InvalidInput for an address that may not be asked."""
    guard, timeout = line.guard, line.timeout
    refuse(endpoint, guard)
    deadline = Deadline()
    headers = {"Content-Type": wire.content_type, "Accept": ACCEPTED[wire.content_type], "User-Agent": "privacy-attack-auditor"}
    context = context_for(target, secret)
    credential = credential_for(target, endpoint, secret, Visit(guard, timeout, context))
    pool = open_pool(endpoint, guard, deadline, context)
    return HttpTransport(wire, pool, headers | wire.headers, credential, deadline, timeout, target.limits.rows)


def most_rows(transport: Transport) -> int | None:
    """How many records one exchange has room for, as far as the wire says it; None: any number."""
    return transport.most_rows if isinstance(transport, HttpTransport) else None


@dataclass(frozen=True, eq=False)
class HttpTransport:
    wire: Wire
    pool: urllib3.HTTPConnectionPool
    headers: dict[str, str] = field(repr=False)
    credential: Credential = field(repr=False)
    deadline: Deadline
    timeout: float
    limit: int | None = None
    traffic: Traffic = field(default_factory=Traffic)

    @property
    def most_rows(self) -> int | None:
        return min((rows for rows in (self.wire.most_rows, self.limit) if rows is not None), default=None)

    def ask(self, frame: pd.DataFrame) -> Reply:
        self.traffic.begin()
        body = self.wire.encode(frame)
        framing = {binary_tensors.LENGTH: str(body.header_length)} if isinstance(body, binary_tensors.Framed) else {}
        request = self.credential.applied(Request(self.wire.path, self.headers | framing, body))
        self.deadline.start(self.timeout)
        try:
            self.traffic.sent = len(request.body)
            response = self._send(request)
            content = self._received(response, largest(len(frame)))
        except exceptions.HTTPError as error:
            raise _broken(error, self.timeout) from None
        except OSError as error:
            raise Interrupted(f"The exchange with the target broke off: {str(error)[:200]}.") from None
        if response.status != 200:
            raise self._refused(request, response, content)
        self.credential.worked(request)
        self._check_end(response, content)
        self._check_echo(response, content)
        return self.wire.decode(_document(response.headers, content), len(frame))

    def _check_echo(self, response: urllib3.BaseHTTPResponse, content: bytes) -> None:
        """What is wrong with an answer is told with words of it; one that holds the credential is not looked at."""
        said = content + response.headers.get("Content-Type", "").encode("utf-8", "replace")
        if any(
            text.encode() in said or json.dumps(text)[1:-1].encode() in said
            for text in self.credential.hidden()
            if _is_telling(text)
        ):
            raise BadAnswer("The target's answer repeats the credential that it was sent; have the server leave it out.")

    def _check_end(self, response: urllib3.BaseHTTPResponse, content: bytes) -> None:
        """An answer that may have been cut, or was followed by bytes of another, is none; raises Interrupted."""
        if self.deadline.surplus:
            raise Interrupted("The target sent more than the length that it declared; check any proxy in between.")
        says_end = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
        is_framed = says_end and "Content-Encoding" not in response.headers
        if not is_framed and not media.is_whole(content, response.headers.get("Content-Type", "")):
            raise Interrupted("The target's answer breaks off; check the server, or have it send the length of its answers.")

    def close(self) -> None:
        self.pool.close()

    def _received(self, response: urllib3.BaseHTTPResponse, limit: int) -> bytes:
        self.traffic.status = response.status
        try:
            return _read(response, limit if response.status == 200 else LARGEST_ERROR)
        finally:
            self.traffic.received = response.tell()

    def _send(self, request: Request) -> urllib3.BaseHTTPResponse:
        options: dict[str, Any] = {"retries": False, "redirect": False, "preload_content": False, "timeout": self.timeout}
        return self.pool.urlopen("POST", request.path, request.body, request.headers, **options)

    def _refused(self, request: Request, response: urllib3.BaseHTTPResponse, content: bytes) -> TargetError:
        if response.status == 401 and self.credential.is_outdated(request):
            return Stale("The target no longer takes the token (401), and took no newer one either; check target.auth.")
        return refused(response.status, response.headers, content, self.credential.hidden())


def _document(headers: Mapping[str, str], content: bytes) -> Any:
    length = headers.get(binary_tensors.LENGTH)
    return media.parsed(content, headers.get("Content-Type", "")) if length is None else binary_tensors.parsed(content, length)


def _is_telling(text: str) -> bool:
    """Whether an answer that holds it can only have it from the request; short words and numbers stand in answers by chance."""
    return len(text) >= SHORTEST_SECRET and not text.replace(".", "").isdigit()


def largest(rows: int) -> int:
    """Bytes that an answer to so many records may have."""
    return min(LARGEST_ANSWER, ROOM + rows * ROOM_FOR_A_ROW)


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
    if said := _broken_rule(error):
        return Interrupted(f"What the target sends is not valid HTTP ({said}); check target.url and any proxy in between.")
    return HungUp("The target closed the connection before it answered; check that the server is running and healthy.")


def _broken_rule(error: exceptions.HTTPError) -> str:
    """In what an answer is no HTTP; empty when it is not about that."""
    cause = error.args[1] if isinstance(error, exceptions.ProtocolError) and len(error.args) > 1 else error
    if isinstance(cause, http.client.RemoteDisconnected | http.client.IncompleteRead | exceptions.IncompleteRead):
        return ""
    if isinstance(cause, http.client.BadStatusLine):
        return "its first line is no status"
    if isinstance(cause, http.client.LineTooLong):
        return "a line is longer than 64 kB"
    if isinstance(cause, exceptions.InvalidChunkLength):
        return "a chunk has no length"
    return "its headers" if isinstance(cause, http.client.HTTPException | exceptions.InvalidHeader) else ""


def _reason(error: Exception) -> str:
    inner = error.args[0] if error.args else error
    return str(getattr(inner, "verify_message", "") or getattr(inner, "reason", "") or "TLS failed")[:100]
