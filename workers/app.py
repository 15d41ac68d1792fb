"""`celery -A workers.app worker` and `celery -A workers.app beat` start here."""

import threading

from auditor.dispatch.celery_app import make_app
from auditor.settings import load
from auditor.workflow import Services, open_services

app = make_app(load(), include=["workers.tasks"])

_opening = threading.Lock()
_opened: list[Services] = []


def services() -> Services:
    """The services of this process, opened when the first task needs them: beat never does."""
    with _opening:
        if not _opened:
            _opened.append(open_services(load()))
        return _opened[0]
