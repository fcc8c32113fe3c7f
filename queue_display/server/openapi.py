"""The OpenAPI 3.1 document of the queue, made of the table of endpoints."""

import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter

from queue_display.server.access import Role
from queue_display.server.answers import CsvFile
from queue_display.server.asking import Name
from queue_display.server.endpoints import Doing, View
from queue_display.server.outgoing import Deed
from queue_display.server.requests import MOST_BYTES

_REF = "#/components/schemas/{model}"
_PROBLEMS = {
    "401": "No token of this branch",
    "403": "The token's role may not do this",
    "404": "There is no such ticket or window today",
    "409": "It cannot be done now; the detail says why and what to do",
    "422": "The request is wrong",
    "429": "Too many requests; Retry-After says when to ask again",
    "503": "The log cannot be written now",
}


def openapi(views: Sequence[View], doings: Sequence[Doing], deeds: Sequence[Deed]) -> dict[str, Any]:
    """Return the document."""
    asked: Sequence[Doing | Deed] = (*doings, *deeds)
    named = [each.answer for each in views] + [kind for each in asked for kind in (each.answer, each.body)]
    kinds = [kind for kind in dict.fromkeys(named) if kind is not CsvFile]
    _, schemas = TypeAdapter.json_schemas(
        [(kind, "serialization", TypeAdapter(kind)) for kind in kinds], ref_template=_REF
    )
    paths: dict[str, dict[str, Any]] = {}
    for view in views:
        paths.setdefault(view.path, {})["get"] = _operation(view, "get")
    for doing in doings:
        operation = _operation(doing, "post")
        operation["parameters"] += [_KEY]
        _bring_body(operation, doing)
        paths.setdefault(doing.path, {})["post"] = operation
    for deed in deeds:
        method = deed.method.lower()
        operation = _operation(deed, method)
        if method == "post":
            _bring_body(operation, deed)
        paths.setdefault(deed.path, {})[method] = operation
    paths["/v1/events"] = {"get": _EVENTS}
    paths["/v1/health"] = {"get": _HEALTH}
    return {
        "openapi": "3.1.0",
        "info": {"title": "OpenTeller branch queue", "version": version("openteller")},
        "paths": paths,
        "components": {
            "schemas": {**schemas["$defs"], "Problem": _PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _bring_body(operation: dict[str, Any], each: Doing | Deed) -> None:
    operation["requestBody"] = {
        "required": "required" in TypeAdapter(each.body).json_schema(),
        "content": {"application/json": {"schema": _ref(each.body)}},
    }
    operation["responses"]["413"] = _problem(f"The body is longer than {MOST_BYTES} bytes")


def _operation(each: View | Doing | Deed, method: str) -> dict[str, Any]:
    status = "201" if not isinstance(each, View) and each.makes else "200"
    is_table = each.answer is CsvFile
    schema = {"type": "string"} if is_table else _ref(each.answer)
    done = {"description": "Done", "content": {"text/csv" if is_table else "application/json": {"schema": schema}}}
    return {
        "summary": each.summary,
        "description": f"Roles: {', '.join(sorted(role.value for role in each.roles))}.",
        "operationId": re.sub(r"\W+", "_", each.path.replace("/v1", method)).strip("_"),
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": TypeAdapter(Name).json_schema()}
            for name in re.findall(r"{(\w+)}", each.path)
        ]
        + (_query_parameters(each.query) if not isinstance(each, Doing) and each.query else []),
        "responses": {status: done, **_problems()},
    }


def _query_parameters(kind: type) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in TypeAdapter(kind).json_schema()["properties"].items()
    ]


def _problems() -> dict[str, Any]:
    return {status: _problem(text) for status, text in _PROBLEMS.items()}


def _problem(text: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    return {"description": text, "content": content}


def _ref(kind: type) -> dict[str, str]:
    return {"$ref": _REF.format(model=kind.__name__)}


_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details; `code` is for programs.",
    "properties": {
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "detail_zh": {"type": "string"},
    },
    "required": ["status", "code", "detail", "detail_zh"],
}

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same request is answered the same, and done once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}

_EVENTS = {
    "summary": "The log as server-sent events, from the event that the caller has",
    "description": f"Roles: {', '.join(sorted(role.value for role in Role))}. Only staff see tellers, only managers"
    " authors. A ticket sees its own events; of others an event of type other says only that something happened.",
    "operationId": "get_events",
    "parameters": [
        {
            "name": "Last-Event-ID",
            "in": "header",
            "required": False,
            "description": "The number of the last event that the caller has; without it: only what comes from now on.",
            "schema": {"type": "integer", "minimum": 0},
        },
        {
            "name": "after",
            "in": "query",
            "required": False,
            "description": "The same, for browsers, which cannot send the header the first time.",
            "schema": {"type": "integer", "minimum": 0},
        },
    ],
    "responses": {
        "200": {
            "description": "Each event's id is its number. An event of type alive comes every two "
            "seconds: its entry is the log's last, its at the branch's time.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **_problems(),
    },
}

_HEALTH = {
    "summary": "Whether the queue works; asks for no token",
    "operationId": "get_health",
    "security": [],
    "responses": {"200": {"description": "It works"}, "503": _problems()["503"]},
}
