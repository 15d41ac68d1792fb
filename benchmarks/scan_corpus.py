"""Files of models, harmless and crafted, that scanners are tried on. None is ever loaded, and their commands would only echo."""

import base64
import gzip
import io
import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

COMMAND = "echo this would have run"


class Runs:
    """Pickles to a call of `function`."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.made_of = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.made_of


@dataclass(frozen=True)
class Case:
    """`truth`: harmful | harmless | safe format. `name` has the ending that scanners go by."""

    what: str
    name: str
    truth: str
    make: Callable[[], bytes]


def evil() -> Runs:
    return Runs(os.system, COMMAND)


def _model() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    features = np.random.default_rng(0).normal(size=(60, 3))
    return RandomForestClassifier(3, random_state=0).fit(features, (features[:, 0] > 0).astype(int))


def _pipeline() -> Any:
    """Named columns and labels that are text: arrays of objects, which joblib pickles within its own stream."""
    import pandas as pd
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    frame = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "hours": [1.0, 4.0, 2.0, 3.0]})
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, ["no", "no", "yes", "yes"])


def _joblib(value: Any, compress: Any = 0) -> bytes:
    import joblib

    file = io.BytesIO()
    joblib.dump(value, file, compress=compress)
    return file.getvalue()


def _skops() -> bytes:
    import skops.io

    return bytes(skops.io.dumps(_model()))


def _onnx() -> bytes:
    from skl2onnx import to_onnx

    return bytes(to_onnx(_model(), np.zeros((1, 3), np.float32)).SerializeToString())


def _safetensors() -> bytes:
    from safetensors.numpy import save

    return bytes(save({"layers.0.weight": np.ones((2, 3)), "layers.0.bias": np.zeros(2)}))


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def _objects(value: Any) -> np.ndarray[Any, Any]:
    array = np.empty(1, dtype=object)
    array[0] = value
    return array


def _torch(content: Any, wrong_sum: bool = False) -> bytes:
    """The layout of torch.save since 1.6."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content, 2))
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/data/0", b"\x00" * 16)
    data = file.getvalue()
    if not wrong_sum:
        return data
    summed = zipfile.ZipFile(io.BytesIO(data)).getinfo("archive/data.pkl").CRC.to_bytes(4, "little")
    return data.replace(summed, b"\xde\xad\xbe\xef")


