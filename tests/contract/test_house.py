"""The size of the house: small modules, short functions, names that have found their concept."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MODULES = sorted(p for folder in ("auditor", "workers", "migrations") for p in (ROOT / folder).rglob("*.py"))
LONGEST_MODULE, LONGEST_P95, LONGEST_FUNCTION = 300, 40, 60
NAMELESS = ("util", "helper", "common", "manager", "misc", "base")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[Path, Function]]:
    for path in MODULES:
        if "migrations/versions" in path.as_posix():  # generated: a table is as long as it is
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, Function):
                yield path, node


def lines_of(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_module_is_short_and_its_name_is_a_concept(path: Path) -> None:
    code = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(code) <= LONGEST_MODULE or "versions" in path.parts
    assert not any(word in path.stem for word in NAMELESS)


def test_functions_are_short() -> None:
    lengths = sorted(lines_of(f) for _, f in functions())
    assert lengths[len(lengths) // 2] <= 10
    assert lengths[int(0.95 * len(lengths))] <= LONGEST_P95
    assert lengths[-1] <= LONGEST_FUNCTION


def test_every_function_is_annotated() -> None:
    bare = [f"{path.name}:{f.lineno} {f.name}" for path, f in functions() if f.returns is None]
    assert bare == []


def test_test_files_have_names_of_their_own() -> None:
    """Tests of all levels are collected in one run, where a name can stand for one file only."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
