"""One file a format, each with `load(data) -> Model`. Everything here runs in the child process alone."""

import codecs
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


def import_ahead(kind: FileKind) -> None:
    """What a library would import when it first meets it in a file, or answers; for processes that can open no file then."""
    if kind is FileKind.SKOPS:
        from sklearn.utils.discovery import all_estimators

        all_estimators()
        codecs.lookup("cp437")  # of the names in an archive
        _answer_once()


def _answer_once() -> None:
    """A small pipeline over texts and numbers, whose libraries import their parts on the way."""
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    frame = pd.DataFrame({"text": ["a", "b"], "number": [0.0, 1.0]})
    columns = make_column_transformer((OneHotEncoder(), ["text"]), remainder="passthrough")
    make_pipeline(columns, RandomForestClassifier(1)).fit(frame, ["x", "y"]).predict_proba(frame)


def loader(kind: FileKind) -> Callable[[bytes], Model]:
    """Imports what the format needs; raises Refused with the command that installs what is missing."""
    module, libraries = LIBRARIES[kind]
    missing = [name for name in libraries if importlib.util.find_spec(name) is None]
    if missing:
        raise Refused(f"reading {kind} files needs {' and '.join(missing)}; run: pip install 'privacy-attack-auditor[models]'")
    found = importlib.import_module(f"auditor.serving.formats.{module}")
    return cast(Callable[[bytes], Model], found.load)
