"""A real HTTP server on 127.0.0.1 that answers like a model server, and misbehaves on request.

It speaks the Open Inference Protocol V2 (`/v2/models/<name>/infer`), KServe V1 (`/v1/models/<name>:predict`) and the others of
`dialects.DIALECTS` over any function of a frame. It reads the wire with its own code, so that it contradicts the client where
the client is wrong.
"""

import json
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd

from auditor.testing.dialects import BY_PATH, DIALECTS, body_of

Predict = Callable[[pd.DataFrame], Any]
DATATYPES = {"i": "INT64", "u": "INT64", "f": "FP64", "b": "BOOL"}


@dataclass(frozen=True)
class Fault:
    """What to do with one request instead of answering it well; `None` in a script means: answer well.

    status: an error answer. delay: seconds before anything. drip: seconds between single bytes of the answer. body: these
    bytes instead of the answer. reset: break the connection without a word. change: the answer document, changed.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str = "application/json"
    delay: float = 0.0
    drip: float = 0.0
    reset: bool = False
    change: Callable[[Any], Any] | None = None


@dataclass
class Script:
    """Faults for the next requests, one each; after them `always`, if there is one."""

    faults: Iterable[Fault | None] = ()
    always: Fault | None = None
    max_rows: int | None = None
    too_many: Fault = Fault(400, body=b'{"error": "request batch-size must be smaller"}')
    token: str | None = None
    _queue: deque[Fault | None] = field(init=False)

    def __post_init__(self) -> None:
        self._queue = deque(self.faults)

    def next(self) -> Fault | None:
        return self._queue.popleft() if self._queue else self.always


@dataclass
class Seen:
    """What arrived: requests, rows, and the last request's path, headers and document."""

    requests: int = 0
    rows: int = 0
    batches: list[int] = field(default_factory=list)
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    document: Any = None


class NoModel(Exception):
    """Nothing is served at this path."""


class ModelServer:
    """`with ModelServer(predict) as server: ... server.open_inference`;
    `predict` gives (n, C) numbers, or (n,) numbers or labels."""

    def __init__(
        self, predict: Predict, script: Script | None = None, columns: tuple[str, ...] = (), tls: ssl.SSLContext | None = None
    ) -> None:
        self.predict = predict
        self.script = script or Script()
        self.columns = columns
        self.explain: Callable[[Any], Any] | None = None  # what requests for counterfactuals are answered
        self.pages: dict[str, Any] = {}  # what GET requests are answered, by path
        self.seen = Seen()
        self.lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.model = self
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self._scheme = "http" if tls is None else "https"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def origin(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._http.server_address[1]}"

    @property
    def open_inference(self) -> str:
        return f"{self.origin}/v2/models/model/infer"

    @property
    def kserve_v1(self) -> str:
        return f"{self.origin}/v1/models/model:predict"

    @property
    def kserve_v1_explain(self) -> str:
        return f"{self.origin}/v1/models/model:explain"

    def url(self, protocol: str) -> str:
        """Where the server speaks a protocol."""
        known = {"open-inference": self.open_inference, "kserve-v1": self.kserve_v1}
        return known.get(protocol) or self.origin + DIALECTS[protocol].path

    def __enter__(self) -> "ModelServer":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, path: str, document: Any) -> tuple[Any, int]:
        """The answer document of a well-formed request and its number of rows."""
        if path.endswith("/infer"):
            frame = _from_tensors(document["inputs"], self.columns)
            return _to_tensors(np.asarray(self.predict(frame)), document), len(frame)
        if path in BY_PATH:
            dialect = BY_PATH[path]
            frame = dialect.read(document, self.columns)
            return dialect.write(np.asarray(self.predict(frame))), len(frame)
        if path.endswith(":predict"):
            by_column = "inputs" in document
            frame = pd.DataFrame(document["inputs"]) if by_column else _from_instances(document["instances"], self.columns)
            return {"outputs" if by_column else "predictions": np.asarray(self.predict(frame)).tolist()}, len(frame)
        if path.endswith(":explain") and self.explain is not None:
            return self.explain(document), 1
        raise NoModel(path)


