"""The application for WSGI servers: `gunicorn 'auditor.web.wsgi:create()'`, `waitress-serve --call auditor.web.wsgi:create`."""

from typing import Any

from apiflask import APIFlask

from auditor import settings
from auditor.web.app import create_app
from auditor.web.upload_limit import MEGABYTE
from auditor.workflow import open_services

CONNECTIONS, PATIENCE, SURPLUS_MB = 1000, 30, 100


def limits(of: settings.Settings) -> dict[str, Any]:
    """What waitress allows those who have shown no key yet: by default 100 connections that say nothing keep everybody else out for
    two minutes, and each may send a gigabyte to the disk. An upload that is too large by less than the surplus is told so by us."""
    return {
        "connection_limit": CONNECTIONS,
        "channel_timeout": PATIENCE,
        "cleanup_interval": PATIENCE // 3,
        "asyncore_use_poll": True,
        "max_request_body_size": (of.max_upload_mb + SURPLUS_MB) * MEGABYTE,
    }


def create() -> APIFlask:
    """With services from the environment."""
    return create_app(open_services(settings.load()))
