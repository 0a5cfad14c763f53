"""Answers of the server: JSON, and known failures as a status with a sentence."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.files.disk_errors import is_full

from .desk import QueueFull
from .uploads import TooLarge

# Not the request's fault, and gone once this machine is set up, has room, or is less busy
_LATER = {ErrorCode.ENGINE_NOT_READY, ErrorCode.WEIGHTS_MISSING, ErrorCode.BUSY, ErrorCode.BACKEND_START, ErrorCode.ENVIRONMENT_BROKEN}
_BAD = {ErrorCode.BAD_REQUEST, ErrorCode.ENGINE_UNKNOWN, ErrorCode.NO_REGION, ErrorCode.EMPTY_CUTOUT, ErrorCode.MESH_UNREADABLE}


def status_of(code: str) -> int:
    """The HTTP status of a known failure."""
    if code in _LATER:
        return HTTPStatus.SERVICE_UNAVAILABLE
    if code in _BAD or code.startswith("photo_"):
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.INSUFFICIENT_STORAGE if code == ErrorCode.DISK_FULL else HTTPStatus.INTERNAL_SERVER_ERROR


def refusal(status: int, sentence: str, code: str = "", **headers: str) -> JSONResponse:
    """As the reference's: a `detail`, and here its code as well."""
    data: dict[str, Any] = {"detail": sentence} | ({"code": code} if code else {})
    return JSONResponse(data, status_code=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def failed(request: Request, error: Exception) -> Response:
    """Known failures, wherever in a request they come up."""
    match error:
        case TooLarge():
            return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error.sentence, error.code)
        case Img23DError():
            again = {"retry_after": "5"} if error.code == ErrorCode.BUSY else {}
            return refusal(status_of(error.code), error.sentence, error.code, **again)
        case QueueFull():
            sentence = f"As many jobs wait already as may: ask again in {error.seconds} seconds."
            return refusal(HTTPStatus.TOO_MANY_REQUESTS, sentence, "queue_full", retry_after=str(error.seconds))
        case HTTPException():
            return refusal(error.status_code, error.detail, **(dict(error.headers) if error.headers else {}))
        case OSError() if is_full(error):
            return refusal(HTTPStatus.INSUFFICIENT_STORAGE, "The server's disk is full.", ErrorCode.DISK_FULL)
    return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Something unexpected went wrong: the server's log says what.", ErrorCode.INTERNAL)
