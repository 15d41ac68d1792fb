"""Where browsers find this service. Behind a proxy that ends TLS a request looks as if it came by HTTP, so the operator says it."""

from urllib.parse import urlsplit

from flask import request

from auditor.web.current import services


def is_https(public_url: str | None) -> bool:
    return (public_url or "").startswith("https://")


def comes_by_https() -> bool:
    return request.is_secure or is_https(services().settings.public_url)


def is_ours(origin: str) -> bool:
    """Is this the origin of our own pages: the address that was declared, or the one that this request was sent to?"""
    return origin == services().settings.public_url or urlsplit(origin).netloc == request.host
