"""Requests are written, and answers are read, as the documentation of each service shows them (tests/fixtures/exchanges)."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Output, Profile, Rows, Target, WireProtocol
from auditor.querying.answers import answers
from auditor.querying.endpoint import parse_url
from auditor.querying.protocols import Wire, media, wire_for
from auditor.testing.dialects import BY_PATH, DIALECTS, body_of

FOLDER = Path(__file__).parents[2] / "fixtures" / "exchanges"
Exchange = dict[str, Any]
FOUND = [(path.stem, exchange) for path in sorted(FOLDER.glob("*.json")) for exchange in json.loads(path.read_text("utf-8"))]
ASKED = [(name, one) for name, one in FOUND if "records" in one]
ANSWERED = [(name, one) for name, one in FOUND if "answer" in one or "answer_text" in one]
PATHS = {"kserve-v1": "/v1/models/model:predict"} | {name: dialect.path for name, dialect in DIALECTS.items()}


def called(case: tuple[str, Exchange]) -> str:
    return f"{case[0]}: {case[1]['name']}"


def columns_of(one: Exchange) -> tuple[Column, ...]:
    names = one.get("columns", ["a"])
    types = one.get("types", ["number"] * len(names))
    return tuple(Column(name, ColumnType(kind)) for name, kind in zip(names, types, strict=True))


def wire_of(protocol: str, one: Exchange) -> Wire:
    url = "http://models.example.com" + PATHS[protocol]
    target = Target(url, WireProtocol(protocol), Rows(one.get("rows", "records")), Output(one.get("output", "probabilities")))
    return wire_for(target, columns_of(one), parse_url(url))


def sent(protocol: str, one: Exchange) -> bytes:
    return wire_of(protocol, one).encode(pd.DataFrame(one["records"], columns=one["columns"]))


@pytest.mark.parametrize("case", ASKED, ids=called)
def test_what_is_posted_is_what_the_documentation_posts(case: tuple[str, Exchange]) -> None:
    protocol, one = case
    assert wire_of(protocol, one).content_type == one["content_type"]
    body = sent(protocol, one)
    if one["content_type"] == media.CSV:
        shown, posted = (list(csv.reader(io.StringIO(text))) for text in (one["request_text"], body.decode()))
        assert posted == shown
    else:
        shown = one.get("request") or one["request_text"].encode()
        assert body_of(body, one["content_type"]) == (body_of(shown, media.LINES) if isinstance(shown, bytes) else shown)


@pytest.mark.parametrize("case", ANSWERED, ids=called)
def test_the_documented_answer_is_read(case: tuple[str, Exchange]) -> None:
    protocol, one = case
    content = one.get("answer_text") or json.dumps(one["answer"])
    document = media.parsed(content.encode(), one.get("answer_type", "application/json"))
    reply = wire_of(protocol, one).decode(document, len(one["expected"]))
    found = answers(reply, Profile(Output(one["output"]), tuple(one["classes"])))
    np.testing.assert_allclose(found, np.array(one["expected"], dtype=float), atol=1e-12)


@pytest.mark.parametrize("case", [case for case in ASKED if case[0] in DIALECTS], ids=called)
def test_the_stub_server_reads_the_documented_request(case: tuple[str, Exchange]) -> None:
    protocol, one = case
    content = (one.get("request_text") or json.dumps(one["request"])).encode()
    frame = BY_PATH[PATHS[protocol]].read(body_of(content, one["content_type"]), tuple(one["columns"]))
    assert frame.to_numpy().tolist() == one["records"]
    assert list(frame.columns) == one["columns"]


def test_every_service_that_was_never_asked_is_documented() -> None:
    """Each protocol either stands in the table of real servers, or has exchanges here."""
    real = {"open-inference", "mlflow", "bentoml", "json"}
    assert {str(protocol) for protocol in WireProtocol} - real <= {name for name, _ in FOUND}


def test_each_exchange_names_its_source() -> None:
    assert all(one["source"].startswith("https://") for _, one in FOUND)
