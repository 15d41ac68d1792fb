"""The service's own API, used as any other program would use it."""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

import pandas as pd
import urllib3

from auditor.errors import Unavailable

Document = dict[str, Any]

TIMEOUT = urllib3.Timeout(connect=5, read=60)
OFTEN_ENOUGH = urllib3.Retry(total=5, backoff_factor=0.2, status_forcelist=(503,), allowed_methods=None)


@dataclass(frozen=True)
class Client:
    """`url` ends before /api; every method raises Unavailable with the sentence of the API's own problem."""

    url: str
    key: str

    def register_target(self, name: str, block: Document) -> Document:
        return self._send("POST", "targets", {"name": name, "target": block})

    def upload(self, name: str, records: pd.DataFrame) -> Document:
        file = ("records.csv", records.to_csv(index=False).encode(), "text/csv")
        fields: dict[str, str | bytes | tuple[str, str | bytes, str]] = {"name": name, "file": file}
        body, kind = urllib3.encode_multipart_formdata(fields)
        return _document(self._ask("POST", "datasets", body, kind))

    def submit(self, spec: Document) -> Document:
        return self._send("POST", "audits", spec)

    def audit(self, audit_id: str) -> Document:
        return _document(self._ask("GET", f"audits/{audit_id}"))

    def result(self, audit_id: str) -> Document:
        return _document(self._ask("GET", f"audits/{audit_id}/result"))

    def report(self, audit_id: str, form: str) -> bytes:
        return self._ask("GET", f"audits/{audit_id}/report?format={form}")

    def _send(self, method: str, path: str, document: Document) -> Document:
        return _document(self._ask(method, path, json.dumps(document).encode(), "application/json"))

    def _ask(self, method: str, path: str, body: bytes | None = None, kind: str | None = None) -> bytes:
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": str(uuid.uuid4())}
        if kind is not None:
            headers["Content-Type"] = kind
        try:
            answer = urllib3.request(
                method, f"{self.url}/api/v1/{path}", body=body, headers=headers, timeout=TIMEOUT, retries=OFTEN_ENOUGH
            )
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"the API does not answer ({type(error).__name__}); the logs of the demo say why") from None
        if answer.status >= 400:
            raise Unavailable(f"the API answered {answer.status}: {_problem(answer.data)}")
        return answer.data


def _document(data: bytes) -> Document:
    loaded: Document = json.loads(data)
    return loaded


def _problem(data: bytes) -> str:
    """The sentence of a problem document (RFC 9457)."""
    try:
        document = json.loads(data)
    except ValueError:
        return "no reason given"
    first = (document.get("errors") or [{}])[0]
    return str(first.get("sentence") or document.get("detail") or document.get("title") or "no reason given")


def wait_until_ready(url: str, seconds: float = 60.0) -> None:
    """Returns once the address answers 200; raises Unavailable after a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if urllib3.request("GET", url, timeout=2, retries=False).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.1)
    raise Unavailable(f"{url} was not ready within {seconds:.0f} s")
