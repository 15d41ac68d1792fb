"""The estimate of an audit that is about to be submitted, or was: with what is stored about its files and its target."""

from dataclasses import dataclass
from datetime import datetime

from auditor.domain.audit import AuditStatus
from auditor.domain.spec import AuditSpec
from auditor.domain.target import Profile
from auditor.store import audits, datasets
from auditor.store.engine import Transaction
from auditor.workflow import profiles
from auditor.workflow.estimate import Cost, Files, estimate
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
    return estimate(proposal.spec, records, profile, services.settings.worker_threads)


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


def _files(tx: Transaction, workspace_id: str, spec: AuditSpec) -> Files:
    named = {name: one for name, one in spec.data.files.items() if name != "key"}
    return Files({name: datasets.get_dataset(tx, workspace_id, one).rows for name, one in named.items()})
