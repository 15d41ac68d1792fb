"""The whole workflow in one process: what `auditor run` uses."""

from auditor.dispatch import LocalDispatch
from auditor.settings import Settings
from auditor.workflow.run import run_step
from auditor.workflow.services import Services, open_services


def run_locally(settings: Settings) -> Services:
    """Services whose steps run on threads of this process; no broker, no worker."""

    def run(step_id: str) -> None:
        run_step(local, step_id)

    dispatch = LocalDispatch(run, threads=settings.worker_threads)
    local = open_services(settings, dispatch=dispatch)
    return local
