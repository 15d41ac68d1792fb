"""Raw tensors both ways, written and read here with code of this test alone."""

import json
import struct

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Rows, Target, WireProtocol
from auditor.domain.target_spec import TargetSpec, check_wire
from auditor.errors import BadAnswer, InvalidInput
from auditor.querying.endpoint import parse_url
from auditor.querying.protocols.binary_tensors import Framed, parsed
from auditor.querying.protocols.open_inference import OpenInference

URL = "http://127.0.0.1:8080/v2/models/income"
COLUMNS = (
    Column("age", ColumnType.INTEGER),
    Column("wage", ColumnType.NUMBER),
    Column("work", ColumnType.STRING),
    Column("old", ColumnType.BOOLEAN),
)
FRAME = pd.DataFrame({"age": [39, -1], "wage": [0.1, 1 / 3], "work": pd.Series(["Büro", ""], dtype=object), "old": [True, False]})


def wire(columns: tuple[Column, ...] = COLUMNS, rows: Rows = Rows.RECORDS, url: str = URL) -> OpenInference:
    target = Target(url, WireProtocol.OPEN_INFERENCE, rows, binary=True)
    return OpenInference(target, columns, parse_url(url))


def taken_apart(body: bytes) -> tuple[dict, dict[str, bytes]]:
    assert isinstance(body, Framed)
    header, at = json.loads(body[: body.header_length]), body.header_length
    raw = {}
    for tensor in header["inputs"]:
        size = tensor["parameters"]["binary_data_size"]
        raw[tensor["name"]], at = bytes(body[at : at + size]), at + size
    assert at == len(body)
    return header, raw


def answer(*outputs: tuple[str, str, list[int], bytes]) -> tuple[bytes, str]:
    told = [{"name": n, "datatype": t, "shape": s, "parameters": {"binary_data_size": len(b)}} for n, t, s, b in outputs]
    header = json.dumps({"model_name": "income", "outputs": told}).encode()
    return header + b"".join(b for *_, b in outputs), str(len(header))


def test_each_column_is_its_bytes() -> None:
    header, raw = taken_apart(wire().encode(FRAME))
    assert [(t["datatype"], t["shape"]) for t in header["inputs"]] == [
        ("INT64", [2, 1]), ("FP64", [2, 1]), ("BYTES", [2, 1]), ("BOOL", [2, 1]),
    ]  # fmt: skip
    assert header["parameters"]["binary_data_output"] is True
    assert struct.unpack("<2q", raw["age"]) == (39, -1)
    assert struct.unpack("<2d", raw["wage"]) == (0.1, 1 / 3)
    assert raw["work"] == struct.pack("<I", 5) + "Büro".encode() + struct.pack("<I", 0)
    assert raw["old"] == b"\x01\x00"


def test_a_matrix_is_one_tensor_and_a_missing_number_is_nan() -> None:
    columns = (Column("a", ColumnType.NUMBER), Column("b", ColumnType.NUMBER))
    frame = pd.DataFrame({"a": [1.5, np.nan], "b": [2.5, 3.5]})
    header, raw = taken_apart(wire(columns, Rows.MATRIX).encode(frame))
    assert header["inputs"][0]["shape"] == [2, 2]
    assert np.array_equal(np.frombuffer(raw["input-0"]), [1.5, 2.5, np.nan, 3.5], equal_nan=True)


def test_the_named_output_is_asked_for_in_bytes() -> None:
    header, _ = taken_apart(wire(url=URL + "#scores").encode(FRAME))
    assert header["outputs"] == [{"name": "scores", "parameters": {"binary_data": True}}]


@pytest.mark.parametrize(("column", "cells"), [("age", [1.0, np.nan]), ("work", ["a", None])])
def test_missing_cells_that_bytes_cannot_carry_are_refused(column: str, cells: list[object]) -> None:
    with pytest.raises(InvalidInput, match="missing cells") as refusal:
        wire().encode(FRAME.assign(**{column: cells}))
    assert refusal.value.field == "target.binary"


def test_numbers_come_back_to_the_last_bit() -> None:
    given_numbers = np.array([[0.1, 0.9], [1 / 3, 2 / 3]])
    reply = wire().decode(parsed(*answer(("p", "FP64", [2, 2], given_numbers.astype("<f8").tobytes()))), 2)
    assert reply.numbers is not None
    assert np.array_equal(reply.numbers, given_numbers)
    single = wire().decode(parsed(*answer(("p", "FP32", [2, 2], given_numbers.astype("<f4").tobytes()))), 2)
    assert single.numbers is not None
    assert np.array_equal(single.numbers, given_numbers.astype(np.float32))


def test_labels_come_back_as_text() -> None:
    raw = struct.pack("<I", 2) + b"no" + struct.pack("<I", 3) + b"yes"
    assert wire().decode(parsed(*answer(("label", "BYTES", [2, 1], raw))), 2).labels == ("no", "yes")


def test_an_output_in_json_beside_bytes_is_read() -> None:
    header = {"outputs": [{"name": "p", "datatype": "FP64", "shape": [1, 2], "data": [0.25, 0.75]}]}
    body = json.dumps(header).encode()
    reply = wire().decode(parsed(body, str(len(body))), 1)
    assert reply.numbers is not None
    assert reply.numbers.tolist() == [[0.25, 0.75]]


@pytest.mark.parametrize(
    ("content", "length", "words"),
    [
        (b"{}", "-1", "length of its header"),
        (b"{}", "99", "length of its header"),
        (b"[]", "2", "no list of outputs"),
        (b'{"outputs":7}', "13", "no list of outputs"),
        (answer(("p", "FP64", [1, 1], b"12345678"))[0] + b"x", answer(("p", "FP64", [1, 1], b"12345678"))[1], "number of bytes"),
        (*answer(("p", "FP64", [1, 1], b"1234567")), "half a number"),
        (*answer(("p", "FP65", [1, 1], b"12345678")), "not known"),
        (*answer(("p", "BYTES", [1, 1], b"\x09\x00\x00\x00abc")), "breaks off"),
        (*answer(("p", "BYTES", [1, 1], b"\x01\x00")), "breaks off"),
    ],
)
def test_bytes_that_do_not_go_together_are_refused(content: bytes, length: str, words: str) -> None:
    with pytest.raises(BadAnswer, match=words):
        parsed(content, length)


@given(st.binary(max_size=300), st.integers(0, 200), st.integers(0, 250), st.integers(0, 255))
def test_a_damaged_answer_is_the_answer_or_an_error_of_ours(tail: bytes, length: int, place: int, byte: int) -> None:
    good, size = answer(("p", "FP64", [2, 2], np.array([0.1, 0.9, 0.5, 0.5]).tobytes()))
    damaged = bytearray(good + tail[:3])
    damaged[place % len(damaged)] = byte
    for given_length in (size, str(length)):
        try:
            wire().decode(parsed(bytes(damaged), given_length), 2)
        except BadAnswer:
            continue


def test_only_open_inference_has_a_binary_form() -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_wire(TargetSpec.model_validate({"url": "https://x/invocations", "protocol": "mlflow", "binary": True}))
    assert refusal.value.field == "target.binary"
