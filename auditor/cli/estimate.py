"""What an audit will cost, in lines for a terminal, before the target is asked anything."""

from auditor.domain.spec import AuditSpec
from auditor.settings import Settings
from auditor.workflow.estimate import estimate
from auditor.workflow.offer import Offer
from auditor.workflow.submit import validate


def foretold(spec: AuditSpec, offer: Offer, settings: Settings) -> str:
    """One sentence a line, the cost first; raises InvalidInput for what could not run."""
    validate(spec)
    return "\n".join(estimate(spec, offer, workers=settings.worker_threads).sentences)
