"""Formats, archives and compressed data are told by content and read without trusting what they say of themselves."""

import bz2
import gzip
import io
import json
import pickle
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auditor.domain.finding import Outcome, Severity
from auditor.errors import InvalidInput
from auditor.intake.scan import Kind, Limits, ScanReport, scan
from auditor.intake.scan.opinions import Scanner, opinions
from benchmarks.scan_corpus import CASES, Case, evil

EXPECTED = {"harmful": Outcome.BREACH, "harmless": Outcome.INCONCLUSIVE, "safe format": Outcome.PASS}
NEEDS = {"skops": "skops", "onnx": "skl2onnx", "safetensors": "safetensors"}


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., ScanReport]:
    def looked(data: bytes, **options: Any) -> ScanReport:
        path = tmp_path / "model"
        path.write_bytes(data)
        return scan(path, **options)

    return looked


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def kinds(report: ScanReport) -> set[Kind]:
    return {s.kind for s in report.sightings}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.what)
def test_the_corpus(case: Case, look: Callable[..., ScanReport]) -> None:
    pytest.importorskip(NEEDS.get(case.name.rpartition(".")[2], "numpy"))
    report = look(case.make())
    assert report.outcome is EXPECTED[case.truth], report.sightings
    assert report.executes is (case.truth != "safe format")


class TestCompressed:
    EVIL = pickle.dumps(evil())

    @pytest.mark.parametrize(
        "data", [gzip.compress(EVIL), zlib.compress(EVIL), bz2.compress(EVIL), gzip.compress(gzip.compress(EVIL))], ids=range(4)
    )
    def test_what_is_inside_is_read(self, look: Callable[..., ScanReport], data: bytes) -> None:
        assert "system" in look(data).runs()[0]

    def test_what_can_be_read_of_damaged_data_is(self, look: Callable[..., ScanReport]) -> None:
        report = look(gzip.compress(self.EVIL)[:-12])
        assert Kind.IRREGULAR in kinds(report)
        assert report.outcome is not Outcome.PASS

    def test_a_bomb_is_not_unpacked(self, look: Callable[..., ScanReport]) -> None:
        report = look(gzip.compress(b"\x80\x04" + bytes(50_000_000)), limits=Limits(unpacked_bytes=1_000_000))
        assert kinds(report) == {Kind.UNREAD}

    def test_layers_without_end(self, look: Callable[..., ScanReport]) -> None:
        data = self.EVIL
        for _ in range(10):
            data = gzip.compress(data)
        assert Kind.UNREAD in kinds(look(data))


class TestZip:
    def test_a_bomb_is_not_unpacked(self, look: Callable[..., ScanReport]) -> None:
        data = zipped(("a/data.pkl", bytes(20_000_000)), method=zipfile.ZIP_DEFLATED)
        assert Kind.UNREAD in kinds(look(data, limits=Limits(unpacked_bytes=1_000_000)))

    @pytest.mark.parametrize("at", [6, 8], ids=["encrypted", "another compression"])
    def test_a_header_that_contradicts_the_directory(self, look: Callable[..., ScanReport], at: int) -> None:
        data = bytearray(zipped(("a/data.pkl", pickle.dumps(evil()))))
        data[at] ^= 1
        report = look(bytes(data))
        assert "system" in report.runs()[0]
        assert Kind.IRREGULAR in kinds(report)

    def test_another_name_in_the_header_of_the_member(self, look: Callable[..., ScanReport]) -> None:
        data = zipped(("a/data.pkl", pickle.dumps([1]))).replace(b"a/data.pkl", b"b/data.pkl", 1)
        assert Kind.IRREGULAR in kinds(look(data))

    def test_an_archive_without_a_directory(self, look: Callable[..., ScanReport]) -> None:
        assert look(zipped(("a/data.pkl", b"x"))[:-20]).outcome is Outcome.INCONCLUSIVE

    def test_an_unknown_archive_never_passes(self, look: Callable[..., ScanReport]) -> None:
        assert look(zipped(("readme", b"hello"))).outcome is Outcome.INCONCLUSIVE


