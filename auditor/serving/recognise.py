"""What kind of model a file is, by its first bytes and never by its name. Nothing is parsed here."""

import re
from enum import StrEnum

from auditor.errors import InvalidInput

FIELD = "target.model"


class FileKind(StrEnum):
    ONNX = "onnx"
    XGBOOST_JSON = "xgboost-json"
    XGBOOST_UBJ = "xgboost-ubj"
    LIGHTGBM = "lightgbm"
    SAFETENSORS = "safetensors"
    SKOPS = "skops"


CONVERT = (
    "scikit-learn: skops.io.dump(model, file) or skl2onnx; XGBoost: model.save_model('model.json');"
    " LightGBM: booster.save_model('model.txt'); PyTorch: torch.onnx.export or safetensors"
)
PICKLE = "{what}: reading it runs whatever code it holds, so it is never loaded; convert it. " + CONVERT
TAKEN = "give ONNX, XGBoost JSON or UBJ, LightGBM text, safetensors or skops"
START = 4096
ZIP = b"PK\x03\x04"
PROTOCOL_0 = re.compile(rb"(?:\(|c[\w.]+\n[\w.]+\n|[\]})][(.q]|\(?[ldi]p?\d*\n)")
PICKLES = {b"\x80\x02": "a pickle", b"\x80\x03": "a pickle", b"\x80\x04": "a pickle or joblib file", b"\x80\x05": "a pickle"}
PACKED = {b"\x78\x01": "zlib", b"\x78\x5e": "zlib", b"\x78\x9c": "zlib", b"\x78\xda": "zlib", b"\x1f\x8b": "gzip", b"BZh": "bzip2"}
PACKED |= {b"\xfd7zXZ": "xz", b"\x04\x22\x4d\x18": "lz4", b"(\xb5/\xfd": "zstd", b"\x5d\x00\x00": "lzma"}
OTHERS = {
    b"\x89HDF": "an HDF5 file (Keras); export it with tf2onnx",
    b"\x93NUMPY": "a NumPy array, not a model",
    b"CBM1": "a CatBoost file; save it with save_model(..., format='onnx')",
    b"binf": "XGBoost's old binary format, which XGBoost itself no longer reads; save it as model.json",
    b"PAR1": "a Parquet file, not a model",
}


def recognise(data: bytes) -> FileKind:
    """Raises InvalidInput("target.model") for what is not taken, and says how to convert it."""
    start = data[:START]
    if not data:
        raise InvalidInput(FIELD, f"the model file is empty; {TAKEN}")
    _refuse_pickles(data, start)
    for magic, what in OTHERS.items():
        if start.startswith(magic):
            raise InvalidInput(FIELD, f"the file is {what.rstrip('.')}")
    kind = _archive(data) if start.startswith(ZIP) else _by_start(data, start)
    if kind is None:
        raise InvalidInput(FIELD, f"the file is no model of a known format; {TAKEN}")
    return kind


def _refuse_pickles(data: bytes, start: bytes) -> None:
    what = next((what for magic, what in PICKLES.items() if start.startswith(magic)), None)
    if what is None:
        packed = next((name for magic, name in PACKED.items() if start.startswith(magic)), None)
        what = None if packed is None else f"a file compressed with {packed}, as joblib writes pickles"
    if what is None and start.startswith(ZIP) and b"data.pkl" in data:
        what = "a PyTorch archive with a pickle in it"
    if what is None and data.rstrip().endswith(b".") and PROTOCOL_0.match(start):
        what = "a pickle as text"
    if what is not None:
        raise InvalidInput(FIELD, "the file is " + PICKLE.format(what=what))


def _archive(data: bytes) -> FileKind:
    if b"schema.json" in data:
        return FileKind.SKOPS
    raise InvalidInput(FIELD, f"the file is a zip archive, but not of skops; {TAKEN}")


def _by_start(data: bytes, start: bytes) -> FileKind | None:
    if start.startswith((b"tree\n", b"tree\r\n")):
        return FileKind.LIGHTGBM
    if _is_safetensors(data):
        return FileKind.SAFETENSORS
    if re.match(rb"\{[iIUlL]", start):
        return FileKind.XGBOOST_UBJ
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"{"):
        return _json(data)
    if text.startswith(b"<"):
        raise InvalidInput(FIELD, _xml(text))
    return FileKind.ONNX if _is_onnx(start) else None


def _json(data: bytes) -> FileKind:
    if b'"learner"' in data and b'"gradient_booster"' in data:
        return FileKind.XGBOOST_JSON
    raise InvalidInput(FIELD, f"the file is JSON, but not of XGBoost; {TAKEN}")


def _xml(text: bytes) -> str:
    if b"PMML" in text:
        return "the file is PMML, whose readers need Java or misread it; export the model to ONNX"
    return f"the file is XML or HTML; {TAKEN}"


def _is_safetensors(data: bytes) -> bool:
    """Eight bytes with the length of a JSON header, then that header."""
    length = int.from_bytes(data[:8], "little")
    return 2 <= length <= len(data) - 8 and data[8:9] == b"{"


def _is_onnx(start: bytes) -> bool:
    """A protobuf message whose first field is `ir_version`, a small number."""
    return len(start) > 4 and start[0] == 0x08 and 3 <= start[1] <= 32
