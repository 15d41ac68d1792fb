"""Answers for models over HTTP in the Open Inference Protocol V2. Runs in the environment of the library that trains them.

    python serve.py diffprivlib_target|opacus_target data.npz

A model is trained at the first question to it: /v2/models/<kind>-<epsilon or none>-<seed>/infer. The port is printed.
"""

import importlib
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

DECIMALS = 6


class Models:
    """Trained models by name; `train(kind, epsilon, seed, features, labels)` gives a function of records."""

    def __init__(self, train: Any, data: Any) -> None:
        inside = data["is_member"]
        self.train, self.features, self.labels = train, data["features"][inside].astype(float), data["labels"][inside]
        self.trained: dict[str, Any] = {}
        self.lock = threading.Lock()

    def probabilities(self, name: str, records: np.ndarray) -> np.ndarray:
        with self.lock:
            if name not in self.trained:
                kind, epsilon, seed = name.rsplit("-", 2)
                limit = None if epsilon == "none" else float(epsilon)
                self.trained[name] = self.train(kind, limit, int(seed), self.features, self.labels)
            return np.round(np.asarray(self.trained[name](records), float), DECIMALS)


class Handler(BaseHTTPRequestHandler):
    models: Models
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_POST(self) -> None:
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        tensor = document["inputs"][0]
        records = np.array(tensor["data"], float).reshape(tensor["shape"])
        found = self.models.probabilities(self.path.split("/")[3], records)
        output = {"name": "probabilities", "datatype": "FP64", "shape": list(found.shape), "data": found.ravel().tolist()}
        self._say(json.dumps({"model_name": "dp", "outputs": [output]}).encode())

    def do_GET(self) -> None:
        self._say(b"{}")

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    library, data = sys.argv[1:]
    Handler.models = Models(importlib.import_module(library).train, np.load(data, allow_pickle=False))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
