"""The model hub through huggingface_hub's own client: what a commit holds, and the bytes of a file from any offset.

Its `hf_hub_download` is not used: in version 2.4 it begins a download that was cut off from zero again (the name of its
temporary file is new each time, and the file is removed on failure), and between two blocks of 10 MB it can be neither
watched nor stopped. Its session, addresses, log-in and errors are. Its other way of transport (hf_xet) keeps no part of a
file that could be gone on with either; the hub serves every file over HTTP as well.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import socket
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from img23d_protocol import ErrorCode, Img23DError

from .digests import git_sha1, sha256
from .hub_errors import as_hub_error, client_errors, is_temporary, seconds_asked_for, status_of
from .licences.card import Card, card_of

if TYPE_CHECKING:
    from .task import Task

log = logging.getLogger(__name__)

T = TypeVar("T")

_UNAUTHORIZED = 401
_PUBLIC = {"huggingface.co", "hf.co"}  # where the artist's log-in was made


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """`name` is the path in the repository; `digest` see `digests`."""

    name: str
    size: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Listing:
    commit: str
    files: tuple[HubFile, ...]


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often and how long a request that may succeed later is tried again. Waits double."""

    tries: int = 4
    first_wait: float = 1.0  # seconds
    longest_wait: float = 30.0  # seconds; a hub that asks for more is believed, and the artist told


