"""Files that are damaged, crafted or of the wrong kind: refused with a sentence, or contained in their process."""

import io
import json
import pickle
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from auditor.errors import InvalidInput
from auditor.serving.limits import Limits
from auditor.serving.recognise import FileKind, recognise
from auditor.serving.served import Served, open_model
from tests import model_files

CRAFTED = "damaged or crafted"


class Readers:
    """One process a format, so that a file costs a request and not an interpreter; a process that ended is started anew."""

    def __init__(self) -> None:
        self._open: dict[FileKind, Served] = {}
        self._whole = {
            FileKind.XGBOOST_JSON: model_files.xgboost_file,
            FileKind.LIGHTGBM: model_files.lightgbm_file,
            FileKind.SKOPS: model_files.skops_file,
            FileKind.ONNX: model_files.onnx_file,
            FileKind.SAFETENSORS: model_files.perceptron_file,
        }

    def of(self, kind: FileKind) -> Served:
        if kind not in self._open or self._open[kind].ended is not None:
            self._open[kind] = open_model(self._whole[kind]().data, Limits(seconds=5.0))
        return self._open[kind]

    def refuses(self, kind: FileKind, data: bytes, says: str) -> None:
        with pytest.raises(InvalidInput, match=says) as refusal:
            self.of(kind).load(data)
        assert refusal.value.field == "target.model"

    def close(self) -> None:
        for served in self._open.values():
            served.close()


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    made = Readers()
    yield made
    made.close()


def edited(place: str, position: int, value: Any) -> bytes:
    """The XGBoost file with one number of its first tree replaced."""
    document = json.loads(model_files.xgboost_file().data)
    document["learner"]["gradient_booster"]["model"]["trees"][0][place][position] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ("left_children", 10_000, "outside its tree"),
        ("right_children", -7, "outside its tree"),
        ("left_children", 0, "go round for ever"),
        ("split_indices", 99, "beyond the 4"),
        ("split_indices", -3, "below 0"),
        ("split_conditions", float("nan"), "NaN"),
        ("default_left", "yes", "not a whole XGBoost model"),
    ],
)
def test_crafted_trees_of_xgboost(readers: Readers, place: str, value: Any, says: str) -> None:
    readers.refuses(FileKind.XGBOOST_JSON, edited(place, 0, value), says)


def test_columns_of_different_lengths(readers: Readers) -> None:
    document = json.loads(model_files.xgboost_file().data)
    document["learner"]["gradient_booster"]["model"]["trees"][0]["split_conditions"].pop()
    readers.refuses(FileKind.XGBOOST_JSON, json.dumps(document).encode(), "not a whole XGBoost model")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("left_child", "99", "outside its tree"),
        ("left_child", "-99", "outside its tree"),
        ("right_child", "0", "for ever"),
        ("split_feature", "44", "beyond the 4"),
        ("leaf_value", "nan", "not finite"),
        ("num_leaves", "1000000", "numbers as"),
    ],
)
def test_crafted_trees_of_lightgbm(readers: Readers, name: str, value: str, says: str) -> None:
    lines = model_files.lightgbm_file().data.decode().splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(f"{name}="))
    rest = lines[at].split("=")[1].split(" ")[1:]
    lines[at] = f"{name}=" + " ".join([value, *rest])
    readers.refuses(FileKind.LIGHTGBM, "\n".join(lines).encode(), says)


def onnx_with(change: Any) -> bytes:
    import onnx

    model = onnx.load_model_from_string(model_files.onnx_file().data)
    change(model)
    return bytes(model.SerializeToString())


def attribute(model: Any, name: str) -> Any:
    return next(a for node in model.graph.node for a in node.attribute if a.name == name)


