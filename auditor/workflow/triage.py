"""What lets one expect a leak without an attack: the stated configuration, and how the recorded answers repeat."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.learners.encode import Encoding, Numbers, prepare
from auditor.scoring.structure import structure
from auditor.scoring.triage import triage
from auditor.workflow.material import Material
from auditor.workflow.privacy import is_canary
from auditor.workflow.recorded import learner_of, profile_of


def triage_of(material: Material, answers: NDArray[np.float64] | None) -> dict[str, Any] | None:
    """The keys that are known: those of the configuration where the owner has stated it, `structure` where members were asked.

    `answers` (n, C) about the candidates as recorded, None where the target was asked about nobody.
    """
    return {**_configuration(material), **_structure(material, answers)} or None


def _configuration(material: Material) -> dict[str, Any]:
    if material.spec.learner.name == "auto":
        return {}
    data, members = material.data, material.results["probe"]["members"]
    width = Encoding.fit(prepare(data.candidates.features, data.columns), Numbers.SCALED).width
    return triage(learner_of(material), members, width, max(1, len(data.classes))).as_json()


def _structure(material: Material, answers: NDArray[np.float64] | None) -> dict[str, Any]:
    """Canaries are a few of those trained on: cells of canaries alone would all be small."""
    if answers is None or is_canary(material):
        return {}
    found = structure(answers, material.data.is_member, profile_of(material))
    return {} if found is None else {"structure": found.as_json()}
