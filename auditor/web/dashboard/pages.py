"""The blueprint and what every page shares: its templates, its sheets, who is signed in, how moments and errors are told."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, send_from_directory, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader
from markupsafe import Markup

from auditor.domain.catalog import Role
from auditor.errors import AuditorError
from auditor.report import numbers, stylesheet, words
from auditor.web import auth
from auditor.web.principal import Principal
from auditor.web.problems import Problem, respond

HERE = Path(__file__).parent
STATIC = HERE / "static"
REPORT_SHEET = "report.css"
YEAR = 31_536_000

blueprint = Blueprint("dashboard", __name__)
blueprint.jinja_loader = ChoiceLoader(
    [FileSystemLoader(HERE / "templates"), PrefixLoader({"report": PackageLoader("auditor.report")})]
)


@blueprint.record_once
def _join(state: BlueprintSetupState) -> None:
    app = state.app
    app.extensions["error_page"] = error_page
    filters: dict[str, Callable[..., Any]] = {
        "moment": moment,
        "day": numbers.day,
        "duration": numbers.duration,
        "drawing": drawing,
        "score": numbers.score,
        "grouped": numbers.grouped,
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(asset=asset, csrf_token=auth.csrf_token)


@blueprint.app_context_processor
def _shared() -> dict[str, Any]:
    principal: Principal | None = g.get("principal")
    return {
        "principal": principal,
        "may_read_records": principal is not None and principal.may(Role.RECORD_READER),
        "may_write": principal is not None and principal.may(Role.AUDITOR),
        "outcomes": words.OUTCOMES,
        "statuses": words.STATUSES,
    }


@blueprint.get("/static/<path:name>", endpoint="static")
def static(name: str) -> Response:
    """Sheets and scripts, all from here; the sheet of the report is shared with it."""
    if name == REPORT_SHEET:
        return Response(stylesheet(), mimetype="text/css", headers={"Cache-Control": f"max-age={YEAR}"})
    return send_from_directory(STATIC, name, max_age=YEAR)


def asset(name: str) -> str:
    """The address of a static file, new whenever its content is."""
    return url_for("dashboard.static", name=name, v=_digest(name))


@cache
def _digest(name: str) -> str:
    content = stylesheet().encode() if name == REPORT_SHEET else (STATIC / name).read_bytes()
    return sha256(content).hexdigest()[:12]


def moment(value: datetime | None) -> str | Markup:
    """2 Mar 2026, 09:14 with the exact time for machines; a dash for never. All times are UTC."""
    if value is None:
        return Markup('<span class="nothing">{}</span>').format(numbers.DASH)
    utc = value.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(utc.isoformat(timespec="seconds"), f"{utc.day} {utc:%b %Y, %H:%M}")


def drawing(svg: str) -> Markup:
    """A chart of `auditor.report`, which escapes every text it is given."""
    return Markup(svg)  # noqa: S704


def is_asked_by_script() -> bool:
    """htmx asks for a part of a page and follows redirects by its own header."""
    return request.headers.get("HX-Request") == "true"


def error_page(problem: Problem) -> ResponseReturnValue:
    """A problem told to a person; who is not signed in is led to the door, programs get their problem document."""
    if not request.accept_mimetypes.accept_html:
        return respond(problem)
    if problem.status == 401:
        return _to_the_door()
    page = render_template("dashboard/error.html", problem=problem, principal=_whoever(problem))
    return page, problem.status, dict(problem.headers)


def _whoever(problem: Problem) -> Principal | None:
    """Who asked for an address that does not exist passed no gate; the way on is shown all the same, unless we are broken."""
    known: Principal | None = g.get("principal")
    if known is not None or problem.status >= 500:
        return known
    try:
        return auth.authenticate(request)
    except AuditorError:
        return None


def _to_the_door() -> ResponseReturnValue:
    back = request.full_path.rstrip("?") if request.method == "GET" and not is_asked_by_script() else None
    door = url_for("dashboard.sign_in", next=None if back == "/" else back)
    return Response(status=204, headers={"HX-Redirect": door}) if is_asked_by_script() else redirect(door, 303)
