"""Idempotency-Key: the same request sent twice has its effect once and gets the same answer, for a day."""

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec

from flask import Response, current_app, request
from pydantic import BaseModel

from auditor.errors import Conflict, InvalidInput
from auditor.store import idempotency
from auditor.web.current import services, workspace_id

HEADER = "Idempotency-Key"
SHAPE = re.compile(r"[\x21-\x7e]{1,200}")
REPLAYED = "Idempotency-Replayed"
KEPT_HEADERS = ("Location",)
IN_PROGRESS = 0
SINCE = "since"
LONGEST_WORK = timedelta(minutes=10)

Made = tuple[BaseModel, int, dict[str, str]]
P = ParamSpec("P")


def once(view: Callable[P, Made]) -> Callable[P, Response]:
    """For views whose effect depends on their address and JSON body alone."""

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> Response:
        return once_for(request.get_data(), lambda: view(*args, **kwargs))

    return answered


def once_for(content: bytes, make: Callable[[], Made]) -> Response:
    """`content` is what makes this request the same as another one to the same address."""
    key = _key()
    if key is None:
        return _response(make())
    digest = _digest(content)
    stored = _claimed(key, digest)
    if stored is not None:
        return stored
    try:
        answer = _response(make())
    except BaseException:
        _release(key)
        raise
    _keep(key, digest, answer)
    return answer


def _key() -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not SHAPE.fullmatch(key):
        raise InvalidInput(HEADER, "send 1 to 200 printable ASCII characters without spaces, a new UUID for example")
    return key


def _digest(content: bytes) -> str:
    """Keyed, because a body may hold a credential that could be guessed from a plain hash."""
    secret = current_app.secret_key
    mac = hmac.new(secret if isinstance(secret, bytes) else str(secret).encode(), digestmod=hashlib.sha256)
    mac.update(f"{request.method} {request.path}\n".encode())
    mac.update(content)
    return mac.hexdigest()


def _claimed(key: str, digest: str) -> Response | None:
    """The answer of the first request; None if this is the first, and then the key is taken before anything is done."""
    here = services()
    with here.database.begin() as tx:
        now = here.clock()
        stored = idempotency.recall(tx, workspace_id(), key, now)
        if stored is not None and _abandoned(stored, now):
            idempotency.forget(tx, workspace_id(), key)
            stored = None
        if stored is None:
            idempotency.claim(tx, workspace_id(), key, idempotency.Answer(digest, IN_PROGRESS, {SINCE: now.isoformat()}), now)
            return None
    if stored.body_digest != digest:
        raise InvalidInput(HEADER, "this key was sent with another request before; send a new one")
    if stored.status == IN_PROGRESS:
        raise Conflict("The same request is still being worked on; send it again in a moment to get its answer.")
    return Response(stored.body, stored.status, {**stored.headers, REPLAYED: "true"}, mimetype="application/json")


def _abandoned(stored: idempotency.Answer, now: datetime) -> bool:
    """Its server went away in the middle of it; nobody else will answer."""
    return stored.status == IN_PROGRESS and now - datetime.fromisoformat(stored.headers[SINCE]) > LONGEST_WORK


def _keep(key: str, digest: str, answer: Response) -> None:
    headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    here = services()
    with here.database.begin() as tx:
        kept = idempotency.Answer(digest, answer.status_code, headers, answer.get_data())
        idempotency.remember(tx, workspace_id(), key, kept, here.clock())


def _release(key: str) -> None:
    """A request that was refused had no effect; corrected, it may use its key again."""
    with services().database.begin() as tx:
        idempotency.forget(tx, workspace_id(), key)


def _response(made: Made) -> Response:
    body, status, headers = made
    return Response(body.model_dump_json(), status, headers, mimetype="application/json")
