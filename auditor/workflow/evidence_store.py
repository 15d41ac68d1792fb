"""Evidence as arrays and back: findings can be graded again from what is stored, bit for bit."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Sensitive
from auditor.domain.evidence import (
    AttributeGuesses,
    CanarySignals,
    Check,
    Copies,
    Disclosures,
    Evidence,
    MembershipScores,
    PropertyGuess,
    Reconstructions,
    SurrogateLabels,
    SurrogateValues,
)
from auditor.domain.finding import Severity

Arrays = dict[str, NDArray[Any]]


def to_arrays(evidence: Evidence) -> Arrays:
    """Plain arrays, no objects; an attribute's values are not stored, they follow from the data."""
    match evidence:
        case MembershipScores():
            arrays = {"target": evidence.target, "pseudo_targets": evidence.pseudo_targets, "membership": evidence.membership}
            return arrays if evidence.rows is None else arrays | {"rows": evidence.rows}
        case AttributeGuesses():
            guesses = {"rows": evidence.rows, "scores": evidence.scores}
            return guesses if evidence.cases is None else guesses | {"cases": evidence.cases}
        case SurrogateLabels() | SurrogateValues():
            return _of_copy(evidence)
        case CanarySignals():
            return {"signals": evidence.signals}
        case PropertyGuess():
            said = _text([evidence.column, evidence.value, list(evidence.ratios), evidence.records, evidence.threshold])
            return {"votes": evidence.votes, "distances": evidence.distances, "target": evidence.target, "said": said}
        case Disclosures():
            checks: Arrays = {"checks": _text([check.as_json() for check in evidence.checks])}
            return checks if evidence.boxed is None else checks | {"boxed": np.array(evidence.boxed, dtype=np.intp)}

        case Reconstructions():
            return _of_claims(evidence)


def _of_copy(evidence: Copies) -> Arrays:
    arrays: Arrays = {"queries": evidence.queries, "rows": evidence.rows, "uniform": evidence.uniform}
    if isinstance(evidence, SurrogateLabels):
        arrays |= {"labels": evidence.labels, "uniform_labels": evidence.uniform_labels}
    else:
        arrays |= {"values": evidence.values, "uniform_values": evidence.uniform_values}
    if evidence.figures or evidence.notes:
        arrays["said"] = _text([dict(evidence.figures), list(evidence.notes)])
    return arrays if evidence.copied is None else arrays | {"copied": evidence.copied}


def _of_claims(evidence: Reconstructions) -> Arrays:
    """Numbers as they are; texts, truth values and missing ones as JSON."""
    frame = evidence.records
    numeric = [name for name in frame.columns if frame[name].dtype.kind in "fi"]
    others = {str(name): [None if pd.isna(cell) else cell for cell in frame[name]] for name in frame.columns if name not in numeric}
    said = {
        "columns": [[str(name), str(frame[name].dtype)] for name in frame.columns],
        "others": others,
        "figures": dict(evidence.figures),
        "notes": list(evidence.notes),
        "is_each": evidence.is_each,
    }
    numbers = frame[numeric].to_numpy(dtype=np.float64)
    arrays: Arrays = {"claimed": evidence.labels, "sureness": evidence.scores, "numbers": numbers, "said": _text(said)}
    return arrays if evidence.rows is None else arrays | {"rows": evidence.rows}


def _claims(arrays: Mapping[str, NDArray[Any]]) -> Reconstructions:
    said = _value(arrays["said"])
    numbers = iter(np.asarray(arrays["numbers"]).T)
    columns = {
        name: pd.Series(said["others"][name], dtype=object) if name in said["others"] else pd.Series(next(numbers)).astype(dtype)
        for name, dtype in said["columns"]
    }
    frame, notes = pd.DataFrame(columns), tuple(said["notes"])
    each = (said.get("is_each", False), arrays.get("rows"))
    return Reconstructions(frame, arrays["claimed"], arrays["sureness"], said["figures"], notes, *each)


def _text(value: Any) -> NDArray[np.uint8]:
    """A JSON value as bytes, since arrays of objects are never stored."""
    return np.frombuffer(json.dumps(value, allow_nan=False).encode(), dtype=np.uint8)


def _value(text: NDArray[Any]) -> Any:
    return json.loads(text.astype(np.uint8).tobytes())


def from_arrays(arrays: Mapping[str, NDArray[Any]], attribute: Sensitive | None) -> Evidence:
    if "pseudo_targets" in arrays:
        return MembershipScores(arrays["target"], arrays["pseudo_targets"], arrays["membership"], arrays.get("rows"))
    if "signals" in arrays:
        return CanarySignals(arrays["signals"])
    if "votes" in arrays:
        column, value, ratios, *rest = _value(arrays["said"])
        return PropertyGuess(column, value, tuple(ratios), arrays["votes"], arrays["distances"], arrays["target"], *rest)
    if "scores" in arrays:
        if attribute is None:
            raise ValueError("guesses of an attribute need the attribute")
        return AttributeGuesses(attribute, arrays["rows"], arrays["scores"], arrays.get("cases"))
    if "claimed" in arrays:
        return _claims(arrays)
    if "checks" in arrays:
        checks = tuple(Check(**(c | {"severity": Severity(c["severity"])})) for c in _value(arrays["checks"]))
        return Disclosures(checks, tuple(map(int, arrays["boxed"])) if "boxed" in arrays else None)
    return _copy(arrays)


def _copy(arrays: Mapping[str, NDArray[Any]]) -> Copies:
    figures, notes = _value(arrays["said"]) if "said" in arrays else ({}, [])
    queries, rows, uniform = np.asarray(arrays["queries"]), arrays["rows"], arrays["uniform"]
    more = (figures, tuple(notes), arrays.get("copied"))
    if "values" in arrays:
        return SurrogateValues(queries, rows, arrays["values"], arrays["uniform_values"], uniform, *more)
    return SurrogateLabels(queries, rows, arrays["labels"], arrays["uniform_labels"], uniform, *more)
