"""What servers say of their models' inputs: enough to probe them without a file of records."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from auditor.__main__ import main
from auditor.domain.data import ColumnType
from auditor.errors import InvalidInput
from auditor.querying import Guard
from auditor.querying.described import MADE_UP, described
from auditor.testing.servers import ModelServer

GUARD = Guard(allow_loopback=True)
KINDS = {
    "age": ColumnType.INTEGER,
    "hours": ColumnType.NUMBER,
    "work": ColumnType.STRING,
    "owner": ColumnType.BOOLEAN,
}
PERSON = {
    "type": "object",
    "properties": {
        "age": {"type": "integer"},
        "hours": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "work": {"type": "string"},
        "owner": {"type": ["boolean", "null"]},
    },
}
TENSORS = [
    {"name": "age", "datatype": "INT64", "shape": [-1, 1]},
    {"name": "hours", "datatype": "FP32", "shape": [-1]},
    {"name": "work", "datatype": "BYTES", "shape": [-1, 1]},
    {"name": "owner", "datatype": "BOOL", "shape": [-1, 1]},
]


def openapi(path: str) -> dict[str, Any]:
    """A batch of people under `instances`, by reference, as FastAPI writes it."""
    batch = {"type": "object", "properties": {"instances": {"type": "array", "items": {"$ref": "#/components/schemas/Person"}}}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Batch"}}}}
    return {"paths": {path: {"post": {"requestBody": body}}}, "components": {"schemas": {"Batch": batch, "Person": PERSON}}}


def swagger(path: str) -> dict[str, Any]:
    """A body parameter, as Azure's inference server writes it."""
    schema = {"type": "object", "properties": {"data": {"type": "array", "items": PERSON}}}
    return {"paths": {path: {"post": {"parameters": [{"in": "body", "schema": schema}]}}}}


def score(frame: pd.DataFrame) -> Any:
    p = 1 / (1 + np.exp(-(frame["age"].to_numpy(dtype=float) - 50) / 20))
    return np.column_stack([1 - p, p])


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(score) as running:
        yield running


@pytest.mark.parametrize(
    ("page", "document"),
    [
        ("/v2/models/model", {"name": "model", "inputs": TENSORS}),
        ("/openapi.json", openapi("/v2/models/model/infer")),
        ("/swagger.json", swagger("/v2/models/model/infer")),
        ("/schema.json", {"routes": [{"route": "/v2/models/model/infer", "input": {"properties": {"rows": {"items": PERSON}}}}]}),
    ],
)
def test_columns_are_read_with_their_types(server: ModelServer, page: str, document: dict[str, Any]) -> None:
    server.pages[page] = document
    found = described(server.open_inference, GUARD, 5.0)
    assert found is not None
    assert {column.name: column.type for column in found.columns} == KINDS
    assert found.page == page
    sample = found.sample()
    assert list(sample) == list(KINDS)
    assert len(sample) == MADE_UP
    assert server.seen.rows == 0


def test_one_matrix_is_as_many_numbers(server: ModelServer) -> None:
    server.pages["/v2/models/model"] = {"inputs": [{"name": "x", "datatype": "FP64", "shape": [-1, 3]}]}
    found = described(server.open_inference, GUARD, 5.0)
    assert found is not None
    assert [column.name for column in found.columns] == ["x_0", "x_1", "x_2"]


LOOP = {"$ref": "#/components/schemas/Loop"}
NOTHING: dict[str, Any] = {
    "no inputs": {"name": "model", "inputs": []},
    "no columns": {"inputs": [{"name": "x", "datatype": "FP64", "shape": [-1, -1]}]},
    "images": {"inputs": [{"name": "x", "datatype": "FP64", "shape": [-1, 3, 32, 32]}]},
    "twice": {"inputs": [TENSORS[0], TENSORS[0]]},
    "odd": {"inputs": ["x", 3, None]},
    "unknown type": {"inputs": [{"name": "x", "datatype": "COMPLEX", "shape": [-1]}]},
    "too wide": {"inputs": [{"name": "x", "datatype": "FP64", "shape": [-1, 10**9]}]},
    "a list": [1, 2],
    "a loop": {
        "paths": {"/v2/models/model/infer": {"post": {"requestBody": {"content": {"application/json": {"schema": LOOP}}}}}},
        "components": {"schemas": {"Loop": LOOP}},
    },
    "another path": openapi("/other"),
}


@pytest.mark.parametrize("document", NOTHING.values(), ids=NOTHING)
def test_what_tells_no_columns_is_no_description(server: ModelServer, document: Any) -> None:
    server.pages |= {"/v2/models/model": document, "/openapi.json": document}
    assert described(server.open_inference, GUARD, 5.0) is None


def test_addresses_are_guarded_here_too() -> None:
    with pytest.raises(InvalidInput, match=r"address|private|metadata|allow"):
        described("http://169.254.169.254/v2/models/model/infer", Guard(), 1.0)


class TestCommand:
    @pytest.fixture
    def probe(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
        monkeypatch.setenv("AUDITOR_HOME", str(tmp_path / "home"))

        def run(*arguments: str) -> tuple[int, str, str]:
            code = main(["probe", *arguments])
            said = capsys.readouterr()
            return code, said.out, said.err

        return run

    def test_an_address_is_enough_where_the_server_describes_its_model(
        self, server: ModelServer, probe: Callable[..., Any]
    ) -> None:
        server.pages["/v2/models/model"] = {"inputs": TENSORS}
        code, said, _ = probe(server.open_inference)
        assert code == 0
        block = yaml.safe_load(said)["target"]
        assert (block["protocol"], block["rows"], block["output"]) == ("open-inference", "records", "probabilities")
        assert "as /v2/models/model describes them" in said

    def test_else_a_file_is_asked_for(self, server: ModelServer, probe: Callable[..., Any]) -> None:
        code, _, error = probe(server.open_inference)
        assert code == 2
        assert "--data: this server does not describe its model's inputs" in error

    def test_a_label_names_a_column_of_a_file(self, server: ModelServer, probe: Callable[..., Any]) -> None:
        server.pages["/v2/models/model"] = {"inputs": TENSORS}
        code, _, error = probe(server.open_inference, "--label", "income")
        assert code == 2
        assert "'income'" in error
