import json
from typing import Any

import pytest

from auditor.report import as_json


def test_the_same_document_is_the_same_text_whatever_its_order() -> None:
    assert as_json({"b": 1, "a": {"d": 2, "c": 3}}) == as_json({"a": {"c": 3, "d": 2}, "b": 1})


def test_nothing_is_lost(any_result: dict[str, Any]) -> None:
    assert json.loads(as_json(any_result)) == any_result


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_a_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        as_json({"score": value})


def test_letters_stay_letters() -> None:
    assert "Größe" in as_json({"name": "Größe"})
