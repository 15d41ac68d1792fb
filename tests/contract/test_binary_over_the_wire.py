"""The binary extension on a real connection: a server that speaks it is asked in bytes, and one that does not is not."""

import json
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Target
from auditor.querying import Guard, MemoryLedger, http_transport
from auditor.querying.discovery import Sample, Search
from auditor.testing.servers import ModelServer

COLUMNS = (Column("age", ColumnType.INTEGER), Column("wage", ColumnType.NUMBER))
FRAME = pd.DataFrame({"age": np.arange(70), "wage": np.linspace(0, 1, 70) / 3})
LENGTH = "Inference-Header-Content-Length"


def score(frame: pd.DataFrame) -> np.ndarray:
    p = frame["wage"].to_numpy(dtype=float)
    return np.column_stack([1 - p, p])


class Bytes(BaseHTTPRequestHandler):
    """Answers JSON in JSON, and bytes in bytes."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        size = int(self.headers.get(LENGTH, len(content)))
        tensors, raw = json.loads(content[:size])["inputs"], content[size:]
        self.server.seen.append(LENGTH in self.headers)  # type: ignore[attr-defined]
        frame = pd.DataFrame({t["name"]: t["data"] for t in tensors}) if not raw else _frame(tensors, raw)
        self._answer(score(frame), bool(raw))

    def _answer(self, scores: np.ndarray, in_bytes: bool) -> None:
        output: dict[str, Any] = {"name": "predict_proba", "shape": list(scores.shape), "datatype": "FP64"}
        raw = scores.astype("<f8").tobytes() if in_bytes else b""
        output |= {"parameters": {"binary_data_size": len(raw)}} if in_bytes else {"data": scores.ravel().tolist()}
        header = json.dumps({"outputs": [output]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream" if in_bytes else "application/json")
        self.send_header("Content-Length", str(len(header) + len(raw)))
        if in_bytes:
            self.send_header(LENGTH, str(len(header)))
        self.end_headers()
        self.wfile.write(header + raw)

    def log_message(self, form: str, *arguments: Any) -> None:
        """Quiet."""


def _frame(tensors: list[dict[str, Any]], raw: bytes) -> pd.DataFrame:
    found, at = {}, 0
    for tensor in tensors:
        size, letter = tensor["parameters"]["binary_data_size"], {"INT64": "q", "FP64": "d"}[tensor["datatype"]]
        found[tensor["name"]] = struct.unpack(f"<{size // 8}{letter}", raw[at : at + size])
        at += size
    return pd.DataFrame(found)


@pytest.fixture
def speaking() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bytes)
    server.seen = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def reach(target: Target) -> Any:
    return http_transport(target, COLUMNS, None, Guard(allow_loopback=True), timeout=5.0)


def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/v2/models/wages"


def test_answers_are_exact_and_the_bytes_are_counted(speaking: ThreadingHTTPServer) -> None:
    transport = reach(Target(url(speaking), binary=True))
    reply = transport.ask(FRAME)
    assert np.array_equal(reply.numbers, score(FRAME))
    assert speaking.seen == [True]  # type: ignore[attr-defined]
    assert transport.traffic.sent > 70 * 16
    assert transport.traffic.received > 70 * 16


def test_the_search_chooses_bytes_where_they_are_spoken(speaking: ThreadingHTTPServer) -> None:
    found = Search(reach, MemoryLedger(), Sample.of(FRAME, (), True)).run(Target(url(speaking)))
    assert found.target.binary
    assert not found.attempts
    with ModelServer(score) as server:
        other = Search(reach, MemoryLedger(), Sample.of(FRAME, (), True)).run(Target(server.open_inference))
    assert not other.target.binary


def test_records_with_gaps_are_sent_as_json(speaking: ThreadingHTTPServer) -> None:
    gaps = FRAME.assign(age=FRAME["age"].where(FRAME["age"] != 3))
    assert not Search(reach, MemoryLedger(), Sample.of(gaps, (), True)).run(Target(url(speaking))).target.binary
