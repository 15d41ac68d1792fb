"""One file a format, each with `load(data) -> Model`. Everything here runs in the child process alone."""

import importlib
import importlib.util
from collections.abc import Callable
from typing import cast

from auditor.serving.answered import Model
from auditor.serving.recognise import FileKind
from auditor.serving.refused import Refused

LIBRARIES = {
    FileKind.ONNX: ("onnx_file", ("onnx", "onnxruntime")),
    FileKind.XGBOOST_JSON: ("xgboost_file", ("xgboost",)),
    FileKind.XGBOOST_UBJ: ("xgboost_file", ("xgboost",)),
    FileKind.LIGHTGBM: ("lightgbm_text", ("lightgbm",)),
    FileKind.SAFETENSORS: ("safetensors_mlp", ("safetensors",)),
    FileKind.SKOPS: ("skops_file", ("skops",)),
}


def loader(kind: FileKind) -> Callable[[bytes], Model]:
    """Imports what the format needs; raises Refused with the command that installs what is missing."""
    module, libraries = LIBRARIES[kind]
    missing = [name for name in libraries if importlib.util.find_spec(name) is None]
    if missing:
        raise Refused(f"reading {kind} files needs {' and '.join(missing)}; run: pip install 'privacy-attack-auditor[models]'")
    found = importlib.import_module(f"auditor.serving.formats.{module}")
    return cast(Callable[[bytes], Model], found.load)
