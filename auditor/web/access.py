"""The gate: a request passes only if its endpoint is public by name, or declares a role that the asker has."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import current_app, g, request

from auditor.domain.catalog import Role
from auditor.errors import NotAllowed
from auditor.web import auth
from auditor.web.current import services
from auditor.web.upload_limit import allow_upload

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC_ENDPOINTS = (
    "api.health.show",
    "api.reference.page",
    "api.reference.static",
    "openapi.spec",
    "dashboard.sign_in",
    "dashboard.static",
)

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

MAY = {
    Role.VIEWER: "read",
    Role.RECORD_READER: "read results of single records",
    Role.AUDITOR: "write and start audits",
    Role.ADMIN: "manage keys and secrets",
}


def needs(role: Role) -> Callable[[View], View]:
    """Declares what a view needs; a view without it answers nobody."""

    def declare(view: View) -> View:
        view.needs = role  # type: ignore[attr-defined]
        return view

    return declare


def takes_file(view: View) -> View:
    """Declares that a form with a file comes to this view: it may be as large as an upload, once its sender is known."""
    view.takes_file = True  # type: ignore[attr-defined]
    return view


def role_of(endpoint: str, views: Mapping[str, Callable[..., Any]]) -> Role | None:
    """The declared role of an endpoint; None for public ones and for those somebody forgot."""
    return getattr(views.get(endpoint), "needs", None)


def admit() -> None:
    """Before every request. An address that nothing answers passes: routing refuses it next, and it tells nothing."""
    endpoint = request.endpoint
    if endpoint is None:
        return
    writes = request.method not in SAFE_METHODS
    if endpoint in PUBLIC_ENDPOINTS:
        if writes:
            auth.check_csrf()
        return
    principal = auth.authenticate(request)
    needed = role_of(endpoint, current_app.view_functions)
    if needed is None or not principal.may(needed):
        raise NotAllowed(_refusal(principal.role, needed))
    if writes and getattr(current_app.view_functions.get(endpoint), "takes_file", False):
        allow_upload(services().settings.max_upload_mb)  # before the check of the form's token reads it all
    if writes and principal.by_cookie:
        auth.check_csrf()
    g.principal = principal


def _refusal(role: Role, needed: Role | None) -> str:
    if needed is None:
        return "This address is open to nobody."
    return f"A key with the role {role} may not {MAY[needed]}; ask an admin for a key with the role {needed}."
