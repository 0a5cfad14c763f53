"""The messages of a job on the other machine, as server-sent events (WHATWG HTML, 9.2)."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.limits import ANSWER_MAX
from img23d_protocol.machines import sentences

from .connection import Connection, Lost

_LONGEST_NUMBER = 12  # digits


class Forgotten(Exception):
    """The server does not know the job (any more)."""


def follow(connection: Connection, job: str, after: int) -> Iterator[tuple[int, str] | None]:
    """The number and the line of each message after a number; None where the server says only that it is there.

    Ends where the server ends it, which it does after the last word, and where it is stopped. Raises Lost, Forgotten, Img23DError.
    """
    with connection.request("GET", f"/v1/jobs/{job}/events?after={after}", headers={"Accept": "text/event-stream"}) as answer:
        if answer.status == HTTPStatus.NOT_FOUND:
            raise Forgotten
        if answer.status != HTTPStatus.OK:
            raise Lost(Img23DError(ErrorCode.MACHINE_UNREACHABLE, sentences.UNREACHABLE, f"status {answer.status}"))
        number, data = after, ""
        while line := answer.body.readline(ANSWER_MAX + 1):
            if len(line) > ANSWER_MAX:
                raise Img23DError(ErrorCode.MACHINE_ANSWER, sentences.TOO_MUCH)
            name, _, value = line.decode("utf-8", "replace").rstrip("\r\n").partition(":")
            value = value.removeprefix(" ")
            if name == "id" and value.isascii() and value.isdecimal() and len(value) <= _LONGEST_NUMBER:
                number = int(value)
            elif name == "data":
                data = value  # the server's messages have one line each
            elif not name and not value:
                if data:
                    yield number, data
                data = ""
            elif not name:
                yield None
