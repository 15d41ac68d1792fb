"""The web application: gate, problems and headers around the API and the dashboard. Everything comes in by argument."""

from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec

from apiflask import APIFlask
from flask import Blueprint, Flask
from flask.sessions import SecureCookieSessionInterface

from auditor.web import access, headers, problems
from auditor.web.api import blueprint as api
from auditor.web.api import specification
from auditor.web.origin import comes_by_https, is_https
from auditor.web.strict_json import StrictJSON
from auditor.workflow.services import Services

API_VERSION = "1.0.0"
LARGEST_BODY = 1_000_000
SESSION_HOURS = 12


COOKIE = "auditor_session"
HOST_COOKIE = f"__Host-{COOKIE}"
"""A name that browsers take from this very host and by HTTPS alone: no other host of the domain can plant a session."""


class SessionCookies(SecureCookieSessionInterface):
    """Secure wherever browsers come by HTTPS; plain HTTP is for this machine only."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return comes_by_https()


def create_app(services: Services) -> APIFlask:
    """The API under /api/v1 and, where it is installed, the dashboard."""
    app = APIFlask(
        "auditor.web",
        title="Privacy-attack auditor",
        version=API_VERSION,
        openapi_blueprint_url_prefix="/api/v1",
        docs_path=None,
        json_errors=False,
        static_folder=None,  # type: ignore[arg-type]
    )
    _configure(app, services)
    problems.handle_with_problems(app)
    app.before_request(access.admit)
    app.after_request(headers.secure)
    app.register_blueprint(api)
    _register_dashboard(app)
    specification.complete_for(app)
    return app


def _configure(app: APIFlask, services: Services) -> None:
    app.json = StrictJSON(app)
    app.session_interface = SessionCookies()
    app.url_map.strict_slashes = False
    app.extensions["services"] = services
    app.config.update(
        SECRET_KEY=services.vault.derive("web session"),
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SESSION_COOKIE_NAME=HOST_COOKIE if is_https(services.settings.public_url) else COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=SESSION_HOURS),
        **specification.CONFIG,
    )


def _register_dashboard(app: APIFlask) -> None:
    """The dashboard is a blueprint of its own: `auditor.web.dashboard.blueprint`."""
    dashboard = import_module("auditor.web.dashboard") if find_spec("auditor.web.dashboard") else None
    blueprint = getattr(dashboard, "blueprint", None)
    if isinstance(blueprint, Blueprint):
        app.register_blueprint(blueprint)
