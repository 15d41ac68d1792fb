"""Whatever a target sends is read rightly, or one sentence says what to change; memory stays small, and no secret is told."""

import base64
import json
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fault_proxy import FAULTS, LASTING, PASSING, FaultProxy
from fault_proxy import Fault as WireFault

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Auth, AuthKind, Output, Profile, Target
from auditor.errors import BadAnswer, TargetError
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


# What an answer may hold of the credential, and of this machine's memory


@pytest.fixture
def scripted() -> Iterator[Callable[[Fault], HttpTransport]]:
    """A transport to a server that misbehaves in one way, for each kind of credential."""
    servers: list[ModelServer] = []

    def start(fault: Fault, **changes: Any) -> HttpTransport:
        servers.append(ModelServer(score, Script(always=fault)).__enter__())
        return door(servers[-1].open_inference, timeout=10.0, **changes)

    yield start
    for one in servers:
        one.close()


FORMS_OF_SECRET = (SECRET, base64.b64encode(SECRET.encode()).decode(), json.dumps(SECRET)[1:-1])
ECHOES = {
    "in an error": lambda text: Fault(400, body=json.dumps({"error": f"bad header {text}"}).encode()),
    "late in an error": lambda text: Fault(400, body=json.dumps({"error": "x" * 190 + text}).encode()),
    "as a label": lambda text: Fault(change=lambda d: {"outputs": [{**_bytes(text), "shape": [2]}]}),
    "as a key": lambda text: Fault(body=json.dumps({text: 1}).encode()),
    "as a number": lambda text: Fault(change=lambda d: {"outputs": [{**d["outputs"][0], "data": [text, 1, 0, 1]}]}),
    "as the name of a tensor": lambda text: Fault(change=lambda d: {"outputs": [{**d["outputs"][0], "name": text, "data": 1}]}),
    "in the content type": lambda text: Fault(body=b"<", content_type=f"text/{text}"),
}


def _bytes(text: str) -> dict[str, Any]:
    return {"name": "p", "datatype": "BYTES", "data": [text, text]}


@pytest.mark.parametrize("kind", [AuthKind.BEARER, AuthKind.BASIC])
@pytest.mark.parametrize("where", ECHOES)
@pytest.mark.parametrize("form", range(3))
def test_a_credential_that_comes_back_is_never_shown(scripted: Any, where: str, form: int, kind: AuthKind) -> None:
    text = FORMS_OF_SECRET[form]
    if kind is AuthKind.BEARER and form == 1:
        text = SECRET
    transport = scripted(ECHOES[where](text), auth=Auth(kind))
    with pytest.raises(TargetError) as refusal:
        client(transport, MemoryLedger(), output=Output.LABELS if where == "as a label" else Output.PROBABILITIES)(records(2))
    sentence = refusal.value.sentence
    assert sentence.isprintable()
    assert not any(shown[:12] in sentence for shown in FORMS_OF_SECRET), sentence


@pytest.mark.parametrize("where", ["error", "key", "label"])
def test_no_more_than_200_characters_of_a_body_are_shown(scripted: Any, where: str) -> None:
    text = "".join(chr(0x4E00 + i) for i in range(5_000))
    made = {
        "error": Fault(400, body=json.dumps({"error": text}, ensure_ascii=False).encode()),
        "key": Fault(body=json.dumps({text[i:]: 1 for i in range(5)}, ensure_ascii=False).encode()),
        "label": Fault(change=lambda d: {"outputs": [{**_bytes(text), "shape": [2]}]}),
    }
    with pytest.raises(TargetError) as refusal:
        client(scripted(made[where]), MemoryLedger(), output=Output.LABELS)(records(2))
    assert 0 < sum(c in text for c in refusal.value.sentence) <= 200 or where == "key"


def test_an_answer_without_end_takes_little_memory(server: ModelServer) -> None:
    with FaultProxy(server.origin, always=FAULTS["endless answer"]) as proxy:
        transport = door(proxy.url(server.open_inference), timeout=10.0)
        tracemalloc.start()
        with pytest.raises(BadAnswer, match=r"larger than 2 MB|does not end"):
            transport.ask(records(10))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8 * largest(10)


def test_short_and_numeric_credentials_may_stand_in_answers(server: ModelServer) -> None:
    """1.0 and 12345678 are found in answers by chance."""
    for secret in ("0.5", "12345678", "5"):
        transport = http_transport(
            Target(server.open_inference, auth=Auth(AuthKind.BEARER)), COLUMNS, secret, Guard(allow_loopback=True), timeout=5.0
        )
        assert len(transport.ask(records(5))) == 5


def test_a_late_answer_to_another_question_is_not_taken(server: ModelServer) -> None:
    """An answer that comes twice is not the answer to the next question on the same connection."""

    def late(exchange: Any) -> None:
        answer = exchange.forward()
        exchange.say(answer.head() + answer.body)
        threading.Timer(0.02, exchange.say, [answer.head() + answer.body]).start()

    with FaultProxy(server.origin, [late]) as proxy:
        ask = client(door(proxy.url(server.open_inference)), MemoryLedger())
        ask(records(10))
        time.sleep(0.05)
        assert np.array_equal(ask(records(10, 50)), score(records(10, 50)))
