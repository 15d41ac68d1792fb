"""The OpenAPI document: what APIFlask derives from the views, completed with what only the product knows."""

from typing import Any, cast

from apiflask import APIFlask

from auditor.web.access import PUBLIC_ENDPOINTS, role_of
from auditor.web.problems import MEDIA_TYPE

CONFIG = {
    "OPENAPI_VERSION": "3.1.0",
    "AUTO_OPERATION_ID": True,
    "AUTO_SERVERS": False,
    "AUTO_AUTH_ERROR_RESPONSE": False,
    "AUTO_VALIDATION_ERROR_RESPONSE": False,
    "AUTO_404_RESPONSE": False,
    "SERVERS": [{"url": "/"}],
    "SECURITY_SCHEMES": {"key": {"type": "http", "scheme": "bearer", "description": "an API key: pat_..."}},
    "DESCRIPTION": "Register a target and datasets, submit an audit, read its findings. Errors are problem+json (RFC 9457).",
}

UUID = {"type": "string", "format": "uuid"}

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "one sentence that says what to change"},
        "instance": {"type": "string", "format": "uri", "description": "the incident number, to quote to the operator"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "field", "sentence"],
                "properties": {
                    "pointer": {"type": ["string", "null"], "description": "into the body, as a URI fragment"},
                    "field": {"type": "string"},
                    "sentence": {"type": "string"},
                },
            },
        },
    },
}

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "the same key with the same request gets the same answer for 24 hours",
}

FILE = {"type": "string", "format": "binary"}
UPLOAD_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {"type": "object", "required": ["file", "name"], "properties": {"file": FILE, "name": {"type": "string"}}}
        },
        "text/csv": {"schema": FILE},
        "application/octet-stream": {"schema": FILE},
    },
}
UPLOADS = ("/api/v1/datasets", "/api/v1/models")
UPLOAD_NAME = {
    "name": "name",
    "in": "query",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "the name of the dataset or model, where the body is the bare file",
}

Operation = dict[str, Any]


def complete_for(app: APIFlask) -> None:
    """Complete the document whenever it is made."""

    @app.spec_processor
    def completed(made: dict[str, Any] | str) -> dict[str, Any] | str:
        document = cast(dict[str, Any], made)
        document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
        endpoints = {
            f"{method.lower()}_{rule.endpoint.replace('.', '_')}": rule.endpoint
            for rule in app.url_map.iter_rules()
            for method in rule.methods or ()
        }
        for path, method, operation in operations(document):
            _complete(app, operation, method, endpoints[operation["operationId"]])
            if method == "post" and path in UPLOADS:
                operation["requestBody"] = UPLOAD_BODY
                operation["parameters"].append(UPLOAD_NAME)
        return document


def _endpoints(app: APIFlask) -> dict[str, str]:
    """Endpoints by the operation id that APIFlask makes of them."""
    return {
        f"{method.lower()}_{rule.endpoint.replace('.', '_')}": rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def operations(document: dict[str, Any]) -> list[tuple[str, str, Operation]]:
    """(path, method, operation) of every address."""
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]


def _complete(app: APIFlask, operation: Operation, method: str, endpoint: str) -> None:
    for parameter in operation.setdefault("parameters", []):
        if parameter["in"] == "path":
            parameter["schema"] = UUID
    if method == "post" and endpoint != "api.keys.create":
        operation["parameters"].append(IDEMPOTENCY_KEY)
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    operation["responses"]["default"] = {
        "description": "What is wrong and what to change",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    role = role_of(endpoint, app.view_functions)
    operation["security"] = [] if endpoint in PUBLIC_ENDPOINTS else [{"key": []}]
    if role is not None:
        operation["x-role"] = str(role)
