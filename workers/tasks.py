"""Celery's view of the work: an id in, one call, nothing out."""

from auditor import workflow
from auditor.dispatch import RUN_STEP, TICK
from workers.app import app, services


@app.task(name=RUN_STEP)  # type: ignore[untyped-decorator]
def run_step(step_id: str) -> None:
    workflow.run_step(services(), step_id)


@app.task(name=TICK)  # type: ignore[untyped-decorator]
def tick() -> None:
    workflow.tick(services())
