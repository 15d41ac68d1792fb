"""The same model in this process and behind every protocol in every form gives the same numbers, and the probe finds them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import SPOKEN, Adapter, Output, Profile, Rows, Target, WireProtocol
from auditor.errors import TargetRefused
from auditor.querying import Guard, MemoryLedger, QueryClient, http_transport, probe
from auditor.querying.faults import BatchTooLarge
from auditor.querying.transport import HttpTransport
from auditor.testing.servers import Fault, ModelServer, Script

COLUMNS = (
    Column("age", ColumnType.INTEGER),
    Column("hours", ColumnType.NUMBER),
    Column("work", ColumnType.STRING),
    Column("own", ColumnType.BOOLEAN),
)
CLASSES = ("no", "yes")
FORMS = [(p, r) for p, forms in SPOKEN.items() for r in forms if p is not WireProtocol.JSON]
ADAPTERS = {
    "litserve": Adapter({"input": "$record"}, "output"),
    "fastapi": Adapter({"rows": "$records"}, "result.scores"),
    "seldon": Adapter({"data": {"names": "$names", "ndarray": "$rows"}}, "data.ndarray"),
}


def records(n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    work = pd.Series(rng.choice(["État", 'a "b", c', "x"], n).tolist(), dtype=object)
    own = pd.Series([bool(v) for v in rng.integers(0, 2, n)], dtype=object)
    frame = pd.DataFrame({"age": rng.integers(18, 90, n), "hours": rng.random(n) * 60, "work": work, "own": own})
    frame.loc[5, "work"] = None
    frame.loc[6, "own"] = None
    return frame


def score(frame: pd.DataFrame) -> Any:
    z = (frame["age"].to_numpy(dtype=float) - 40) / 9 + frame["hours"].to_numpy(dtype=float) / 60
    if "work" in frame:
        z = z + (frame["work"] == "État").to_numpy() - 2.0 * frame["own"].map(lambda v: v is True).to_numpy()
    p = 1 / (1 + np.exp(-z))
    return np.column_stack([1 - p, p])


def door(server: ModelServer, protocol: str, rows: Rows = Rows.RECORDS, adapter: Adapter | None = None) -> HttpTransport:
    kind = WireProtocol.JSON if adapter else WireProtocol(protocol)
    target = Target(server.url(protocol), kind, rows, adapter=adapter)
    columns = COLUMNS[:2] if rows is Rows.MATRIX else COLUMNS
    return http_transport(target, columns, None, Guard(allow_loopback=True), timeout=5.0)


def asked(transport: HttpTransport, frame: pd.DataFrame) -> Any:
    profile = Profile(Output.PROBABILITIES, CLASSES, batch_size=transport.most_rows or 16)
    return QueryClient(transport, MemoryLedger(), profile)(frame)


@pytest.mark.parametrize(("protocol", "rows"), FORMS)
def test_answers_are_those_of_the_model_to_the_last_bit(protocol: WireProtocol, rows: Rows) -> None:
    frame = records()[["age", "hours"]] if rows is Rows.MATRIX else records()
    names = tuple(frame.columns)
    with ModelServer(score, columns=names) as server:
        assert np.array_equal(asked(door(server, protocol, rows), frame), score(frame))
        assert server.seen.rows == len(frame)


@pytest.mark.parametrize("name", ADAPTERS)
def test_the_adapter_asks_servers_that_have_no_protocol(name: str) -> None:
    frame = records()
    with ModelServer(score, columns=tuple(frame.columns)) as server:
        assert np.array_equal(asked(door(server, name, adapter=ADAPTERS[name]), frame), score(frame))


@pytest.mark.parametrize("protocol", ["mlflow", "torchserve", "litserve"])
def test_the_probe_finds_the_profile_and_asks_one_by_one_where_it_must(protocol: str) -> None:
    frame, ledger = records(), MemoryLedger()
    with ModelServer(score, columns=tuple(frame.columns)) as server:
        transport = door(server, protocol, adapter=ADAPTERS.get(protocol))
        found = probe(transport, ledger, Target(server.url(protocol)), frame, CLASSES)
        assert ledger.spent == server.seen.rows <= 700
    assert (found.output, found.deterministic, found.batch_dependent) == (Output.PROBABILITIES, True, False)
    assert (found.batch_size == 1) == (protocol != "mlflow")


def test_decimals_are_found_one_by_one_as_well() -> None:
    """The first records are answered in tenths; that the model knows hundredths shows in later ones only."""
    frame = pd.DataFrame({"age": np.arange(40), "hours": 1.0})

    def coarse(asked: pd.DataFrame) -> Any:
        p = np.where(asked["age"].to_numpy(dtype=float) < 20, 0.9, 0.85)
        return np.column_stack([np.round(1 - p, 2), p])

    with ModelServer(coarse, columns=("age", "hours")) as server:
        found = probe(door(server, "torchserve", Rows.MATRIX), MemoryLedger(), Target(server.url("torchserve")), frame, CLASSES)
    assert (found.batch_size, found.decimals) == (1, 2)


def test_noise_is_found_one_by_one_as_well() -> None:
    rng = np.random.default_rng(0)

    def noisy(frame: pd.DataFrame) -> Any:
        p = rng.random(len(frame))
        return np.column_stack([1 - p, p])

    frame = records()
    with ModelServer(noisy, columns=tuple(frame.columns)) as server:
        found = probe(door(server, "torchserve"), MemoryLedger(), Target(server.url("torchserve")), frame, CLASSES)
    assert not found.deterministic


@pytest.mark.parametrize(
    ("protocol", "fault", "kind"),
    [
        ("mlflow", Fault(400, body=b'{"error_code": "BAD_REQUEST", "message": "no such column"}'), TargetRefused),
        ("sagemaker", Fault(413, body=b"Payload too large"), BatchTooLarge),
        ("sagemaker", Fault(424, body=b'{"ErrorCode": "X", "Message": "no such column"}'), TargetRefused),
        ("vertex", Fault(400, body=b'{"error": {"code": 400, "message": "no such column", "status": "X"}}'), TargetRefused),
        ("seldon", Fault(400, body=b'{"status": {"code": -1, "info": "no such column", "status": "FAILURE"}}'), TargetRefused),
    ],
)
def test_a_refusal_tells_what_the_server_says(protocol: str, fault: Fault, kind: type[Exception]) -> None:
    frame = records().head(3)
    with ModelServer(score, Script(always=fault), tuple(frame.columns)) as server, pytest.raises(kind) as refusal:
        door(server, protocol).ask(frame)
    if kind is TargetRefused:
        assert ": no such column); check" in str(refusal.value)


def test_answers_in_csv_and_json_lines_are_read() -> None:
    frame = records().head(2)
    said = [
        Fault(body=b"0.25,0.75\n0.5,0.5\n", content_type="text/csv; charset=utf-8"),
        Fault(body=b'{"score": 0.75}\n{"score": 0.5}\n', content_type="application/jsonlines"),
    ]
    with ModelServer(score, Script(said), tuple(frame.columns)) as server:
        transport = door(server, "sagemaker", Rows.CSV)
        assert asked(transport, frame).tolist() == [[0.25, 0.75], [0.5, 0.5]]
        assert server.seen.headers["Accept"] == "text/csv, application/json;q=0.9"
        assert asked(door(server, "sagemaker", Rows.LINES), frame).tolist() == [[0.25, 0.75], [0.5, 0.5]]
        assert server.seen.headers["Content-Type"] == "application/jsonlines"
