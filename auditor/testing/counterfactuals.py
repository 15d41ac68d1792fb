"""Services that explain, in the shapes that real ones have: what they are asked as JSON, and what they answer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from auditor.domain.counterfactual import Bounds, Counterfactuals, Explain
from auditor.domain.data import Column

Service = Callable[[Any], Any]
KSERVE_BODY: Mapping[str, Any] = {"instances": ["$row"], "parameters": {"permitted_range": "$ranges"}}
KSERVE_RECORD, KSERVE_LABEL = "data.cf.X[0]", "data.orig_class"
PLAIN_BODY: Mapping[str, Any] = {"record": "$record", "lower": "$lower", "upper": "$upper", "levels": "$levels"}
PLAIN_RECORD = "counterfactual"


def as_kserve(explain: Explain, columns: Sequence[Column]) -> Service:
    """The V1 `:explain` of KServe, asked with KSERVE_BODY, with an explanation of Alibi as answer."""

    def answer(document: Any) -> Any:
        record = pd.DataFrame(document["instances"], columns=[column.name for column in columns])
        told = explain(record, [_bounds(document["parameters"]["permitted_range"], columns)])
        found = {"X": _row(told), "class": None} if told.found[0] else None
        own = int(told.labels[0])
        return {"meta": {"name": "Counterfactual"}, "data": {"cf": found, "all": [], "orig_class": None if own < 0 else own}}

    return answer


def as_plain(explain: Explain, columns: Sequence[Column]) -> Service:
    """A record by its fields and its bounds apart, asked with PLAIN_BODY; the counterfactual by its fields as answer, or null."""

    def answer(document: Any) -> Any:
        ranges = {name: [low, document["upper"][name]] for name, low in document["lower"].items()} | document["levels"]
        told = explain(pd.DataFrame([document["record"]]), [_bounds(ranges, columns)])
        names = [column.name for column in columns]
        return {"counterfactual": dict(zip(names, _row(told)[0], strict=True)) if told.found[0] else None}

    return answer


def _bounds(ranges: Mapping[str, Any], columns: Sequence[Column]) -> Bounds:
    numbers = {c.name: (float(ranges[c.name][0]), float(ranges[c.name][1])) for c in columns if c.type.is_numeric}
    return Bounds(numbers, {c.name: tuple(ranges[c.name]) for c in columns if not c.type.is_numeric})


def _row(told: Counterfactuals) -> list[list[Any]]:
    return [list(row) for row in told.records.astype(object).to_numpy().tolist()]
