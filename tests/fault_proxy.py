"""A proxy between the client and a real server that spoils exchanges the way networks, gateways and broken servers do.

It reads whole requests, so that it knows what the server behind it was asked, and writes answers byte by byte as a fault wants
them. A fault is a function of one exchange; `FAULTS` names them all.
"""

import functools
import gzip
import http.client
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Fault = Callable[["Exchange"], None]
LONGEST = 5.0
"""Seconds that a fault may last at most, however patient the client is."""
MANY = 80 * 2**20


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    kind: str
    body: bytes

    def head(self, *more: str, length: int | None = None) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Said", f"Content-Type: {self.kind}", *more]
        return "\r\n".join([*lines, f"Content-Length: {len(self.body) if length is None else length}", "", ""]).encode()

    def open_head(self, *more: str) -> bytes:
        """Without a length."""
        return "\r\n".join([f"HTTP/1.1 {self.status} Said", f"Content-Type: {self.kind}", *more, "", ""]).encode()


class Exchange:
    """One request of the client, and the two ends of the wire."""

    def __init__(self, handler: "_Handler", body: bytes) -> None:
        self._handler = handler
        self._body = body
        self.stopped = handler.server.stopped

    def forward(self) -> Answer:
        """Puts the request to the server, which counts it."""
        host, port = self._handler.server.behind
        connection = http.client.HTTPConnection(host, port, timeout=LONGEST)
        connection.request("POST", self._handler.path, self._body, dict(self._handler.headers.items()))
        said = connection.getresponse()
        body = said.read()
        connection.close()
        return Answer(said.status, said.headers.get("Content-Type", ""), body)

    def say(self, *parts: bytes) -> None:
        for part in parts:
            self._handler.connection.sendall(part)

    def pause(self, seconds: float) -> None:
        self.stopped.wait(seconds)

    def hang_up(self) -> None:
        self._handler.close_connection = True

    def until_the_client_leaves(self) -> None:
        self._handler.connection.settimeout(LONGEST)
        while self._handler.connection.recv(1 << 16):
            pass
        self.hang_up()

    def shut(self) -> None:
        """Nothing more is said, but the client may go on."""
        self._handler.connection.shutdown(socket.SHUT_WR)
        self.until_the_client_leaves()

    def reset(self) -> None:
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._handler.connection.close()
        self.hang_up()


class FaultProxy:
    """`with FaultProxy(server.origin, faults) as proxy: ... proxy.url(server.open_inference)`.

    Each exchange meets the next of `faults` (None: all is well), and after them `always`. The faults that happened: `met`.
    """

    def __init__(self, origin: str, faults: Iterable[Fault | None] = (), always: Fault | None = None) -> None:
        parts = urlsplit(origin)
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.behind = (str(parts.hostname), int(parts.port or 80))
        self._http.stopped = threading.Event()
        self._http.proxy = self
        self._faults: Iterator[Fault | None] = iter(faults)
        self._lock = threading.Lock()
        self.always = always
        self.met: list[Fault] = []
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def url(self, behind: str) -> str:
        return urlsplit(behind)._replace(netloc=f"127.0.0.1:{self._http.server_address[1]}").geturl()

    def change(self, faults: Iterable[Fault | None] = (), always: Fault | None = None) -> None:
        """What happens from now on."""
        with self._lock:
            self._faults, self.always = iter(faults), always

    def next(self) -> Fault:
        with self._lock:
            fault = next(self._faults, self.always)
            if fault is not None:
                self.met.append(fault)
            return fault or well

    def __enter__(self) -> "FaultProxy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    behind: tuple[str, int]
    stopped: threading.Event
    proxy: FaultProxy
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what many faults are for."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.proxy.next()(Exchange(self, body))


# Faults of the network


