"""Any server that takes JSON, CSV or JSON lines and answers JSON: the spec says how (`target.adapter`)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from auditor.domain.data import Column
from auditor.domain.target import Adapter, Target
from auditor.errors import BadAnswer, InvalidInput
from auditor.querying.endpoint import Endpoint
from auditor.querying.protocols.body import Body
from auditor.querying.protocols.reading import named, read, score_of
from auditor.querying.protocols.templated import Templated
from auditor.querying.reply import Reply

LONGEST_PATH = 500


def json_adapter(target: Target, columns: tuple[Column, ...], endpoint: Endpoint) -> Templated:
    """Raises InvalidInput for a body, a path or a class that is wrong."""
    adapter = target.adapter
    if adapter is None:
        raise InvalidInput("target.adapter", "say how the server is spoken to; protocol: json needs at least the body")
    if adapter.score_of and adapter.score_of not in target.classes:
        raise InvalidInput("target.adapter.score_of", "name one of target.classes, of which there must be two")
    body = Body(adapter.body)
    answer, names = _path("answer", adapter.answer), _path("names", adapter.names or "@")

    def answered(document: Any, n: int) -> Reply:
        found = _search(answer, document, "answer")
        reply = read([found] if body.is_single else found, n, target.output, endpoint.tensor)
        if adapter.names:
            reply = named(reply, _search(names, document, "names"))
        return score_of(_renamed(reply, adapter), adapter.score_of, target.classes, target.output)

    return Templated(endpoint.path, body, columns, answered)


def _path(key: str, expression: str) -> Any:
    try:
        if len(expression) <= LONGEST_PATH:
            return jmespath.compile(expression)
    except (JMESPathError, RecursionError):
        pass
    raise InvalidInput(f"target.adapter.{key}", f"this is no JMESPath of at most {LONGEST_PATH} characters; try predictions")


def _search(path: Any, document: Any, key: str) -> Any:
    try:
        found = path.search(document)
    except (JMESPathError, RecursionError, ArithmeticError, TypeError, ValueError, AttributeError):
        found = None
    if found is None:
        keys = ", ".join(repr(str(k)[:40]) for k in list(document)[:5]) if isinstance(document, Mapping) else "no keys"
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
