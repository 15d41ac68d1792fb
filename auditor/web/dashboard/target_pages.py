"""Registering an endpoint as a target from a form. Adapters, authorities and the other ways to sign in are for the API."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auditor.domain.catalog import Role
from auditor.domain.target import SPOKEN, AuthKind, Output, Rows, WireProtocol
from auditor.domain.target_spec import AuthSpec, TargetSpec
from auditor.errors import InvalidInput
from auditor.web.access import needs
from auditor.web.current import services, workspace_id
from auditor.web.dashboard import forms
from auditor.web.dashboard.forms import Form
from auditor.web.dashboard.pages import blueprint
from auditor.web.specs import register

AUTH = ("target.auth.kind", "target.auth.secret", "target.auth.header")
NAMES = ["name", "target.url", "target.protocol", "target.rows", "target.output", "target.classes", *AUTH]
NEEDED = {"name": "Give the target a name, such as income-model.", "target.url": "Write the address that answers queries."}
DEFAULTS = {
    "target.protocol": WireProtocol.OPEN_INFERENCE,
    "target.rows": Rows.RECORDS,
    "target.output": Output.PROBABILITIES,
    "target.auth.kind": AuthKind.NONE,
}
PROTOCOLS = [protocol for protocol in SPOKEN if protocol is not WireProtocol.JSON]
SIGNED_IN_BY = (AuthKind.NONE, AuthKind.BEARER, AuthKind.BASIC, AuthKind.HEADER)
Choice = TypeVar("Choice", bound=StrEnum)


@blueprint.get("/targets/new")
@needs(Role.AUDITOR)
def new_target() -> ResponseReturnValue:
    return _page(Form(DEFAULTS))


@blueprint.post("/targets")
@needs(Role.AUDITOR)
def register_target() -> ResponseReturnValue:
    """It is not asked anything yet; its page leads to the first audit."""
    form = forms.read(request.form, NAMES).lacking(NEEDED)
    if form.mistakes:
        return _page(form), 422
    try:
        made = register(services(), workspace_id(), form.value("name"), _block(form))
    except InvalidInput as mistake:
        return _page(form.refused(mistake, NAMES)), 422
    return redirect(url_for("dashboard.target", target_id=made.id), 303)


def _block(form: Form) -> TargetSpec:
    return TargetSpec(
        url=form.value("target.url"),
        protocol=_chosen(WireProtocol, form, "target.protocol"),
        rows=_chosen(Rows, form, "target.rows"),
        output=_chosen(Output, form, "target.output"),
        classes=tuple(forms.listed(form.value("target.classes"))),
        auth=_auth(form),
    )


def _auth(form: Form) -> AuthSpec | None:
    kind = _chosen(AuthKind, form, "target.auth.kind")
    if kind is AuthKind.NONE:
        return None
    named = {"header": form.value("target.auth.header")} if form.value("target.auth.header") else {}
    return AuthSpec(kind=kind, secret=form.value("target.auth.secret"), **named)


def _chosen(kinds: type[Choice], form: Form, name: str) -> Choice:
    try:
        return kinds(form.value(name))
    except ValueError:
        raise InvalidInput(name, "choose one of the list") from None


def _page(form: Form) -> str:
    kinds: dict[str, Iterable[StrEnum]] = {"protocols": PROTOCOLS, "rows": Rows, "outputs": Output, "kinds": SIGNED_IN_BY}
    choices = {name: [(str(value), str(value)) for value in values] for name, values in kinds.items()}
    return render_template("dashboard/new_target.html", form=form, **choices)
