"""ONNX: numbers and operators, nothing that runs by itself; but tensors may lie in other files, and operators in other libraries.
Field numbers are those of onnx.proto3 of ONNX 1.19."""

from collections.abc import Iterator

from auditor.intake.scan.part import Part, Reading
from auditor.intake.scan.protobuf import BYTES, VARINT, fields, messages
from auditor.intake.scan.sighting import Kind, Sighting

STANDARD = {"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training"}
DEEPEST = 20
GRAPH, FUNCTIONS, OPSETS = 7, 25, 8  # of ModelProto
NODE, INITIALIZER, SPARSE = 1, 5, 15  # of GraphProto
OPERATOR, ATTRIBUTE, DOMAIN = 4, 5, 7  # of NodeProto
TENSOR_OF, GRAPH_OF, TENSORS_OF, GRAPHS_OF = 5, 6, 10, 11  # of AttributeProto
EXTERNAL, LOCATION = 13, 14  # of TensorProto
FUNCTION_NODE = 7  # of FunctionProto


def is_onnx(data: bytes) -> bool:
    """It begins with the version and has a graph: the file is given whole."""
    if not data.startswith(b"\x08"):
        return False
    try:
        return any(number == GRAPH and wire == BYTES for number, wire, _ in fields(memoryview(data)))
    except ValueError:
        return False


def read(part: Part) -> Reading:
    found: dict[Sighting, None] = {}
    model = memoryview(part.data[:])
    try:
        for graph in messages(model, GRAPH):
            found.update(dict.fromkeys(_graph(part, graph, 0)))
        for function in messages(model, FUNCTIONS):
            for node in messages(function, FUNCTION_NODE):
                found.update(dict.fromkeys(_node(part, node, 0)))
    except ValueError:
        found[part.saw(Kind.UNREAD, "the model is damaged")] = None
    return Reading("ONNX", sightings=list(found))


def _graph(part: Part, graph: memoryview, depth: int) -> Iterator[Sighting]:
    if depth > DEEPEST:
        yield part.saw(Kind.UNREAD, f"its graphs are nested more than {DEEPEST} deep")
        return
    for tensor in messages(graph, INITIALIZER):
        yield from _tensor(part, tensor)
    for sparse in messages(graph, SPARSE):
        for half in (1, 2):
            for tensor in messages(sparse, half):
                yield from _tensor(part, tensor)
    for node in messages(graph, NODE):
        yield from _node(part, node, depth)


def _node(part: Part, node: memoryview, depth: int) -> Iterator[Sighting]:
    domain = _text(node, DOMAIN)
    if domain not in STANDARD:
        name = f"{domain[:100]}.{_text(node, OPERATOR)[:100]}"
        yield part.saw(
            Kind.OUTSIDE, f"it needs the operator {name}, which is not of the standard and comes from a library of its own"
        )
    for attribute in messages(node, ATTRIBUTE):
        for number in (TENSOR_OF, TENSORS_OF):
            for tensor in messages(attribute, number):
                yield from _tensor(part, tensor)
        for number in (GRAPH_OF, GRAPHS_OF):
            for graph in messages(attribute, number):
                yield from _graph(part, graph, depth + 1)


def _tensor(part: Part, tensor: memoryview) -> Iterator[Sighting]:
    at_place = any(n == LOCATION and wire == VARINT and value == 1 for n, wire, value in fields(tensor))
    named = [bytes(value) for entry in messages(tensor, EXTERNAL) for value in messages(entry, 2)]
    if at_place or named:
        where = named[0][:200].decode("utf-8", "replace") if named else "?"
        yield part.saw(Kind.OUTSIDE, f"part of the model lies in another file, {where!r}; save it in one file")


def _text(message: memoryview, number: int) -> str:
    return next((bytes(value).decode("utf-8", "replace") for value in messages(message, number)), "")
