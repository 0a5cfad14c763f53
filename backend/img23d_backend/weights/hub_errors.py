"""The errors of the model hub's client, as one sentence with one action, and whether to try again."""

from __future__ import annotations

import traceback

from img23d_protocol import ErrorCode, Img23DError

_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}  # HTTP statuses that may be gone in a moment


def client_errors() -> tuple[type[Exception], ...]:
    """Everything that a request may raise; needs huggingface_hub.

    HTTPError is the base class of the HTTP library below the client, httpx or httpx2 by the client's version. ValueError and
    ImportError come from proxy settings that it cannot use, ValueError and TypeError from an answer that is not the hub's.
    """
    from huggingface_hub.errors import HTTPError, OfflineModeIsEnabled

    return (HTTPError, OfflineModeIsEnabled, ValueError, TypeError, ImportError)


def transfer_errors() -> tuple[type[Exception], ...]:
    """What may end an answer in its middle; needs huggingface_hub."""
    from huggingface_hub.errors import HTTPError

    return (HTTPError,)


def status_of(error: Exception) -> int:
    """The HTTP status, 0 where there was no answer."""
    return getattr(getattr(error, "response", None), "status_code", 0)


def got_no_answer(error: Img23DError) -> bool:
    """Whether the connection itself failed, so that the next request would wait as long and fail as well."""
    return error.code is ErrorCode.HUB_UNREACHABLE and isinstance(error.__cause__, Exception) and not status_of(error.__cause__)


def is_temporary(error: Exception) -> bool:
    """Whether the next try may well succeed: the hub is busy, or the connection broke."""
    if status := status_of(error):
        return status in _TEMPORARY
    return isinstance(error, transfer_errors()) and not _is_about_certificates(error)


def seconds_asked_for(error: Exception) -> float | None:
    """The answer's Retry-After in seconds; None where it does not say, or gives a date."""
    text = getattr(getattr(error, "response", None), "headers", {}).get("Retry-After", "")
    return float(text) if text.strip().isdigit() else None


def as_hub_error(error: Exception, repository: str) -> Img23DError:
    """The failure with its sentence; the client's own words become its detail."""
    code, sentence = _told(error, repository)
    return Img23DError(code, sentence, "".join(traceback.format_exception(error)))


def _told(error: Exception, repository: str) -> tuple[ErrorCode, str]:
    from huggingface_hub.errors import OfflineModeIsEnabled

    status = status_of(error)
    if isinstance(error, OfflineModeIsEnabled):
        return ErrorCode.OFFLINE, "Downloads are switched off by HF_HUB_OFFLINE: unset it and start Blender again."
    if status in (401, 403, 451):
        return (
            ErrorCode.HUB_REFUSED,
            f"The model hub does not give “{repository}” to everybody: agree to its terms on its page, log in with “hf auth login”, or choose another model.",
        )
    if status in (404, 410):
        return (
            ErrorCode.HUB_GONE,
            f"“{repository}” is not at its place on the model hub any more: update the extension, or choose another model.",
        )
    if status == 429:
        return (
            ErrorCode.HUB_UNREACHABLE,
            "The model hub takes no more requests from this network at the moment: try again later; it goes on where it stopped.",
        )
    if status >= 500 or status in _TEMPORARY:
        return (
            ErrorCode.HUB_UNREACHABLE,
            "The model hub is out of order at the moment: try again in a few minutes; it goes on where it stopped.",
        )
    return ErrorCode.HUB_UNREACHABLE, _unreachable(error)


def _unreachable(error: Exception) -> str:
    if _is_about_certificates(error):
        return "The connection to the model hub is not trusted: a proxy or antivirus reads along; ask who looks after it."
    if "Proxy" in type(error).__name__ or "proxy" in str(error).lower():
        return "The proxy does not let the model hub through: correct the system's proxy settings and try again."
    if isinstance(error, (ValueError, TypeError)):
        return "Something else answers in the model hub's place: log in to the network or correct its proxy, then try again."
    if "Timeout" in type(error).__name__:
        return "The model hub does not answer: check the network and try again; it goes on where it stopped."
    return "The model hub cannot be reached: check the network and try again; it goes on where it stopped."


def _is_about_certificates(error: Exception) -> bool:
    return "CERTIFICATE_VERIFY_FAILED" in str(error)
