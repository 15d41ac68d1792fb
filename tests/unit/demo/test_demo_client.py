"""The client of the demonstration against the real application, over a transport that calls it in this process."""

import io

import pandas as pd
import pytest
import urllib3

from auditor.demo.client import Client, _problem, wait_until_ready
from auditor.errors import Unavailable


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"title": "Invalid", "errors": [{"field": "target", "sentence": "give an id"}]}', "give an id"),
        (b'{"title": "Not found", "detail": "there is no such audit"}', "there is no such audit"),
        (b'{"title": "Not found"}', "Not found"),
        (b'{"errors": []}', "no reason given"),
        (b"<html>", "no reason given"),
    ],
)
def test_the_sentence_of_a_problem_is_what_people_read(body, said):
    assert _problem(body) == said


class Wire:
    """Stands in for urllib3.request: keeps what was asked, answers from a script."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, method, url, **more):
        self.asked.append((method, url, more))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return urllib3.HTTPResponse(io.BytesIO(body), status=status, preload_content=True)


@pytest.fixture
def wired(monkeypatch):
    def wire(*answers):
        made = Wire(*answers)
        monkeypatch.setattr(urllib3, "request", made)
        return made, Client("http://127.0.0.1:8000", "pat_key")

    return wire


def test_every_request_carries_the_key_and_a_key_of_its_own_against_repetition(wired):
    wire, client = wired((200, b"{}"), (200, b"{}"))
    client.audit("a")
    client.submit({"name": "x"})
    headers = [more["headers"] for _, _, more in wire.asked]
    assert {h["Authorization"] for h in headers} == {"Bearer pat_key"}
    assert headers[0]["Idempotency-Key"] != headers[1]["Idempotency-Key"]


def test_records_are_uploaded_as_a_csv_in_a_form(wired):
    wire, client = wired((201, b'{"id": "1"}'))
    assert client.upload("members", pd.DataFrame({"a": [1, 2]})) == {"id": "1"}
    method, url, more = wire.asked[0]
    assert (method, url) == ("POST", "http://127.0.0.1:8000/api/v1/datasets")
    assert more["headers"]["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b"a\n1\n2\n" in more["body"]
    assert b'name="name"\r\n\r\nmembers\r\n' in more["body"]


def test_a_target_and_an_audit_are_sent_as_json(wired):
    wire, client = wired((201, b"{}"), (202, b"{}"))
    client.register_target("income", {"url": "http://127.0.0.1:1/"})
    client.submit({"spec": 1})
    assert [url.rpartition("/")[2] for _, url, _ in wire.asked] == ["targets", "audits"]
    assert wire.asked[0][2]["body"] == b'{"name": "income", "target": {"url": "http://127.0.0.1:1/"}}'


def test_reports_come_as_bytes(wired):
    wire, client = wired((200, b"%PDF-"))
    assert client.report("a", "pdf") == b"%PDF-"
    assert wire.asked[0][1].endswith("/api/v1/audits/a/report?format=pdf")


def test_a_refusal_is_the_apis_own_sentence(wired):
    _, client = wired((422, b'{"errors": [{"sentence": "name a column"}]}'))
    with pytest.raises(Unavailable, match=r"^the API answered 422: name a column$"):
        client.submit({})


def test_silence_is_one_sentence(wired):
    _, client = wired(urllib3.exceptions.MaxRetryError(None, "/", None))
    with pytest.raises(Unavailable, match="the API does not answer"):
        client.result("a")


def test_waiting_ends_with_the_first_good_answer(wired):
    wire, _ = wired(urllib3.exceptions.NewConnectionError(None, "refused"), (503, b""), (200, b""))
    wait_until_ready("http://127.0.0.1:8000/health", seconds=5)
    assert len(wire.asked) == 3


def test_waiting_has_an_end():
    with pytest.raises(Unavailable, match="was not ready within 0 s"):
        wait_until_ready("http://127.0.0.1:1/", seconds=0)
