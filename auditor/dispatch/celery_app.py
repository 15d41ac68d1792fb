"""One Celery configuration, shared by those who send and those who work."""

from typing import Any

from celery import Celery
from kombu.entity import Exchange, Queue

from auditor.dispatch.protocol import TICK
from auditor.domain import audit
from auditor.errors import Unavailable
from auditor.settings import Settings

QUEUES = tuple(str(queue) for queue in audit.Queue)


def make_app(settings: Settings, **more: object) -> Celery:
    """A Celery app for these settings; `more` are arguments of Celery itself, such as `include`."""
    app = Celery("auditor", set_as_current=False, **more)
    app.conf.update(configuration(settings))
    return app


def configuration(settings: Settings) -> dict[str, Any]:
    exchange = Exchange("auditor", type="direct")  # type: ignore[no-untyped-call]
    return {
        **_broker(settings),
        "task_queues": [Queue(name, exchange, routing_key=name) for name in QUEUES],  # type: ignore[no-untyped-call]
        "task_default_queue": str(audit.Queue.QUERY),
        "task_default_exchange": exchange.name,
        "task_default_routing_key": str(audit.Queue.QUERY),
        "task_create_missing_queues": False,
        **_JSON_ONLY,
        **_DELIVERY,
        "worker_pool": "threads",
        "worker_concurrency": settings.worker_threads,
        "beat_schedule": {"tick": _tick(settings)},
        "beat_scheduler": "celery.beat:Scheduler",  # in memory: one static entry needs no file, and no pickle
        "timezone": "UTC",
    }


_JSON_ONLY = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "result_backend": None,
    "task_ignore_result": True,
    "task_store_errors_even_if_ignored": False,
}

_DELIVERY = {
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5},
    "broker_connection_timeout": 4,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_enable_remote_control": False,  # nothing here asks workers: what they do stands in the step table
    "worker_send_task_events": False,
    "worker_hijack_root_logger": True,
    "worker_redirect_stdouts": False,
}


def _tick(settings: Settings) -> dict[str, Any]:
    """A tick nobody took in time is stale: the next one does the same work."""
    options = {"queue": str(audit.Queue.QUERY), "expires": settings.tick_seconds}
    return {"task": TICK, "schedule": settings.tick_seconds, "options": options}


def _broker(settings: Settings) -> dict[str, Any]:
    if settings.broker_url.startswith("filesystem"):
        return _folder(settings)
    options = {"visibility_timeout": 3600, "socket_connect_timeout": 4, "socket_keepalive": True, "health_check_interval": 25}
    return {
        "broker_url": settings.broker_url,
        "broker_transport_options": options if settings.broker_url.startswith("redis") else {},
    }


def _folder(settings: Settings) -> dict[str, Any]:
    folder = settings.home / "queue"
    names = {"data_folder_in": "messages", "data_folder_out": "messages", "processed_folder": "taken", "control_folder": "control"}
    try:
        for name in set(names.values()):
            (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Unavailable(f"the queue folder {folder} cannot be made: {error.strerror}; choose another AUDITOR_HOME") from None
    options = {key: str(folder / name) for key, name in names.items()} | {"polling_interval": 0.1}
    return {"broker_url": "localhost", "broker_transport": "auditor.dispatch.folder:Transport", "broker_transport_options": options}
