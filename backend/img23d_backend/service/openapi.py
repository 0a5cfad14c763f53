"""The OpenAPI description of the server (https://spec.openapis.org/oas/v3.1.0), one entry a route."""

from __future__ import annotations

from typing import Any

from .. import __version__
from .settings import ServiceSettings

_JSON = "application/json"
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_REFUSALS = {
    "400": "The request cannot be done as it was asked for",
    "401": "The token is missing or wrong",
    "403": "A page of another place",
    "408": "The request came too slowly",
    "413": "More bytes or pixels than the server takes",
    "429": "The queue is full; Retry-After says when to ask again",
    "500": "It failed",
    "503": "Not ready, or being stopped",
    "507": "The server's disk is full",
}
_JOB = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "kind": {"type": "string", "description": "the message of the contract"},
        "engine": {"type": "string"},
        "state": {"enum": ["waiting", "running", "finished", "cancelled", "failed"]},
        "position": {"type": "integer", "description": "jobs that come before it; -1 where it does not wait"},
        "created": {"type": "number", "description": "seconds since 1970"},
        "last_event": {"type": "integer", "description": "the number of the newest event"},
        "timing": {"type": "string", "description": "milliseconds in the queue and in the worker, as in Server-Timing"},
    },
}
_WISH = {
    "names": {"type": "string", "description": "what to make, with commas; empty: the whole picture is one thing"},
    "engine": {"type": "string"},
    "result": {"enum": ["", "mesh", "splats", "both"]},
    "seed": {"type": "integer", "default": -1, "description": "-1 draws one"},
}
_SETTINGS_TEXT = {"type": "string", "description": "JSON: options by their keys, see /v1/options"}


def description(settings: ServiceSettings) -> dict[str, Any]:
    """The whole document."""
    secured = [{"token": []}, {}] if settings.is_loopback and settings.token is None else [{"token": []}]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Img23D", "version": __version__, "license": {"name": "GPL-3.0-or-later"}},
        "paths": _paths(),
        "components": {"schemas": _schemas(), "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": secured,
    }


def _paths() -> dict[str, Any]:
    job, name = _parameter("job", "string"), _parameter("name", "string")
    target = _parameter("target", "integer")
    after = {"name": "after", "in": "query", "schema": {"type": "integer"}, "description": "the number of the last event that is known; also as Last-Event-ID"}
    return {
        "/generate": {"post": _post("A picture becomes splats (PLY), or what `result` and the engine make", _upload(), _files("application/octet-stream"))},
        "/generate-spz": {"post": _post("A picture becomes splats (SPZ)", _upload(), _files("application/octet-stream"))},
        "/generate_from_base64": {"post": _post("The same by JSON", {_JSON: _of("Base64Request")}, {_JSON: _of("Base64Response")})},
        "/health": {"get": _open(_get("Whether it is ready", {_JSON: {"schema": {"type": "object", "properties": {"status": {"type": "string"}}}}}, "503"))},
        "/v1/status": {"get": _get("Engines, cards, workers, queue, limits and how long jobs took")},
        "/v1/options": {"get": _get("What `settings` may hold")},
        "/v1/jobs": {
            "get": _get("The jobs, newest first", {_JSON: {"schema": {"type": "object", "properties": {"jobs": {"type": "array", "items": _ref("Job")}}}}}),
            "post": _created(_post("Begin a job: a message of the contract, or plain fields, with its files", _message(), {_JSON: _of("Job")})),
        },
        "/v1/jobs/{job}": {
            "parameters": [job],
            "get": _get("How a job is", {_JSON: _of("Job")}, "404"),
            "delete": {"summary": "Cancel it where it runs, and remove its files", "responses": {"204": _said("It is gone"), **_refused("401", "404")}},
        },
        "/v1/jobs/{job}/events": {
            "parameters": [job, after],
            "get": _get("What its backend says, until its last word: one message of the contract an event", {"text/event-stream": {}, _JSON: {}}, "400", "404"),
        },
        "/v1/jobs/{job}/files": {"parameters": [job], "get": _get("The files that the events name", {_JSON: {}}, "404")},
        "/v1/jobs/{job}/files/{name}": {"parameters": [job, name], "get": _get("One of them; ranges are served", _files("application/octet-stream"), "404")},
        "/v1/jobs/{job}/cancel": {"parameters": [job], "post": _cancelled("Cancel it; what is finished stays")},
        "/v1/jobs/{job}/targets/{target}/cancel": {"parameters": [job, target], "post": _cancelled("Cancel one of its things; the others go on")},
        "/openapi.json": {"get": _open(_get("This description"))},
        "/": {"get": _open(_get("A page to try it", {"text/html": {}}))},
        "/page/{name}": {"parameters": [name], "get": _open(_get("The page's files", {"text/javascript": {}, "text/css": {}}, "404"))},
    }


def _schemas() -> dict[str, Any]:
    from .reference import Base64Request, Base64Response

    template = "#/components/schemas/{model}"
    found: dict[str, Any] = {"Job": _JOB, "Refusal": {"type": "object", "properties": {"detail": {"type": "string"}, "code": {"type": "string"}}}}
    for model in (Base64Request, Base64Response):
        schema = model.model_json_schema(ref_template=template)
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    return found


def _upload() -> dict[str, Any]:
    properties = {"prompt_image_file": {"type": "string", "format": "binary"}, **_WISH, "settings": _SETTINGS_TEXT}
    return {"multipart/form-data": {"schema": {"type": "object", "required": ["prompt_image_file"], "properties": properties}}}


def _message() -> dict[str, Any]:
    said = {"type": "string", "description": "JSON of a message that is a job; its paths are the names of the files that come with it"}
    properties = {"message": said, "photo": {"type": "string", "format": "binary"}, **_WISH, "settings": _SETTINGS_TEXT}
    return {"multipart/form-data": {"schema": {"type": "object", "properties": properties, "additionalProperties": {"type": "string", "format": "binary"}}}}


def _post(summary: str, body: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": body},
        "responses": {"200": _said("Done", content), **_refused(*_REFUSALS)},
    }


def _get(summary: str, content: dict[str, Any] | None = None, *refusals: str) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": _said("It", content or {_JSON: {}}), **_refused("401", "403", *refusals)}}


def _cancelled(summary: str) -> dict[str, Any]:
    answers = {"202": _said("It is asked for; the events tell when it has come about", {_JSON: _of("Job")}), "409": _said("There is nothing left to cancel")}
    return {"summary": summary, "responses": {**answers, **_refused("401", "403", "404")}}


def _created(operation: dict[str, Any]) -> dict[str, Any]:
    """201, and 200 for a request that was made before."""
    key = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}, "description": "the same gives the same job"}
    return {**operation, "parameters": [key], "responses": {"201": _said("The job", {_JSON: _of("Job")}), **operation["responses"]}}


def _open(operation: dict[str, Any]) -> dict[str, Any]:
    return {**operation, "security": []}


def _refused(*statuses: str) -> dict[str, Any]:
    return {one: _said(_REFUSALS.get(one, "There is none"), {_JSON: _of("Refusal")}) for one in statuses}


def _said(text: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"description": text, **({"content": content} if content else {})}


def _files(*kinds: str) -> dict[str, Any]:
    return dict.fromkeys((*kinds, "model/gltf-binary", "application/zip"), _BYTES)


def _parameter(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": kind}}


def _of(name: str) -> dict[str, Any]:
    return {"schema": _ref(name)}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
