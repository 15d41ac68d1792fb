"""The application for WSGI servers: `gunicorn 'auditor.web.wsgi:create()'`, `waitress-serve --call auditor.web.wsgi:create`."""

from apiflask import APIFlask

from auditor import settings
from auditor.web.app import create_app
from auditor.workflow import open_services


def create() -> APIFlask:
    """With services from the environment."""
    return create_app(open_services(settings.load()))
