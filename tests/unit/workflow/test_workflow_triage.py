"""What a result says beforehand: with and without a stated configuration, with and without answers."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from test_plan import DOCUMENT, done

from auditor.domain.audit import Audit, AuditStatus, NewStep, Queue, StepKind
from auditor.domain.data import AuditData, Column, ColumnType, Records
from auditor.domain.spec import parse
from auditor.workflow.material import Material
from auditor.workflow.triage import triage_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
N = 200
IS_MEMBER = np.arange(N) < N // 2
PROBE = NewStep("probe", StepKind.PROBE, 0, Queue.QUERY)
PROFILE = {"output": "probabilities", "classes": ["no", "yes"], "notes": [], "decimals": 1}
COINS = {"canaries": "c", "key": "k", "label": "y"}
CONFIGURATION = {"risk", "rules", "residual_freedom", "sentence", "source"}


def material(**changes: Any) -> Material:
    spec = parse({**DOCUMENT, **changes})
    records = Records(pd.DataFrame({"age": np.arange(N, dtype=float)}), np.zeros(N, np.intp))
    data = AuditData((Column("age", ColumnType.NUMBER),), ("no", "yes"), records, IS_MEMBER, records)
    steps = (done(PROBE, {"profile": PROFILE, "members": N // 2}),)
    return Material(Audit("a", "w", "n", {}, AuditStatus.RUNNING, NOW), spec, data, steps)


def answers() -> NDArray[np.float64]:
    """Members are answered 0.2 or, six of them, 0; non-members all 0.2."""
    yes = np.full(N, 0.2)
    yes[:6] = 0.04  # one decimal is kept
    return np.column_stack([1 - yes, yes])


def told(of: Material, given: NDArray[np.float64] | None) -> dict[str, Any]:
    found = triage_of(of, given)
    assert found is not None
    return found


def test_both_parts_stand_in_a_result() -> None:
    found = told(material(), answers())
    assert found.keys() == CONFIGURATION | {"structure"}
    assert found["risk"] == "high"


def test_cells_are_counted_on_what_the_channel_keeps() -> None:
    members = told(material(), answers())["structure"]["members"]
    assert (members["records"], members["cells"], members["small"], members["ruled_out_cells"]) == (100, 2, 6, 0)


def test_where_nothing_is_stated_the_cells_stand_alone() -> None:
    assert told(material(learner="auto"), answers()).keys() == {"structure"}


def test_where_nobody_was_asked_the_configuration_stands_alone() -> None:
    assert told(material(), None).keys() == CONFIGURATION
    assert told(material(), np.full((N, 2), np.nan)).keys() == CONFIGURATION


def test_with_neither_there_is_no_triage() -> None:
    assert triage_of(material(learner="auto"), None) is None


def test_canaries_form_no_cells() -> None:
    assert triage_of(material(learner="auto", data=COINS), answers()) is None
