"""Who is asking: an API key in the Authorization header, or a browser's session that was opened with one.

Sessions are signed cookies that hold the id of the key, never the key; every request asks again whether it still stands.
Forms of the dashboard carry `csrf_token()`; the gate calls `check_csrf()` before any request that writes with a cookie.
"""

import hmac
import logging
import re
import secrets
from datetime import datetime

from flask import Request, request, session

from auditor.domain.catalog import ApiKey
from auditor.errors import NotAllowed, NotFound, NotSignedIn, Unavailable
from auditor.store import keys
from auditor.web.current import services
from auditor.web.origin import is_ours
from auditor.web.principal import Principal, of_key
from auditor.workflow.services import Services

log = logging.getLogger(__name__)

KEY_SHAPE = re.compile(r"pat_[0-9A-Za-z_-]{16,200}")
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"

REFUSED = "This key is not known, has expired or was revoked; ask an admin of the workspace for a new one."
MISSING = "Send a key of your workspace in the header `Authorization: Bearer pat_...`."
FORGED = "This form was not sent from a page of this site; load the page again and send it once more."


def authenticate(asked: Request) -> Principal:
    """The key in the header if there is a header, else the browser's session; raises NotSignedIn."""
    if "Authorization" in asked.headers:
        return of_key(_known(_bearer(asked.headers["Authorization"])))
    return _of_session()


def sign_in(plain: str) -> Principal:
    """Opens a browser session with a key; raises NotSignedIn. The old session goes, so that none can be planted."""
    key = _known(plain.strip())
    session.clear()
    session.permanent = True
    session.update(key_id=key.id, workspace_id=key.workspace_id)
    return of_key(key, by_cookie=True)


def sign_out() -> None:
    session.clear()


def csrf_token() -> str:
    """The token of this session, made when it is first asked for; forms send it as the field `csrf_token`."""
    if CSRF_FIELD not in session:
        session[CSRF_FIELD] = secrets.token_urlsafe(32)
    return str(session[CSRF_FIELD])


def check_csrf() -> None:
    """Raises NotAllowed unless the request comes from a page of this site and carries the token of its session."""
    if not _same_site():
        raise NotAllowed(FORGED)
    sent = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD) or ""
    known = str(session.get(CSRF_FIELD, ""))
    if not known or not hmac.compare_digest(sent.encode(), known.encode()):
        raise NotAllowed(FORGED)


def _same_site() -> bool:
    """Browsers name the page that sends a form; an origin that hides itself (`null`) is refused."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return is_ours(origin)
    return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


def _bearer(header: str) -> str:
    scheme, _, plain = header.partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn(MISSING)
    return plain.strip()


def _known(plain: str) -> ApiKey:
    if not KEY_SHAPE.fullmatch(plain):
        raise NotSignedIn(REFUSED)
    here = services()
    with here.database.read() as tx:
        key = keys.authenticate(tx, plain, here.clock())
    if key is None:
        raise NotSignedIn(REFUSED)
    _note_use(key, here)
    return key


def _note_use(key: ApiKey, here: Services) -> None:
    """A database that can be read and not written (full, locked) still answers who only reads."""
    now = here.clock()
    if not keys.is_use_due(key, now):
        return
    try:
        with here.database.begin() as tx:
            keys.note_use(tx, key, now)
    except Unavailable as away:
        log.warning("the use of the key %s is not noted: %s", key.prefix, away.sentence)


def _of_session() -> Principal:
    key_id, workspace_id = session.get("key_id"), session.get("workspace_id")
    if not key_id or not workspace_id:
        raise NotSignedIn(MISSING)
    here = services()
    try:
        with here.database.read() as tx:
            found = keys.get_key(tx, workspace_id, key_id)
    except NotFound:
        raise NotSignedIn(REFUSED) from None
    if not _stands(found, here.clock()):
        raise NotSignedIn(REFUSED)
    return of_key(found, by_cookie=True)


def _stands(key: ApiKey, now: datetime) -> bool:
    return not key.revoked and (key.expires_at is None or key.expires_at > now)
