"""The estimate of an audit that is about to be submitted, or was: with what is stored about its files and its target."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auditor.domain.audit import AuditStatus
from auditor.domain.learner import Learner
from auditor.domain.spec import AuditSpec
from auditor.domain.target import Profile
from auditor.shadows import pool, trainers
from auditor.store import audits, datasets
from auditor.store.engine import Transaction
from auditor.workflow import profiles
from auditor.workflow.estimate import NOTHING, Cost, Files, Reuse, estimate
from auditor.workflow.offer import Offer
from auditor.workflow.services import Services
from auditor.workflow.submit import validate

REMEMBERED = 20  # audits of a target that are looked through for one that has asked it


@dataclass(frozen=True)
class Proposal:
    """A spec with ids of datasets and the block of its target. `offer`: its records, where they were read; `before`: what later
    audits learned about the target plays no part."""

    spec: AuditSpec
    target_id: str | None
    offer: Offer | None = None
    before: datetime | None = None


def foretell(services: Services, workspace_id: str, proposal: Proposal) -> Cost:
    """Raises InvalidInput for what could not run, NotFound for a dataset of another workspace."""
    validate(proposal.spec)
    with services.database.read() as tx:
        records = proposal.offer or _files(tx, workspace_id, proposal.spec)
        profile = known_profile(tx, workspace_id, proposal)
        reuse = reusable(tx, services, workspace_id, proposal)
    return estimate(proposal.spec, records, profile, services.settings.worker_threads, reuse)


def known_profile(tx: Transaction, workspace_id: str, proposal: Proposal) -> Profile | None:
    """What the last completed audit of this very target measured; None where there is none."""
    if proposal.target_id is None:
        return None
    block = proposal.spec.as_json()["target"]
    for earlier in audits.page(tx, workspace_id, limit=REMEMBERED, target_id=proposal.target_id)[0]:
        is_known = earlier.status is AuditStatus.COMPLETED and earlier.spec["target"] == block
        if is_known and (proposal.before is None or earlier.created_at < proposal.before):
            return next(
                profiles.from_json(s.result["profile"]) for s in audits.steps(tx, earlier.id) if s.key == "probe" and s.result
            )
    return None


def reusable(tx: Transaction, services: Services, workspace_id: str, proposal: Proposal) -> Reuse:
    """Shadows of this audit that are in the store, by the content key that the training step will ask for.

    What they are trained on is known where the records were read, or from an earlier audit of the same records; an estimate of the
    past (`before`) does not look at what has been stored since.
    """
    spec = proposal.spec
    earlier = _same_records(tx, workspace_id, spec) if proposal.before is None else None
    pooled = proposal.offer.pool if proposal.offer else (earlier or {}).get("probe", {}).get("pool")
    chosen = (earlier or {}).get("choose", {}).get("learner") if spec.learner.name == "auto" else spec.learner.model_dump()
    if proposal.before is not None or not pooled or not chosen:
        return NOTHING
    learner = Learner(chosen["name"], dict(chosen["params"]), spec.target_block.task)
    versions = trainers.device.versions(learner, trainers.device.of(learner, services.settings.device))
    keys = {pool.key(pooled, learner, index, spec.seed, versions): index for index in range(spec.shadow_looks[-1])}
    found = services.artifacts.find(tx, workspace_id, list(keys))
    return Reuse(frozenset(keys[key] for key in found), learner.name if spec.learner.name == "auto" else None)


def _same_records(tx: Transaction, workspace_id: str, spec: AuditSpec) -> dict[str, dict[str, Any]] | None:
    """What the latest audit of the same records recorded, by step: the same files, columns, seed and classes."""
    ours = _read_from(spec.as_json())
    for earlier in audits.page(tx, workspace_id, limit=REMEMBERED)[0]:
        if _read_from(earlier.spec) == ours:
            done = {s.key: s.result for s in audits.steps(tx, earlier.id) if s.result and s.key in ("probe", "choose")}
            if "pool" in done.get("probe", {}):
                return done
    return None


def _read_from(spec: Mapping[str, Any]) -> tuple[Any, ...]:
    """All that decides which records shadows are trained on; what a spec of an earlier version leaves out is its own value."""
    target = spec["target"]
    return spec["data"], spec.get("seed"), target.get("classes"), target.get("output")


def _files(tx: Transaction, workspace_id: str, spec: AuditSpec) -> Files:
    named = {name: one for name, one in spec.data.files.items() if name != "key"}
    return Files({name: datasets.get_dataset(tx, workspace_id, one).rows for name, one in named.items()})
