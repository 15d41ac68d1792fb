"""What an attack gets: exactly what its threat model grants, and nothing else."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.attack import Attack, Checkpoint, Context, Query, Training
from auditor.domain.data import AuditData, ColumnType, Records, Sensitive
from auditor.domain.learner import Learner
from auditor.domain.seeds import derive
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Profile
from auditor.domain.threat import Knows, Sees
from auditor.errors import AttackFailed


def context_for(
    attack: Attack, data: AuditData, profile: Profile, query: Query, checkpoint: Checkpoint, grants: Mapping[str, Any]
) -> Context:
    """`grants` may hold learner, shadows, sensitive, seed, query_limit, parameters, fresh, recorded, counterfactual: each is
    passed on only if the threat model knows it."""
    knows = attack.threat_model.knows
    sensitive: Sensitive | None = grants.get("sensitive")
    shadows: ShadowOutputs | None = grants.get("shadows")
    learner: Learner | None = grants.get("learner")
    blind = attack.threat_model.sees is Sees.NOTHING
    return Context(
        seed=derive(grants["seed"], attack.name, sensitive.name if sensitive else ""),
        profile=profile,
        columns=data.columns,
        query=forbidden if blind else query,
        checkpoint=checkpoint,
        candidates=_candidates(data, attack, sensitive),
        shadows=shadows if {Knows.CANDIDATES, Knows.LEARNER} <= knows or attack.kind == "membership" else None,
        auxiliary=data.auxiliary if Knows.POPULATION in knows and len(data.auxiliary) else None,
        learner=learner if Knows.LEARNER in knows else None,
        sensitive=sensitive,
        query_limit=grants.get("query_limit", 0),
        parameters=grants.get("parameters") if attack.threat_model.sees is Sees.PARAMETERS else None,
        fresh=None if blind else grants.get("fresh", query),
        recorded=grants.get("recorded"),
        bounds=data.bounds,
        training=training_of(data) if Knows.OTHER_RECORDS in knows else None,
        counterfactual=grants.get("counterfactual") if attack.threat_model.explained else None,
    )


def training_of(data: AuditData) -> Training:
    """The members, and what else the target was trained on."""
    rows, rest = np.flatnonzero(data.is_member), data.training
    members = data.candidates.take(rows)
    if rest is None or not len(rest):
        return Training(members, rows)
    values = None if members.values is None or rest.values is None else np.concatenate([members.values, rest.values])
    features = pd.concat([members.features, rest.features], ignore_index=True)
    records = Records(features, np.concatenate([members.labels, rest.labels]), values)
    return Training(records, np.concatenate([rows, np.full(len(rest), -1)]))


def forbidden(frame: pd.DataFrame) -> NDArray[np.float64]:
    raise AttackFailed("A baseline without the model may not ask the model.")


def _candidates(data: AuditData, attack: Attack, sensitive: Sensitive | None) -> Records:
    """The records in question; labels are -1 where the adversary does not know them, the sensitive cells are missing."""
    labels = data.candidates.labels
    if Knows.TRUE_LABEL not in attack.threat_model.knows:
        labels = np.full_like(labels, -1)
    features = data.candidates.features
    if sensitive is not None:
        features = features.copy()
        types = {c.name: c.type for c in data.columns}
        for column in sensitive.columns:
            features[column] = _blank(len(features), types[column])
    values = data.candidates.values if Knows.TRUE_LABEL in attack.threat_model.knows else None
    return Records(features, labels, values)


def _blank(rows: int, kind: ColumnType) -> pd.Series:
    if kind.is_numeric:
        return pd.Series(np.full(rows, np.nan))
    return pd.Series([None] * rows, dtype=object)
