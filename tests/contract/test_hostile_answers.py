"""Whatever a target sends, the client answers rightly or says in one sentence what to change; it stays small and keeps no secret."""

import base64
import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fault_proxy import FAULTS, LASTING, PASSING, FaultProxy, answered_twice, garbage_after_the_answer, negative_chunk, well
from fault_proxy import Fault as WireFault

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Auth, AuthKind, Output, Profile, Rows, Target, WireProtocol
from auditor.errors import BadAnswer, TargetError, TargetUnreachable
from auditor.querying import Guard, MemoryLedger, QueryClient, Rate, http_transport, record_digests
from auditor.querying.transport import HttpTransport, largest
from auditor.testing.servers import Fault, ModelServer, Script

COLUMNS = (Column("age", ColumnType.NUMBER),)
CLASSES = ("no", "yes")
SECRET = "s3cret/of+the=model"
LONGEST_SENTENCE = 500


def records(n: int, start: int = 0) -> pd.DataFrame:
    return pd.DataFrame({"age": np.arange(start, start + n, dtype=float)})


def score(frame: pd.DataFrame) -> Any:
    p = 1 / (2 + frame["age"].to_numpy(dtype=float) % 97)
    return np.column_stack([1 - p, p])


def door(url: str, timeout: float = 0.4, **changes: Any) -> HttpTransport:
    auth = Auth(AuthKind.BEARER)
    return http_transport(Target(url, **{"auth": auth, **changes}), COLUMNS, SECRET, Guard(allow_loopback=True), timeout=timeout)


def client(transport: HttpTransport, ledger: MemoryLedger, **changes: Any) -> QueryClient:
    profile = Profile(**{"output": Output.PROBABILITIES, "classes": CLASSES, "batch_size": 10, **changes})
    return QueryClient(transport, ledger, profile, Rate(sleep=lambda seconds: None))


def is_a_sentence(text: str) -> bool:
    return text.isprintable() and len(text) <= LONGEST_SENTENCE and text.endswith(".") and SECRET not in text


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer(score) as running:
        yield running


@pytest.fixture
def seen(server: ModelServer) -> Callable[[], int]:
    """Rows that the server saw since the test began."""
    before = server.seen.rows
    return lambda: server.seen.rows - before


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: fault.__name__)
def test_a_fault_that_passes_leaves_the_right_answers(server: ModelServer, seen: Callable[[], int], fault: WireFault) -> None:
    ledger, asked = MemoryLedger(), records(40)
    with FaultProxy(server.origin, [None, fault, None, fault]) as proxy:
        answers = client(door(proxy.url(server.open_inference)), ledger)(asked)
        assert proxy.met == [fault, fault]
    assert np.array_equal(answers, score(asked))
    assert ledger.spent >= seen() >= len(asked)


@pytest.mark.parametrize("fault", LASTING, ids=lambda fault: fault.__name__)
def test_a_fault_of_the_server_itself_is_one_sentence(server: ModelServer, seen: Callable[[], int], fault: WireFault) -> None:
    """What was answered before it is kept, and nothing of the spoilt exchange."""
    ledger, asked = MemoryLedger(), records(40)
    with FaultProxy(server.origin, [None, fault]) as proxy:
        ask = client(door(proxy.url(server.open_inference), timeout=5.0), ledger)
        with pytest.raises(BadAnswer) as refusal:
            ask(asked)
        assert is_a_sentence(refusal.value.sentence)
        assert ledger.spent >= seen()
        assert np.array_equal(ask(asked), score(asked)), "the next try begins on a clean connection"
    assert ledger.spent >= seen()


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_never_ends_is_told_and_nothing_is_recorded(server: ModelServer, seen: Callable[[], int], name: str) -> None:
    ledger, asked = MemoryLedger(), records(3)
    with FaultProxy(server.origin, always=FAULTS[name]) as proxy:
        ask = client(door(proxy.url(server.open_inference), timeout=0.1), ledger)
        if name == "latency":
            assert np.array_equal(ask(asked), score(asked))
            return
        with pytest.raises(TargetError) as refusal:
            ask(asked)
    assert is_a_sentence(refusal.value.sentence)
    assert ledger.spent >= seen()
    assert ledger.answered(record_digests(asked)) == {}
