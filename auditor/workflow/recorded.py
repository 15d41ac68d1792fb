"""What finished steps recorded, as values: the target's profile, its answers, the learner and the shadow models."""

import numpy as np
from numpy.typing import NDArray

from auditor.domain.audit import StepKind
from auditor.domain.learner import Learner, Task
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Profile
from auditor.learners import check
from auditor.querying import record_digests
from auditor.shadows import design, pool, trainers
from auditor.store import ledger
from auditor.workflow import profiles
from auditor.workflow.material import Material
from auditor.workflow.services import Services


def profile_of(material: Material) -> Profile:
    return profiles.from_json(material.results["probe"]["profile"])


def task_of(material: Material) -> Task:
    return material.spec.target_block.task


def learner_of(material: Material) -> Learner:
    """The learner that `choose` recorded; audits without shadows fall back to what was declared."""
    chosen = material.results.get("choose")
    if chosen is not None:
        return Learner(chosen["learner"]["name"], chosen["learner"]["params"], task_of(material))
    declared = material.spec.learner
    return check(Learner("xgboost" if declared.name == "auto" else declared.name, dict(declared.params), task_of(material)))


def device_of(material: Material) -> str:
    """What `choose` recorded that shadows are trained on: a worker that goes on with an audit does not choose again."""
    return str(material.results.get("choose", {}).get("device", trainers.CPU))


def shadows_of(services: Services, material: Material, count: int) -> ShadowOutputs | None:
    """The first `count` shadows as the target's channel would show them."""
    digests = {int(i): d for key, r in material.results.items() if key.startswith("shadows:") for i, d in r["digests"].items()}
    if not digests:
        return None
    indices = list(range(count))
    name, workspace = pool.array_name(task_of(material)), material.audit.workspace_id
    with services.database.read() as tx:
        first = services.artifacts.get_arrays(tx, workspace, digests[0])[name]
        stored = np.empty((count, *first.shape), dtype=first.dtype)
        for i in indices:
            stored[i] = services.artifacts.get_arrays(tx, workspace, digests[i])[name] if i else first
    masks = design.halves(material.data.candidates, indices, material.spec.seed)
    return pool.outputs(stored, masks, profile_of(material))


def answers_of(services: Services, material: Material) -> NDArray[np.float64] | None:
    """(n, C) what the target answered about the candidates, NaN where it was never asked; None if it was asked about nobody, but
    for the few of the probe."""
    if not any(step.kind is StepKind.ASK for step in material.steps):
        return None
    digests = record_digests(material.data.candidates.features)
    with services.database.read() as tx:
        found = ledger.lookup(tx, material.audit.id, digests)
    if not found:
        return None
    nothing = np.full(len(next(iter(found.values()))), np.nan)
    return np.stack([found.get(digest, nothing) for digest in digests])