class Hub:
    """A model hub; by default the one that huggingface_hub knows, or HF_ENDPOINT names."""

    def __init__(self, endpoint: str | None = None, retry: RetryPolicy = RetryPolicy(), *, is_mirror: bool = False) -> None:
        self._endpoint = endpoint
        self._retry = retry
        self._is_mirror = is_mirror
        self._token: str | bool | None = False if is_mirror else None  # None: not decided yet

    def at(self, mirror: str) -> Hub:
        """The hub at another address, which is never told the log-in: that is meant for the usual one. Itself for an empty one."""
        return Hub(mirror, self._retry, is_mirror=True) if mirror else self

    def listing(self, repository: str, revision: str | None, task: Task) -> Listing:
        """The commit that the revision is, with every file's size and digest; None is the repository's default branch.

        Raises Img23DError(HUB_…, OFFLINE).
        """
        return self._patiently(lambda: self._list(repository, revision), repository, task)

    def card(self, repository: str, task: Task) -> Card:
        """What the page of the default branch says of the licence. Raises Img23DError(HUB_…, OFFLINE)."""
        return self._patiently(lambda: card_of(self._info(repository, None, files=False)), repository, task)

    def read(self, repository: str, commit: str, name: str, offset: int, task: Task, take: Callable[[bool, Iterator[bytes]], None]) -> None:
        """Hand a file's bytes to `take`: whether they begin at the offset (else at zero), and the blocks as they come.

        What `take` lets pass of the line's errors is tried again. Raises Img23DError(HUB_…, OFFLINE) and what `take` raises.
        """

        def request() -> None:
            with self._open(repository, commit, name, offset) as response, task.reading(_socket_of(response)):
                take(_begins_at(response, offset), response.iter_bytes())

        self._patiently(request, repository, task)

    # --- one request ------------------------------------------------------------------------------------------------

    def _info(self, repository: str, revision: str | None, *, files: bool) -> Any:
        """The hub client's ModelInfo; `files` with sizes and digests."""
        from huggingface_hub import HfApi, constants

        api = HfApi(endpoint=self._address(), token=self._log_in())
        seconds = constants.HF_HUB_DOWNLOAD_TIMEOUT  # of silence; the artist's own variable
        return api.model_info(repository, revision=revision, files_metadata=files, timeout=seconds)

    def _list(self, repository: str, revision: str | None) -> Listing:
        info = self._info(repository, revision, files=True)
        if not info.sha or not info.siblings:
            raise ValueError(f"no commit or no files in the answer for {repository}")
        files = (_as_hub_file(sibling) for sibling in info.siblings)
        return Listing(commit=info.sha, files=tuple(file for file in files if file is not None))

    @contextlib.contextmanager
    def _open(self, repository: str, commit: str, name: str, offset: int) -> Iterator[Any]:
        from huggingface_hub import constants, hf_hub_url
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

        url = hf_hub_url(repository, name, revision=commit, endpoint=self._address())
        headers = build_hf_headers(token=self._log_in()) | {"Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        seconds = constants.HF_HUB_DOWNLOAD_TIMEOUT
        with get_session().stream("GET", url, headers=headers, timeout=seconds, follow_redirects=True) as response:
            hf_raise_for_status(response)
            if url.startswith("https:") and response.url.scheme != "https":
                raise ValueError(f"{url} leads to {response.url}, where anybody on the way can change it")
            yield response

    def _patiently(self, request: Callable[[], T], repository: str, task: Task) -> T:
        _require_client()
        failures = 0
        while True:
            task.check()
            try:
                return request()
            except client_errors() as error:
                failures += 1
                if status_of(error) == _UNAUTHORIZED and self._tries_another_log_in():
                    continue
                pause = self._pause_after(error, failures)
                if pause is None:
                    raise as_hub_error(error, repository) from error
                log.warning("%s: trying again in %.0f s: %s", repository, pause, error)
                task.wait(pause)

    # --- the log-in -------------------------------------------------------------------------------------------------

    def _address(self) -> str:
        """Raises Img23DError(BAD_REQUEST) for one that is no address."""
        from huggingface_hub import constants

        address = (self._endpoint or constants.ENDPOINT).rstrip("/")
        if not address.startswith(("https://", "http://")):
            sentence = f"HF_ENDPOINT is “{address}” and must be an address that begins with https://: correct it, and start Blender again."
            raise Img23DError(ErrorCode.BAD_REQUEST, sentence)
        return address

    def _log_in(self) -> str | bool | None:
        """What huggingface_hub is told: None for the artist's own log-in, False for none, or the token itself.

        The log-in that is kept on this machine was made at the public hub and goes there alone. Another hub that HF_ENDPOINT
        names is told the token of HF_TOKEN, once it has asked for one.
        """
        if self._token is None and urllib.parse.urlsplit(self._address()).hostname not in _PUBLIC:
            self._token = False
        return self._token

    def _tries_another_log_in(self) -> bool:
        """After a refusal: an old log-in is refused even what everybody may have."""
        before, given = self._token, os.environ.get("HF_TOKEN", "")
        if before is None:
            self._token = False
        elif before is False and given and not self._is_mirror and urllib.parse.urlsplit(self._address()).hostname not in _PUBLIC:
            self._token = given
        return self._token != before

    def _pause_after(self, error: Exception, failures: int) -> float | None:
        """Seconds until the next try; None to give up."""
        if failures >= self._retry.tries or not is_temporary(error):
            return None
        asked = seconds_asked_for(error)
        pause = self._retry.first_wait * 2 ** (failures - 1) if asked is None else asked
        return pause if pause <= self._retry.longest_wait else None


def _require_client() -> None:
    if importlib.util.find_spec("huggingface_hub") is None:
        raise Img23DError(ErrorCode.ENVIRONMENT_BROKEN, "Downloads need the backend's own environment: press Set Up AI Models first.")


def _as_hub_file(sibling: Any) -> HubFile | None:
    """None for a file whose bytes the hub does not vouch for."""
    if sibling.lfs is not None:
        return HubFile(name=sibling.rfilename, size=sibling.lfs.size, digest=sha256(sibling.lfs.sha256))
    if sibling.blob_id and sibling.size is not None:
        return HubFile(name=sibling.rfilename, size=sibling.size, digest=git_sha1(sibling.blob_id))
    return None


def _begins_at(response: Any, offset: int) -> bool:
    """A server may answer a range with the whole file; the bytes then begin at zero."""
    if not offset:
        return True
    return response.status_code == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")


def _socket_of(response: Any) -> socket.socket | None:
    stream = response.extensions.get("network_stream")
    return None if stream is None else stream.get_extra_info("socket")