def external(model: Any) -> None:
    import onnx

    tensor = onnx.helper.make_tensor("far", onnx.TensorProto.FLOAT, [1], [0.0])
    tensor.ClearField("float_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    model.graph.initializer.append(tensor)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (external, "in another file"),
        (lambda m: m.opset_import.add(domain="com.example", version=1), "com.example"),
        (lambda m: setattr(m.graph.node[0], "domain", "com.example"), "com.example"),
        (lambda m: m.functions.add(name="f", domain=""), "of its own"),
        (lambda m: attribute(m, "nodes_truenodeids").ints.__setitem__(0, 10_000), "do not fit together"),
        (lambda m: attribute(m, "nodes_truenodeids").ints.__setitem__(0, 0), "for ever"),
        (lambda m: attribute(m, "nodes_featureids").ints.__setitem__(0, -2), "do not fit together"),
        (lambda m: attribute(m, "class_ids").ints.__setitem__(0, 2**40), "do not fit together"),
        (lambda m: attribute(m, "nodes_modes").strings.__setitem__(0, b"BRANCH_GT"), "not checked here"),
    ],
)
def test_crafted_onnx(readers: Readers, change: Any, says: str) -> None:
    readers.refuses(FileKind.ONNX, onnx_with(change), says)


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"activation": "step"}, "choose relu"),
        ({"output": "probit"}, "choose softmax"),
        ({"classes": "no, yes"}, "no JSON list"),
        ({"classes": '["a"]'}, "1 classes"),
        ({"features": '["a"]'}, "1 features"),
    ],
)
def test_perceptrons_whose_metadata_do_not_fit(readers: Readers, metadata: dict[str, str], says: str) -> None:
    readers.refuses(FileKind.SAFETENSORS, model_files.perceptron_file(**metadata).data, says)


@pytest.mark.parametrize(
    ("tensors", "says"),
    [
        ({"weight": np.ones((2, 2))}, "layers.0.weight"),
        ({"layers.0.weight": np.ones((2, 3)), "layers.0.bias": np.ones(3)}, "shapes"),
        ({"layers.0.weight": np.full((2, 3), np.inf), "layers.0.bias": np.ones(2)}, "not finite"),
        ({"layers.0.weight": np.ones(4), "layers.0.bias": np.ones(4)}, "shapes"),
    ],
)
def test_perceptrons_whose_layers_do_not_fit(readers: Readers, tensors: dict[str, Any], says: str) -> None:
    from safetensors.numpy import save

    readers.refuses(FileKind.SAFETENSORS, save(tensors), says)


def archive(**parts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def test_skops_with_types_that_nobody_listed_names_them(readers: Readers) -> None:
    schema = {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "content": {}, "__id__": 1}
    document = json.dumps({**schema, "protocol": 2, "_skops_version": "0.12"})
    readers.refuses(FileKind.SKOPS, archive(schema__json=document), r"trusted ones: .*os\.system|not a whole skops model")


def test_a_zip_bomb_is_not_unpacked(readers: Readers) -> None:
    bomb = bytearray(archive(schema__json="{}", big="0" * 1000))
    size = bomb.rindex(b"PK\x01\x02") + 24  # of the last entry of the directory
    bomb[size : size + 4] = (1_100_000_000).to_bytes(4, "little")
    readers.refuses(FileKind.SKOPS, bytes(bomb), "unpacks to 1,100,000,002 bytes")


@pytest.mark.parametrize("kind", [FileKind.XGBOOST_JSON, FileKind.LIGHTGBM, FileKind.SKOPS, FileKind.ONNX, FileKind.SAFETENSORS])
def test_half_a_file_is_refused(readers: Readers, kind: FileKind) -> None:
    whole = readers._whole[kind]().data
    with pytest.raises(InvalidInput):
        readers.of(kind).load(whole[: len(whole) // 2])


@pytest.mark.parametrize("protocol", range(6))
def test_pickles_are_never_loaded_and_the_sentence_says_how_to_convert(protocol: int) -> None:
    with pytest.raises(InvalidInput, match=r"never loaded; convert it\. scikit-learn: skops"):
        recognise(pickle.dumps({"model": [1, 2.5, "x"]}, protocol))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\x1f\x8b" + bytes(20), "gzip"),
        (b"PK\x03\x04 archive/data.pkl", "PyTorch"),
        (b"PK\x03\x04 other", "not of skops"),
        (b"\x89HDF\r\n", "HDF5"),
        (b"<?xml version='1.0'?><PMML>", "PMML"),
        (b'{"a": 1}', "not of XGBoost"),
        (b"hello", "no model of a known format"),
    ],
)
def test_what_is_no_model_is_told(data: bytes, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        recognise(data)


def test_a_file_that_is_too_large_is_not_sent_anywhere() -> None:
    with pytest.raises(InvalidInput, match="at most 1,000,000"):
        open_model(b"tree\n" + b"x" * 1_000_001, Limits(file_mb=1))
