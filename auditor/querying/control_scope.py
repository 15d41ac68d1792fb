"""Which URLs a proof of control speaks of: those of a host, or those that begin alike."""

import re
from urllib.parse import unquote

from auditor.errors import InvalidInput
from auditor.querying.endpoint import Endpoint, parse_url

FIELD = "authorisation.scope"


def origin_of(endpoint: Endpoint) -> str:
    """`https://models.example.com:443/`: the port is always written."""
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"{endpoint.scheme}://{host}:{endpoint.port}/"


def checked_scope(text: str) -> str:
    """A host, or an http(s) URL without a query; raises InvalidInput."""
    try:
        endpoint = parse_url(text if "://" in text else f"https://{text}/")
    except InvalidInput as mistake:
        raise InvalidInput(FIELD, mistake.sentence) from None
    if "://" not in text:
        if endpoint.path != "/" or endpoint.port != 443 or endpoint.tensor:
            raise InvalidInput(FIELD, "write the host alone, such as models.example.com, or a URL that begins with its scheme")
        return endpoint.host
    if "?" in endpoint.path or endpoint.tensor or _is_crooked(endpoint.path):
        raise InvalidInput(FIELD, "write how the URLs begin, without a query, a fragment, dots or escapes in the path")
    return origin_of(endpoint) + endpoint.path.lstrip("/")


def covers(scope: str, endpoint: Endpoint) -> bool:
    """Is this endpoint within a checked scope? A path counts by whole segments, and one that could climb out of it never does."""
    if "://" not in scope:
        return _plain(scope) == _plain(endpoint.host)
    within = parse_url(scope)
    if (within.scheme, _plain(within.host), within.port) != (endpoint.scheme, _plain(endpoint.host), endpoint.port):
        return False
    path, beginning = endpoint.path.partition("?")[0], within.path.rstrip("/")
    if not beginning:
        return True
    return not _is_crooked(path) and (path == beginning or path.startswith(beginning + "/"))


def _is_crooked(path: str) -> bool:
    """Servers differ in what they make of dots, escapes and doubled slashes."""
    return unquote(path) != path or "//" in path or any(re.fullmatch(r"\.+", part) for part in path.split("/")) or ";" in path


def _plain(host: str) -> str:
    return host.rstrip(".").lower()