class TestFormats:
    def test_a_foreign_type_in_skops(self, look: Callable[..., ScanReport]) -> None:
        def schema(module: str, name: str) -> bytes:
            return zipped(
                ("schema.json", json.dumps({"__class__": name, "__module__": module, "__loader__": "ObjectNode"}).encode())
            )

        assert look(schema("sklearn.tree._classes", "DecisionTreeClassifier")).outcome is Outcome.PASS
        assert look(schema("numpy.random.mtrand", "RandomState")).outcome is Outcome.PASS  # of a network that was fitted
        assert look(schema("acme", "Model")).outcome is Outcome.INCONCLUSIVE
        assert look(schema("os", "system")).runs() == ("os.system",)

    def test_lambda_layers_and_named_modules_of_keras(self, look: Callable[..., ScanReport]) -> None:
        def keras(node: dict[str, Any]) -> ScanReport:
            return look(zipped(("metadata.json", b"{}"), ("config.json", json.dumps({"layers": [node]}).encode())))

        assert keras({"class_name": "Dense", "module": "keras.layers", "config": {}}).outcome is Outcome.PASS
        assert keras({"class_name": "Lambda", "module": "keras.layers"}).outcome is Outcome.BREACH
        assert keras({"class_name": "function", "module": "os", "config": "system"}).runs() == ("os.system",)
        assert look(b'\x89HDF\r\n\x1a\n....{"class_name": "Lambda"}').outcome is Outcome.BREACH
        assert look(b"\x89HDF\r\n\x1a\n....").outcome is Outcome.INCONCLUSIVE

    def test_data_and_operators_outside_an_onnx_file(self, look: Callable[..., ScanReport]) -> None:
        def field(number: int, data: bytes) -> bytes:
            return bytes([number << 3 | 2, len(data)]) + data

        node = field(4, b"Evil") + field(7, b"acme.ops")
        tensor = field(13, field(1, b"location") + field(2, b"../secret"))
        operators = look(b"\x08\x08" + field(7, field(1, node)))
        outside = look(b"\x08\x08" + field(7, field(5, tensor)))
        assert "acme.ops.Evil" in operators.sightings[0].sentence
        assert "../secret" in outside.sightings[0].sentence
        assert kinds(operators) == kinds(outside) == {Kind.OUTSIDE}

    @pytest.mark.parametrize(
        ("header", "tail", "outcome"),
        [
            ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, 8, Outcome.PASS),
            ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, 9, Outcome.INCONCLUSIVE),
            ({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}, 8, Outcome.INCONCLUSIVE),
            ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}, 12, Outcome.INCONCLUSIVE),
            ({"a": [1]}, 8, Outcome.INCONCLUSIVE),
        ],
    )
    def test_safetensors(self, look: Callable[..., ScanReport], header: dict[str, Any], tail: int, outcome: Outcome) -> None:
        text = json.dumps(header).encode()
        assert look(len(text).to_bytes(8, "little") + text + bytes(tail)).outcome is outcome

    def test_texts(self, look: Callable[..., ScanReport]) -> None:
        assert look(b'{"learner": {}, "version": [3, 0, 0]}').format == "XGBoost JSON"
        assert look(b"tree\nversion=v4\n").format == "LightGBM text"
        assert look(b'<?xml version="1.0"?><PMML></PMML>').outcome is Outcome.PASS
        assert look(b'<!DOCTYPE x [<!ENTITY a "b">]><PMML></PMML>').outcome is Outcome.INCONCLUSIVE

    @pytest.mark.parametrize("data", [b"", b"hello", b"[" * 100_000, b"\x93NUMPY\x01\x00\x05\x00xxxxx", bytes(range(190, 254))])
    def test_what_is_not_known_never_passes(self, look: Callable[..., ScanReport], data: bytes) -> None:
        assert look(data).outcome is Outcome.INCONCLUSIVE


class TestReport:
    def test_another_file_than_the_declared_one(self, look: Callable[..., ScanReport]) -> None:
        data = np.arange(3).tobytes()
        right = look(data).sha256
        assert Kind.DIGEST not in kinds(look(data, declared=f"sha256:{right.upper()}"[:7] + right))
        assert look(data, declared="0" * 64).outcome is Outcome.BREACH

    def test_the_finding(self, look: Callable[..., ScanReport]) -> None:
        document = look(pickle.dumps(evil())).as_json()
        found = document["finding"]
        assert (found["family"], found["kind"], found["outcome"]) == ("supply-chain", "disclosures", "breach")
        assert (found["severity"], found["score"]) == (str(Severity.CRITICAL), 75.0)
        assert found["checks"][0]["details"]["expression"].endswith(".system('echo this would have run')")
        json.dumps(document)

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="no file"):
            scan(tmp_path / "nothing")

    def test_a_file_larger_than_the_limit(self, look: Callable[..., ScanReport]) -> None:
        assert kinds(look(b"N.", limits=Limits(file_bytes=1))) == {Kind.UNREAD}


class TestOpinions:
    def test_exit_codes_and_a_deadline(self, tmp_path: Path) -> None:
        said = [
            opinions(tmp_path, [Scanner("sh", ("-c", f"{command} #"))], seconds=0.5)[0].flagged
            for command in ("exit 0", "exit 1", "exit 2", "sleep 5")
        ]
        assert said == [False, True, None, None]

    def test_one_that_is_not_installed_has_none(self, tmp_path: Path) -> None:
        assert opinions(tmp_path, [Scanner("no-such-scanner", ())]) == ()
