"""Signing in with a key, and out again."""

from urllib.parse import urlsplit

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auditor.domain.catalog import Role
from auditor.errors import NotSignedIn
from auditor.web import auth
from auditor.web.access import needs
from auditor.web.dashboard.pages import blueprint


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """The only page without a session. A key that does not fit is told in the same words whatever is wrong with it."""
    if request.method == "GET":
        return _door(None)
    try:
        auth.sign_in(request.form.get("key", ""))
    except NotSignedIn as refusal:
        return _door(refusal.sentence), 422
    return redirect(safe_return(request.args.get("next", "")), 303)


@blueprint.post("/sign-out")
@needs(Role.VIEWER)
def sign_out() -> ResponseReturnValue:
    auth.sign_out()
    return redirect(url_for("dashboard.sign_in"), 303)


def safe_return(wanted: str) -> str:
    """A path of this site and nothing else: an address that leads away is answered with the overview."""
    parts = urlsplit(wanted)
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return wanted if is_local and wanted.isprintable() and "\\" not in wanted else url_for("dashboard.overview")


def _door(mistake: str | None) -> str:
    return render_template("dashboard/sign_in.html", mistake=mistake)
