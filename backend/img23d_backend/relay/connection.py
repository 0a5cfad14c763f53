"""Requests to the server on the other machine, one connection each, and what is wrong where one fails."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.limits import ANSWER_MAX
from img23d_protocol.machines import sentences
from img23d_protocol.machines.address import Address

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 25.0  # of a server that says every ten seconds that it is there
_TOKEN_BYTES = 4096
_NAME_MISMATCHES = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL's x509_vfy.h


class Lost(Exception):
    """There is no connection, or there is none any more: it is worth trying again. `error` is what to say if it does not help."""

    def __init__(self, error: Img23DError) -> None:
        super().__init__(error.detail)
        self.error = error


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The beginning of an answer; `body` is still to be read."""

    status: int
    headers: Mapping[str, str]  # by names in small letters
    body: http.client.HTTPResponse

    def json(self) -> dict[str, Any]:
        """Raises Img23DError(MACHINE_DIFFERS) for what is no object, Lost."""
        try:
            data = json.loads(read_at_most(self.body, ANSWER_MAX))
        except (ValueError, RecursionError) as error:
            raise Img23DError(ErrorCode.MACHINE_DIFFERS, sentences.FOREIGN, str(error)[:200]) from error
        if not isinstance(data, dict):
            raise Img23DError(ErrorCode.MACHINE_DIFFERS, sentences.FOREIGN)
        return data


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How the server is reached. `token_file` holds its token, `certificate` one that is trusted; both are none where there is no need."""

    address: Address
    token_file: Path | None = None
    certificate: Path | None = None

    @contextlib.contextmanager
    def request(
        self, method: str, path: str, *, body: Iterable[bytes] | None = None, headers: Mapping[str, str] | None = None, seconds: float = SILENCE_SECONDS
    ) -> Iterator[Answer]:
        """The answer, whatever its status but 401. `seconds` is how long nothing may come. Raises Lost, Img23DError."""
        known = self._authorization()
        connection = self._opened()
        with contextlib.closing(connection), _failures(self.address):
            connection.connect()
            assert connection.sock is not None
            connection.sock.settimeout(seconds)
            with _early_answers():
                connection.request(method, path, body=body, headers={**known, **(headers or {})})
            response = connection.getresponse()
            if response.status == HTTPStatus.UNAUTHORIZED:
                raise Img23DError(ErrorCode.MACHINE_REFUSED, sentences.REFUSED)
            yield Answer(status=response.status, headers={name.lower(): value for name, value in response.getheaders()}, body=response)

    def json(self, method: str, path: str, *, seconds: float = SILENCE_SECONDS) -> tuple[int, dict[str, Any]]:
        """Status and object of a small answer. Raises Lost, Img23DError."""
        with self.request(method, path, headers={"Accept": "application/json"}, seconds=seconds) as answer:
            return answer.status, answer.json() if answer.status != HTTPStatus.NO_CONTENT else {}

    def _opened(self) -> http.client.HTTPConnection:
        host, port = self.address.host, self.address.port
        if not self.address.is_secure:
            return http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
        return http.client.HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=self._context())

    def _context(self) -> ssl.SSLContext:
        """Raises Img23DError(MACHINE_UNREACHABLE)."""
        try:
            context = ssl.create_default_context(cafile=self.certificate)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise Img23DError(ErrorCode.MACHINE_UNREACHABLE, sentences.NO_CERTIFICATE, str(error)) from error
        if self.certificate is not None:
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # of Python 3.13: certificates that people make themselves lack what it asks for
        return context

    def _authorization(self) -> dict[str, str]:
        """Read each time, since a person may correct it meanwhile. Raises Img23DError(MACHINE_REFUSED)."""
        if self.token_file is None:
            return {}
        try:
            with open(self.token_file, "rb") as file:
                token = file.read(_TOKEN_BYTES).decode("ascii").strip()
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise Img23DError(ErrorCode.MACHINE_REFUSED, sentences.NO_TOKEN, type(error).__name__) from error
        if any(not sign.isprintable() or sign.isspace() for sign in token):
            raise Img23DError(ErrorCode.MACHINE_REFUSED, sentences.REFUSED)
        return {"Authorization": f"Bearer {token}"} if token else {}


def read_at_most(body: http.client.HTTPResponse, most: int) -> bytes:
    """Raises Img23DError(MACHINE_ANSWER) for more."""
    data = body.read(most + 1)
    if len(data) > most:
        raise Img23DError(ErrorCode.MACHINE_ANSWER, sentences.TOO_MUCH)
    return data


@contextlib.contextmanager
def _early_answers() -> Iterator[None]:
    """A server that refuses a request answers before it has read all of it, and reads no more."""
    try:
        yield
    except (BrokenPipeError, ConnectionResetError):
        pass  # the answer, or its lack, says why


@contextlib.contextmanager
def _failures(address: Address) -> Iterator[None]:
    """Of the network, in the block, as Lost or Img23DError."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        sentence = sentences.OTHER_NAME if error.verify_code in _NAME_MISMATCHES else sentences.UNTRUSTED
        raise Img23DError(ErrorCode.MACHINE_UNREACHABLE, sentence, error.verify_message) from error
    except ssl.SSLError as error:
        if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"):
            raise Img23DError(ErrorCode.MACHINE_UNREACHABLE, sentences.NO_HTTPS, str(error)) from error
        raise _lost(error) from error
    except http.client.RemoteDisconnected as error:
        raise _lost(error, sentences.UNREACHABLE if address.is_secure else sentences.CLOSED) from error
    except (http.client.BadStatusLine, http.client.LineTooLong, http.client.UnknownProtocol) as error:
        raise Img23DError(ErrorCode.MACHINE_DIFFERS, sentences.FOREIGN, type(error).__name__) from error
    except (OSError, http.client.HTTPException, UnicodeError) as error:  # UnicodeError: no name that a machine can have
        raise _lost(error) from error


def _lost(error: Exception, sentence: str = sentences.UNREACHABLE) -> Lost:
    return Lost(Img23DError(ErrorCode.MACHINE_UNREACHABLE, sentence, f"{type(error).__name__}: {error}"[:300]))
