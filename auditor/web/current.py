"""What the present request may use: the services of this application and whoever is asking."""

from typing import cast

from flask import current_app, g

from auditor.errors import NotSignedIn
from auditor.web.principal import Principal
from auditor.workflow.services import Services


def services() -> Services:
    return cast(Services, current_app.extensions["services"])


def principal() -> Principal:
    """Whoever passed the gate; a public endpoint has nobody."""
    found = g.get("principal")
    if found is None:
        raise NotSignedIn("Sign in with a key of this workspace first.")
    return cast(Principal, found)


def workspace_id() -> str:
    return principal().workspace_id