def _npz(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.npy", _npy(array))
    return file.getvalue()


def _scipy() -> bytes:
    import scipy.stats

    crafted = type(scipy.stats.norm)(name="norm")
    crafted._parse_arg_template = f"import os; os.system({COMMAND!r})"
    return pickle.dumps(crafted)


def _text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def _call(names: bytes, *arguments: str) -> bytes:
    return b"\x80\x04" + names + b"(" + b"".join(map(_text, arguments)) + b"tR."


def _polyglot() -> bytes:
    """An array of numbers for joblib, instructions for the plain interpreter."""
    code = b"0cos\nsystem\n(S'echo'\ntR."
    data = _joblib(np.frombuffer(code, dtype="u1")).replace(b"numpy_array_alignment_bytes", b"xumpy_array_alignment_bytes")
    start = data.index(code)
    return data[: data.rindex(b"b", 0, start) + 1] + data[start:]


BY_MEMO = b"\x80\x04" + _text("os") + b"\x940" + _text("system") + b"\x940h\0h\1\x93" + _text("echo") + b"\x85R."
OS_SYSTEM = _text("os") + _text("system") + b"\x86R" + _text("echo") + b"\x85R."
BY_UFUNC = b"\x80\x04cnumpy._core\n_ufunc_reconstruct\n" + OS_SYSTEM
BY_GETATTR = b"\x80\x04cbuiltins\ngetattr\ncbuiltins\n__import__\n" + OS_SYSTEM.replace(b"\x8c\x06", b"\x85R\x8c\x06", 1)


def _exec_of_base64() -> bytes:
    return pickle.dumps(Runs(exec, Runs(base64.b64decode, base64.b64encode(b"1"))))


def _gzip_with_wrong_sum() -> bytes:
    return gzip.compress(pickle.dumps(evil()))[:-8] + bytes(8)


def _behind_an_array() -> bytes:
    return _joblib([np.arange(9), evil()], ("zlib", 3))


def _by_module() -> bytes:
    return _call(b"csklearn.datasets._base\nos.system\n", "echo")


def _writes_a_file() -> bytes:
    return _call(b"csklearn.datasets._openml\nGzipFile\n", "scan-trace", "w")


CASES = (
    Case("random forest, pickle", "model.pkl", "harmless", lambda: pickle.dumps(_model())),
    Case("random forest, joblib", "model.joblib", "harmless", lambda: _joblib(_model())),
    Case("random forest, joblib by zlib", "model.joblib", "harmless", lambda: _joblib(_model(), ("zlib", 3))),
    Case("pipeline with text labels, joblib", "model.joblib", "harmless", lambda: _joblib(_pipeline())),
    Case("array of text objects, .npy", "array.npy", "harmless", lambda: _npy(_objects("a"))),
    Case("tensor-less PyTorch archive", "model.pt", "harmless", lambda: _torch({"weight": [1.0]})),
    Case("random forest, skops", "model.skops", "safe format", _skops),
    Case("random forest, ONNX", "model.onnx", "safe format", _onnx),
    Case("two tensors, safetensors", "model.safetensors", "safe format", _safetensors),
    Case("array of numbers, .npy", "array.npy", "safe format", lambda: _npy(np.arange(4))),
    Case("os.system, protocol 0", "model.pkl", "harmful", lambda: pickle.dumps(evil(), 0)),
    Case("os.system, protocol 5", "model.pkl", "harmful", lambda: pickle.dumps(evil(), 5)),
    Case("os.system by INST", "model.pkl", "harmful", lambda: b"(S'echo'\nios\nsystem\n."),
    Case("os.system behind an array, joblib", "model.joblib", "harmful", lambda: _joblib({"a": np.arange(9), "z": evil()})),
    Case("os.system in objects, joblib", "model.joblib", "harmful", lambda: _joblib(_objects(evil()))),
    Case("os.system behind an array, joblib by zlib", "model.joblib", "harmful", _behind_an_array),
    Case("os.system, joblib by lzma", "model.joblib", "harmful", lambda: _joblib(evil(), ("lzma", 3))),
    Case("os.system, gzip with a wrong check sum", "model.pkl.gz", "harmful", _gzip_with_wrong_sum),
    Case("array for joblib, instructions for pickle", "model.joblib", "harmful", _polyglot),
    Case("os.system in objects, .npy", "array.npy", "harmful", lambda: _npy(_objects(evil()))),
    Case("os.system in objects, .npz", "arrays.npz", "harmful", lambda: _npz(_objects(evil()))),
    Case("os.system, PyTorch archive", "model.pt", "harmful", lambda: _torch(evil())),
    Case("os.system, PyTorch archive, wrong check sum", "model.pt", "harmful", lambda: _torch(evil(), True)),
    Case("exec of base64", "model.pkl", "harmful", _exec_of_base64),
    Case("pickle within a pickle", "model.pkl", "harmful", lambda: pickle.dumps(Runs(pickle.loads, pickle.dumps(evil())))),
    Case("a second pickle behind the first", "model.pkl", "harmful", lambda: pickle.dumps([1]) + pickle.dumps(evil())),
    Case("os.system, then broken off", "model.pkl", "harmful", lambda: pickle.dumps(evil())[:-1] + b"\xff"),
    Case("name from the memo", "model.pkl", "harmful", lambda: BY_MEMO),
    Case("os.system by numpy's ufuncs", "model.pkl", "harmful", lambda: BY_UFUNC),
    Case("os.system by a module of scikit-learn", "model.pkl", "harmful", _by_module),
    Case("getattr chain to os.system", "model.pkl", "harmful", lambda: BY_GETATTR),
    Case("GzipFile of scikit-learn, writes a file", "model.pkl", "harmful", _writes_a_file),
    Case("distribution of scipy that carries code", "model.pkl", "harmful", _scipy),
    Case("runpy.run_path", "model.pkl", "harmful", lambda: _call(b"crunpy\nrun_path\n", "x.py")),
    Case("webbrowser.open", "model.pkl", "harmful", lambda: _call(b"cwebbrowser\nopen\n", "http://127.0.0.1/")),
    Case("pip.main", "model.pkl", "harmful", lambda: _call(b"cpip\nmain\n", "install")),
    Case("numpy.load of another file", "model.pkl", "harmful", lambda: _call(b"cnumpy\nload\n", "other.npy")),
)  # fmt: skip
