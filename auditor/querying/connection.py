"""Connections that go to a vetted address and keep one deadline for the whole exchange.

urllib3's time-outs are per socket operation; a target that sends one byte a second would hold a worker for ever.
"""

import contextlib
import http.client
import io
import socket
import ssl
import threading
import time
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from auditor.errors import BadAnswer
from auditor.querying.endpoint import Endpoint
from auditor.querying.guard import Guard

MOST_CONNECTIONS = 4
MOST_ARRIVING = 72 * 1024 * 1024
"""Bytes of one answer, headers and all, whatever the framing says: a chunk of -1 bytes would be read to an end that never comes."""


class Deadline(threading.local):
    """When this thread's exchange has to be over; `surplus`: more had arrived than the answer was long."""

    at: float = 0.0
    surplus: bool = False

    def start(self, seconds: float) -> None:
        self.at, self.surplus = time.monotonic() + seconds, False

    def left(self) -> float:
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the exchange has passed")
        return left


class _Punctual(io.RawIOBase):
    """The raw stream of a socket whose every read ends at the same deadline."""

    def __init__(self, raw: Any, sock: socket.socket, deadline: Deadline) -> None:
        self._raw = raw
        self._sock = sock
        self.deadline = deadline
        self.is_over = False
        self._arrived = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.is_over:
            return 0
        self._sock.settimeout(self.deadline.left())
        count: int | None = self._raw.readinto(buffer)
        self._arrived += count or 0
        if self._arrived > MOST_ARRIVING:
            raise BadAnswer("The target's answer does not end; it must answer a few numbers for each record.")
        return count

    def give_up(self) -> None:
        """A connection that was shut is not used again."""
        self.deadline.surplus = True
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Stream(io.BufferedReader):
    """What stands in the buffer when the answer is over belongs to no question: the next answer would be the wrong one."""

    def __init__(self, raw: _Punctual) -> None:
        super().__init__(raw, 1 << 16)
        self._punctual = raw

    def close(self) -> None:
        if not self.closed:
            self._punctual.is_over = True
            if self.peek(1):
                self._punctual.give_up()
        super().close()


class _Vetted:
    """Mixed into urllib3's connections: the guard opens the socket, and the answer is read against the deadline."""

    guard: Guard
    deadline: Deadline

    def _new_conn(self: Any) -> socket.socket:
        try:
            sock: socket.socket = self.guard.open(self._dns_host, self.port, self.deadline.left())
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connecting took too long") from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error
        return sock

    def response_class(self, sock: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:
        response = http.client.HTTPResponse(sock, *args, **kwargs)
        raw = response.fp.detach()
        response.fp = _Stream(_Punctual(raw, sock, self.deadline))
        return response


class _Plain(_Vetted, HTTPConnection):  # type: ignore[misc]
    pass


class _Secure(_Vetted, HTTPSConnection):  # type: ignore[misc]
    pass


def open_pool(
    endpoint: Endpoint, guard: Guard, deadline: Deadline, context: ssl.SSLContext | None = None
) -> urllib3.HTTPConnectionPool:
    """A keep-alive pool to one endpoint. Nothing from the environment (proxies, .netrc) is read; TLS is verified, by `context`
    where the target has an authority or a certificate of its own."""
    secure = endpoint.scheme == "https"
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    options: dict[str, Any] = {"maxsize": MOST_CONNECTIONS, "block": False, "retries": False}
    pool = (
        urllib3.HTTPSConnectionPool(host, endpoint.port, ssl_context=context, **options)
        if secure
        else urllib3.HTTPConnectionPool(host, endpoint.port, **options)
    )
    # urllib3 makes its connections itself: a class made for this pool carries what they need.
    kind = type("VettedConnection", (_Secure if secure else _Plain,), {"guard": guard, "deadline": deadline})
    pool.ConnectionCls = kind
    return pool
