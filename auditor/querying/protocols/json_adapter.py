"""Any server that takes JSON, CSV or JSON lines and answers JSON: the spec says how (`target.adapter`)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from auditor.domain.data import Column
from auditor.domain.target import Adapter, Target
from auditor.errors import BadAnswer, InvalidInput
from auditor.querying.endpoint import Endpoint
from auditor.querying.headers import HEADER_NAME, is_own
from auditor.querying.protocols.body import Body
from auditor.querying.protocols.jmes import compiled, keys_of, searched
from auditor.querying.protocols.reading import named, read, score_of
from auditor.querying.protocols.templated import Templated
from auditor.querying.reply import Reply

CREDENTIALS = {"authorization", "cookie", "proxy-authorization"}


def json_adapter(target: Target, columns: tuple[Column, ...], endpoint: Endpoint) -> Templated:
    """Raises InvalidInput for a body, a path or a class that is wrong."""
    adapter = target.adapter
    if adapter is None:
        raise InvalidInput("target.adapter", "say how the server is spoken to; protocol: json needs at least the body")
    if adapter.score_of and adapter.score_of not in target.classes:
        raise InvalidInput("target.adapter.score_of", "name one of target.classes, of which there must be two")
    body = Body(adapter.body)
    answer, names = compiled(adapter.answer, "target.adapter.answer"), compiled(adapter.names or "@", "target.adapter.names")

    def answered(document: Any, n: int) -> Reply:
        found = _search(answer, document, "answer")
        reply = read([found] if body.is_single else found, n, target.output, endpoint.tensor)
        if adapter.names:
            reply = named(reply, _search(names, document, "names"))
        return score_of(_renamed(reply, adapter), adapter.score_of, target.classes, target.output)

    return Templated(_with_query(endpoint.path, adapter.query), body, columns, answered, _checked(adapter.headers))


def _with_query(path: str, arguments: Mapping[str, str]) -> str:
    if not arguments:
        return path
    return path + ("&" if "?" in path else "?") + urlencode(arguments)


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    """Raises InvalidInput for a header that the client writes itself, that holds a credential, or that cannot be sent."""
    for name, value in headers.items():
        if name.lower() in CREDENTIALS or is_own(name):
            change = "give it under target.auth" if name.lower() in CREDENTIALS else "take it out; it is written for each request"
            raise InvalidInput("target.adapter.headers", f"{name[:40]!r} cannot be set here: {change}")
        if not HEADER_NAME.fullmatch(name) or not value.isascii() or not value.isprintable():
            raise InvalidInput("target.adapter.headers", f"{name[:40]!r} is no header of printable ASCII characters; correct it")
    return dict(headers)


def _search(path: Any, document: Any, key: str) -> Any:
    found = searched(path, document)
    if found is None:
        keys = keys_of(document)
        raise BadAnswer(f"target.adapter.{key} finds nothing in the target's answer, which has {keys}; correct the path.")
    return found


def _renamed(reply: Reply, adapter: Adapter) -> Reply:
    """What the server calls a class becomes the class."""
    known = adapter.labels
    labels = None if reply.labels is None else tuple(known.get(label, label) for label in reply.labels)
    names = None if reply.names is None else tuple(known.get(name, name) for name in reply.names)
    if names is not None and len(set(names)) < len(names):
        raise BadAnswer("Two columns of the target's answer are the same class by target.adapter.labels; name each class once.")
    return replace(reply, labels=labels, names=names)
