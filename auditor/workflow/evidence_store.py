"""Evidence as arrays and back: findings can be graded again from what is stored, bit for bit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.domain.data import Sensitive
from auditor.domain.evidence import AttributeGuesses, Evidence, MembershipScores, SurrogateLabels

Arrays = dict[str, NDArray[Any]]


def to_arrays(evidence: Evidence) -> Arrays:
    """Plain arrays, no objects; an attribute's values are not stored, they follow from the data."""
    match evidence:
        case MembershipScores():
            arrays = {"target": evidence.target, "pseudo_targets": evidence.pseudo_targets, "membership": evidence.membership}
            return arrays if evidence.rows is None else arrays | {"rows": evidence.rows}
        case AttributeGuesses():
            return {"rows": evidence.rows, "scores": evidence.scores}
        case SurrogateLabels():
            return {
                "queries": evidence.queries,
                "rows": evidence.rows,
                "labels": evidence.labels,
                "uniform_labels": evidence.uniform_labels,
                "uniform": evidence.uniform,
            }


def from_arrays(arrays: Mapping[str, NDArray[Any]], attribute: Sensitive | None) -> Evidence:
    if "pseudo_targets" in arrays:
        return MembershipScores(arrays["target"], arrays["pseudo_targets"], arrays["membership"], arrays.get("rows"))
    if "scores" in arrays:
        if attribute is None:
            raise ValueError("guesses of an attribute need the attribute")
        return AttributeGuesses(attribute, arrays["rows"], arrays["scores"])
    return SurrogateLabels(
        np.asarray(arrays["queries"]), arrays["rows"], arrays["labels"], arrays["uniform_labels"], arrays["uniform"]
    )