def well(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.say(answer.head() + answer.body)


def latency(exchange: Exchange) -> None:
    exchange.pause(0.05)
    well(exchange)


def reset_before_asking(exchange: Exchange) -> None:
    exchange.reset()


def reset_after_asking(exchange: Exchange) -> None:
    exchange.forward()
    exchange.reset()


def reset_in_the_body(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.say(answer.head(), answer.body[: len(answer.body) // 2])
    exchange.reset()


def cut_in_the_head(exchange: Exchange) -> None:
    exchange.say(exchange.forward().head()[:30])
    exchange.hang_up()


def half_close(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.say(answer.head(), answer.body[: len(answer.body) // 2])
    exchange.shut()


def truncated(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.say(answer.head(), answer.body[:-1])
    exchange.hang_up()


def silence(exchange: Exchange) -> None:
    exchange.forward()
    exchange.until_the_client_leaves()


def slow_drip(exchange: Exchange) -> None:
    answer = exchange.forward()
    for byte in answer.head() + answer.body:
        exchange.say(bytes([byte]))
        exchange.pause(0.02)


# Faults of gateways


def busy(exchange: Exchange) -> None:
    """Without Retry-After, as Ray Serve says it."""
    exchange.say(Answer(503, "text/plain", b"too many queued requests").head(), b"too many queued requests")


def error_with_status_200(exchange: Exchange) -> None:
    exchange.forward()
    answer = Answer(200, "application/json", b'{"error": "upstream connect error"}')
    exchange.say(answer.head() + answer.body)


def sign_in_page(exchange: Exchange) -> None:
    answer = Answer(200, "text/html", b"<!doctype html><title>Sign in</title>")
    exchange.say(answer.head() + answer.body)


def oversized_header(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.say(answer.head("X-Trace: " + "a" * 70_000) + answer.body)


def too_many_headers(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.say(answer.head(*(f"X-{i}: a" for i in range(200))) + answer.body)


def endless_continue(exchange: Exchange) -> None:
    """Information without an answer, for as long as the client listens."""
    while not exchange.stopped.is_set():
        exchange.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        exchange.pause(0.005)


def another_language(exchange: Exchange) -> None:
    exchange.say(b"SSH-2.0-OpenSSH_9.2\r\n")
    exchange.hang_up()


# Faults of the framing


def long_length(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.say(answer.head(length=len(answer.body) + 10), answer.body)
    exchange.until_the_client_leaves()


def short_length(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.say(answer.head(length=len(answer.body) - 3) + answer.body)


def two_lengths(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.say(answer.head(f"Content-Length: {len(answer.body) - 3}") + answer.body)


def odd_chunk(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.say(answer.open_head("Transfer-Encoding: chunked"), b"zz\r\n", answer.body, b"\r\n0\r\n\r\n")


def negative_chunk(exchange: Exchange) -> None:
    """A chunk of -1 bytes, and then bytes without end."""
    exchange.say(exchange.forward().open_head("Transfer-Encoding: chunked"), b"-1\r\n")
    _without_end(exchange, b" " * (1 << 20))


def no_last_chunk(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.say(answer.open_head("Transfer-Encoding: chunked"), b"%x\r\n" % len(answer.body), answer.body, b"\r\n")
    exchange.hang_up()


def garbage_after_the_answer(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.say(answer.head() + answer.body + b"\x00\xff{garbage")


def answered_twice(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.say((answer.head() + answer.body) * 2)


# Faults of the size


def endless_answer(exchange: Exchange) -> None:
    exchange.say(exchange.forward().open_head("Connection: close"), b'{"outputs": [')
    _without_end(exchange, b"0," * (1 << 19))


def _without_end(exchange: Exchange, part: bytes) -> None:
    """As much as the client takes, up to a size at which a test may call it endless."""
    for _ in range(4 * MANY // len(part)):
        exchange.say(part)
    exchange.hang_up()


def gzip_bomb(exchange: Exchange) -> None:
    exchange.forward()
    exchange.say(Answer(200, "application/json", _bomb()).head("Content-Encoding: gzip"), _bomb())


def gzip_bomb_in_a_bomb(exchange: Exchange) -> None:
    exchange.forward()
    packed = gzip.compress(_bomb())
    exchange.say(Answer(200, "application/json", packed).head("Content-Encoding: gzip, gzip"), packed)


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(b" " * MANY, compresslevel=1)


def cut_gzip(exchange: Exchange) -> None:
    """A compressed stream that ends one byte too early, in a body of the right length."""
    answer = exchange.forward()
    stream = zlib.compressobj(wbits=31)
    packed = stream.compress(answer.body[:-1]) + stream.flush(zlib.Z_SYNC_FLUSH)
    exchange.say(Answer(200, answer.kind, packed).head("Content-Encoding: gzip"), packed)


PASSING = (
    *(latency, reset_before_asking, reset_after_asking, reset_in_the_body, cut_in_the_head, half_close, truncated, silence),
    *(slow_drip, busy, odd_chunk, no_last_chunk, long_length, short_length, two_lengths, oversized_header, too_many_headers),
    *(another_language, endless_continue, garbage_after_the_answer, answered_twice),
)
"""What is wrong with one exchange: the client asks again."""
LASTING = (error_with_status_200, sign_in_page, negative_chunk, endless_answer, gzip_bomb, gzip_bomb_in_a_bomb, cut_gzip)
"""What is wrong with the server itself: asking again would bring the same."""
FAULTS = {fault.__name__.replace("_", " "): fault for fault in (*PASSING, *LASTING)}
