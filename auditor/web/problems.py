"""Every error as one answer: problem+json (RFC 9457) for programs, a page for people; one sentence, never a traceback."""

import errno
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from apiflask import APIFlask, HTTPError
from flask import Response, current_app, json, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from auditor import errors

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
REFERENCE = "/api/v1/docs"
LONGEST = 500

STATUSES: tuple[tuple[type[errors.AuditorError], int], ...] = (
    (errors.NotSignedIn, 401),
    (errors.NotAllowed, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.BudgetExhausted, 409),
    (errors.Cancelled, 409),
    (errors.InvalidInput, 422),
    (errors.AddressBlocked, 422),
    (errors.TargetError, 502),
    (errors.Unavailable, 503),
)

TITLES = {
    400: "The request cannot be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Not possible now",
    413: "Too large",
    415: "Unknown media type",
    422: "Invalid input",
    500: "Internal error",
    502: "The target failed",
    503: "Unavailable",
}

SENTENCES = {
    400: "Send a request that follows HTTP; a JSON body is UTF-8, without NaN, infinite numbers, doubled keys or NUL characters.",
    404: f"There is nothing at this address; {REFERENCE} lists every address of the API.",
    405: "This address does not answer this method; the header Allow lists those it does.",
    413: "The body is larger than this address accepts; send less in one request.",
    415: "Send the body as JSON, with the header `Content-Type: application/json`.",
}

REFUSED = f"The request was refused; check it against the reference at {REFERENCE}."


@dataclass(frozen=True)
class Mistake:
    """What to change in one field of the input; `field` is a dotted path."""

    field: str
    sentence: str


@dataclass(frozen=True)
class Problem:
    status: int
    sentence: str
    mistakes: tuple[Mistake, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    incident: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def title(self) -> str:
        return TITLES.get(self.status, "The request was refused")

    def as_json(self) -> dict[str, Any]:
        return {
            "type": f"{REFERENCE}#problem-{self.status}",
            "title": self.title,
            "status": self.status,
            "detail": self.sentence,
            "instance": f"urn:uuid:{self.incident}",
            "errors": [{"pointer": pointer(m.field), "field": m.field, "sentence": m.sentence} for m in self.mistakes],
        }


class ErrorPage(Protocol):
    """The dashboard's way to tell a problem: registered as `app.extensions["error_page"]`."""

    def __call__(self, problem: Problem) -> ResponseReturnValue: ...


def handle_with_problems(app: APIFlask) -> None:
    """One handler for everything that can be raised while a request is answered."""
    for kind in (HTTPError, HTTPException, errors.AuditorError, Exception):
        app.register_error_handler(kind, answer)


def answer(error: Exception) -> ResponseReturnValue:
    if isinstance(error, RequestRedirect):
        return cast(ResponseReturnValue, error.get_response())
    problem = problem_of(error)
    page: ErrorPage | None = current_app.extensions.get("error_page")
    if page is not None and not request.path.startswith("/api/"):
        return page(problem)
    return respond(problem)


def respond(problem: Problem) -> Response:
    response = Response(json.dumps(problem.as_json()), problem.status, mimetype=MEDIA_TYPE)
    response.headers.update(problem.headers)
    return response


def problem_of(error: Exception) -> Problem:
    """What happened, in the vocabulary of HTTP. What nobody foresaw is logged and told with its incident number only."""
    if isinstance(error, HTTPError):
        return Problem(error.status_code, SENTENCES.get(error.status_code, REFUSED))
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, errors.AuditorError):
        return _of_product(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Problem(503, "No disk space is left on the server; free some and try again.")
    return _unforeseen(error)


def pointer(field_path: str) -> str | None:
    """RFC 6901 as a URI fragment, for bodies; a query has no place to point at."""
    if not field_path or request.method in ("GET", "DELETE"):
        return None
    return "#/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in field_path.split("."))


def clip(text: str) -> str:
    """A sentence may quote what was sent; nobody needs a megabyte of it, and no program what cannot be printed."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _of_product(error: errors.AuditorError) -> Problem:
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    if isinstance(error, errors.InvalidInput):
        mistake = Mistake(clip(error.field), clip(error.sentence))
        return Problem(status, clip(str(error) if error.field else _capital(error.sentence)), (mistake,))
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {"Retry-After": "5"} if status == 503 else {}
    return Problem(status, clip(_capital(error.sentence)), headers=headers)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _of_http(error: HTTPException) -> Problem:
    status = error.code or 500
    if status >= 500:
        return _unforeseen(error)
    kept = {k: v for k, v in error.get_headers() if k in ("Allow", "Retry-After", "WWW-Authenticate")}
    return Problem(status, SENTENCES.get(status, REFUSED), headers=kept)


def _unforeseen(error: BaseException) -> Problem:
    problem = Problem(500, "")
    log.error("incident %s", problem.incident, exc_info=error)
    sentence = f"An error on our side stopped this request; give the operator the incident number {problem.incident}."
    return Problem(500, sentence, incident=problem.incident)
