"""The work of the process that holds a model: import, wall in, read the file, answer until the parent is gone."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from auditor.serving.answered import Model
from auditor.serving.cells import from_message
from auditor.serving.describe import to_arrays
from auditor.serving.formats import import_ahead, loader
from auditor.serving.frames import Broken, Line, Message
from auditor.serving.isolation import Report, allow_seconds, can_restrict_files, lock
from auditor.serving.limits import Limits
from auditor.serving.recognise import FileKind
from auditor.serving.refused import Refused

LONGEST_SENTENCE = 400
TOO_LARGE = "the model needs more memory than AUDITOR_MODEL_MEMORY_MB allows"


def run(report: Report, kind: FileKind, limits: Limits) -> None:
    line = _line()
    try:
        load = loader(kind)
        if not (limits.allow_weak or can_restrict_files()):
            import_ahead(kind)
        walls = lock(report, limits.memory_mb, limits.allow_weak)
        line.send(Message({"walls": walls.as_json(), "network": walls.network, "disk": walls.disk}))
    except Refused as no:
        line.send(Message({"refused": str(no)}))
        return
    try:
        _serve(line, load, limits.seconds)
    except Broken:
        return


def _line() -> Line:
    """What libraries print must not run into the messages, so the pipe moves away from the standard output."""
    outgoing = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return Line(0, outgoing)


def _serve(line: Line, load: Callable[[bytes], Model], seconds: float) -> None:
    model: Model | None = None
    while True:
        message = line.receive()
        allow_seconds(seconds)
        try:
            if message.head.get("ask") == "load":
                model = load(message.arrays["file"].tobytes())
                line.send(Message({"loaded": True}))
            elif model is not None:
                line.send(_reply(model, message))
        except Refused as no:
            line.send(Message({"refused": _sentence(str(no))}))
        except MemoryError:
            line.send(Message({"refused": TOO_LARGE}))
        except Exception as error:  # a library's own exceptions are of any kind; their first line is told, nothing else is shown
            line.send(Message({"refused": _sentence(_said(error))}))


def _reply(model: Model, message: Message) -> Message:
    if message.head.get("ask") == "describe":
        return to_arrays(model.parameters())
    answered = model.answer(from_message(message))
    head: dict[str, Any] = {"labels": answered.labels, "names": answered.names}
    numbers = {} if answered.numbers is None else {"numbers": np.asarray(answered.numbers, np.float64)}
    return Message(head, numbers)


def _said(error: Exception) -> str:
    if "bad_alloc" in str(error):  # how libraries in C++ say that there was no memory
        return TOO_LARGE
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"the library cannot use the file or the records: {type(error).__name__}, {first[:200]}".rstrip(", ")


def _sentence(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:LONGEST_SENTENCE]
