"""Where the process that holds a model begins: in namespaces of its own, before a library that may start threads is imported."""

import sys
from types import ModuleType
from typing import cast

from auditor.serving.isolation import enter_namespaces


def main(kind: str, memory_mb: str, seconds: str, weak: str) -> None:
    report = enter_namespaces()
    from auditor.serving.recognise import FileKind

    if kind != FileKind.SKOPS:
        _spare("sklearn")
    from auditor.serving.limits import WEAK, Limits
    from auditor.serving.session import run

    run(report, FileKind(kind), Limits(int(memory_mb), float(seconds), allow_weak=weak == WEAK))


def _spare(library: str) -> None:
    """xgboost and lightgbm import it where it is installed, for wrappers that no file needs; that takes longer than the rest."""
    sys.modules[library] = cast(ModuleType, None)
