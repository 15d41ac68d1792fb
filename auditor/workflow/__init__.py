"""The workflow: submit, run_step, cancel, resume, progress, tick."""

from auditor.workflow.advance import advance
from auditor.workflow.compare import Comparison, compare
from auditor.workflow.estimate import Cost, estimate
from auditor.workflow.foretold import Proposal, foretell
from auditor.workflow.local import run_locally
from auditor.workflow.regrade import Regraded, regrade
from auditor.workflow.run import run_step
from auditor.workflow.services import Services, open_services
from auditor.workflow.submit import Origin, cancel, progress, resume, submit, validate
from auditor.workflow.tick import next_run, sweep, tick

__all__ = [
    "Comparison",
    "Cost",
    "Origin",
    "Proposal",
    "Regraded",
    "Services",
    "advance",
    "cancel",
    "compare",
    "estimate",
    "foretell",
    "next_run",
    "open_services",
    "progress",
    "regrade",
    "resume",
    "run_locally",
    "run_step",
    "submit",
    "sweep",
    "tick",
    "validate",
]