def _from_tensors(inputs: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    first = inputs[0]
    if len(inputs) == 1 and first["shape"][-1] > 1:
        return pd.DataFrame(np.array(first["data"], dtype=float).reshape(first["shape"]), columns=list(columns) or None)
    return pd.DataFrame({tensor["name"]: _typed(tensor) for tensor in inputs})


def _typed(tensor: dict[str, Any]) -> pd.Series:
    if len(tensor["data"]) != tensor["shape"][0]:
        raise ValueError(f"unexpected shape for input {tensor['name']}")
    numeric = tensor["datatype"] in ("FP64", "INT64")
    return pd.Series(tensor["data"], dtype=np.float64 if numeric else object)


def _from_instances(instances: list[Any], columns: tuple[str, ...]) -> pd.DataFrame:
    if isinstance(instances[0], dict):
        return pd.DataFrame(instances)
    return pd.DataFrame(np.array(instances, dtype=float), columns=list(columns) or None)


def _to_tensors(result: Any, document: dict[str, Any]) -> dict[str, Any]:
    name = (document.get("outputs") or [{"name": "predict_proba" if result.ndim > 1 else "predict"}])[0]["name"]
    kind = DATATYPES.get(result.dtype.kind, "BYTES")
    tensor = {"name": name, "shape": list(result.shape), "datatype": kind, "data": result.ravel().tolist()}
    echoed = {"id": document["id"]} if document.get("id") else {}
    return {"model_name": "model", "model_version": "1", **echoed, "outputs": [tensor]}


class _Server(ThreadingHTTPServer):
    model: ModelServer
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of the server's business."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: tests read `seen`."""

    def do_GET(self) -> None:
        page = self.server.model.pages.get(self.path, {"live": True})
        self._say(200, json.dumps(page).encode())

    def do_POST(self) -> None:
        model = self.server.model
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            document = body_of(body, self.headers.get("Content-Type", ""))
            answer, rows = model.answer(self.path.partition("?")[0], document)
        except NoModel as error:
            return self._say(404, json.dumps({"error": f"no model at {error}"}).encode())
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            return self._say(400, json.dumps({"error": str(error)}).encode())
        fault = self._note(document, rows)
        return self._misbehave(fault, answer) if fault else self._say(200, json.dumps(answer).encode())

    def _note(self, document: Any, rows: int) -> Fault | None:
        """Counts the request and decides how it is treated."""
        model = self.server.model
        with model.lock:
            seen = model.seen
            seen.requests, seen.rows = seen.requests + 1, seen.rows + rows
            seen.batches.append(rows)
            seen.path, seen.headers, seen.document = self.path, dict(self.headers.items()), document
            script = model.script
            if script.token is not None and script.token not in self.headers.get("Authorization", ""):
                return Fault(401, body=b'{"error": "who are you?"}')
            if script.max_rows is not None and rows > script.max_rows:
                return script.too_many
            return script.next()

    def _misbehave(self, fault: Fault, answer: Any) -> None:
        time.sleep(fault.delay)
        if fault.reset:
            return self._reset()
        body = fault.body
        if body is None:
            document = fault.change(answer) if fault.change else answer if fault.status == 200 else {"error": "scripted"}
            body = json.dumps(document).encode()
        return self._say(fault.status, body, fault)

    def _reset(self) -> None:
        """A reset instead of a goodbye: the kernel drops the connection at once."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _say(self, status: int, body: bytes, fault: Fault = Fault()) -> None:
        self.send_response(status)
        self.send_header("Content-Type", fault.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fault.headers:
            self.send_header(name, value)
        self.end_headers()
        if not fault.drip:
            self.wfile.write(body)
            return
        for byte in body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(fault.drip)
