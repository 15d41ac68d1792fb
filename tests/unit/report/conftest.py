import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RESULTS = Path(__file__).parents[2] / "fixtures" / "results"
NAMES = sorted(path.stem for path in RESULTS.glob("*.json"))


@pytest.fixture
def load() -> Callable[[str], dict[str, Any]]:
    """A result document by its name in tests/fixtures/results."""
    return lambda name: json.loads((RESULTS / f"{name}.json").read_text("utf-8"))


@pytest.fixture(params=NAMES)
def any_result(request: pytest.FixtureRequest, load: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    return load(request.param)
