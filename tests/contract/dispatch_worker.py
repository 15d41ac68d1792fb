"""A worker for the dispatch contract: writes down which step ids reached it, one file each arrival."""

import os
import uuid
from pathlib import Path

from auditor.dispatch import RUN_STEP, TICK
from auditor.dispatch.celery_app import make_app
from auditor.settings import load

app = make_app(load())
ARRIVALS = Path(os.environ["ARRIVALS"])


@app.task(name=RUN_STEP)
def run_step(step_id):
    (ARRIVALS / f"{step_id}.{uuid.uuid4()}").touch()
    if step_id == "fails":
        raise ValueError("this step fails, and the worker lives on")


@app.task(name=TICK)
def tick():
    (ARRIVALS / f"tick.{uuid.uuid4()}").touch()
