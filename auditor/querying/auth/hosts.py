"""Which hosts a credential may be sent to: the target's, and that of the server which turns it into tokens."""

from urllib.parse import urlsplit


def bound_hosts(bound: str) -> tuple[str, ...]:
    """The hosts that a secret was stored for: one, or several with commas between them."""
    return tuple(host.strip().lower() for host in bound.split(",") if host.strip())


def unbound(bound: str, url: str, token_url: str = "") -> str | None:
    """The first host on the way of the credential, or of a token made from it, that it was not stored for; None: all is well."""
    wanted = [urlsplit(url).hostname or "", *([urlsplit(token_url).hostname or ""] if token_url else [])]
    return next((host for host in wanted if host not in bound_hosts(bound)), None)
