"""The token at a well-known path: asked through the same guarded connection as the target itself, and never shown."""

import hmac
import ssl
from dataclasses import dataclass

from urllib3 import exceptions

from auditor.errors import Conflict, TargetUnreachable
from auditor.querying.connection import Deadline, open_pool
from auditor.querying.control_scope import origin_of
from auditor.querying.endpoint import Endpoint, parse_url, refuse
from auditor.querying.guard import Guard

PATH = "/.well-known/privacy-auditor.txt"
LARGEST_PAGE = 4096
HEADERS = {"Accept": "text/plain", "Accept-Encoding": "identity", "User-Agent": "privacy-attack-auditor"}


def token_page(url: str) -> str:
    """Where the token of a target is looked for."""
    return origin_of(parse_url(url)).rstrip("/") + PATH


@dataclass(frozen=True)
class Asking:
    """How the page is asked: under whose guard, for how long, and with the target's own TLS where it has an authority or a
    certificate of its own."""

    guard: Guard
    timeout: float
    context: ssl.SSLContext | None = None


def check_token(url: str, token: str, asking: Asking) -> None:
    """Raises Conflict if the page does not hold the token in a line of its own, TargetUnreachable if there is no page to be had."""
    endpoint = parse_url(url)
    refuse(endpoint, asking.guard)
    status, body = _page(endpoint, asking)
    if status != 200:
        raise Conflict(f"the page {token_page(url)} answers {status}; place the token there as a text file that is served as it is")
    lines = (line.strip() for line in body[:LARGEST_PAGE].splitlines())
    if not any(hmac.compare_digest(line, token.encode()) for line in lines):
        raise Conflict(
            f"the page {token_page(url)} does not hold this workspace's token in a line of its own; write it there and check again"
        )


def _page(endpoint: Endpoint, asking: Asking) -> tuple[int, bytes]:
    deadline, timeout = Deadline(), asking.timeout
    pool = open_pool(endpoint, asking.guard, deadline, asking.context)
    deadline.start(timeout)
    try:
        response = pool.urlopen("GET", PATH, headers=HEADERS, retries=False, redirect=False, preload_content=False, timeout=timeout)
        try:
            return response.status, response.read(LARGEST_PAGE, decode_content=False)
        finally:
            response.close()
    except (exceptions.HTTPError, OSError):
        raise TargetUnreachable(
            f"The page {PATH} of {endpoint.host[:100]!r} could not be fetched; check the server and its certificate"
            " (target.ca, where it is of an authority of your own)."
        ) from None
    finally:
        pool.close()
