"""A model hub on this machine's loopback: the part of the real one's interface that its Python client uses for downloads.

    GET  /api/models/<repository>/revision/<revision>?blobs=true    the commit, the files with sizes and hashes
    GET  /api/models/<repository>?blobs=true                        the same of the default branch, with the head of its README
    GET  /api/models/<repository>/tree/<revision>                   the files alone
    HEAD or GET /<repository>/resolve/<revision>/<file>             a small file, or for a large one a redirect with its hash
    GET  /blobs/<sha256>                                            a large file, whole or from an offset

Faults are set as attributes. Every request is kept in `requests`.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "c0ffee" + "0" * 34
LARGE = 50_000  # bytes; from there on a file is kept as the hub keeps LFS files
BLOCK = 16_384  # bytes sent at a time
_OURS = ("img23d.json", "made-from.txt")  # beside a small model's files, and not published


@dataclass(kw_only=True)
class Request:
    method: str
    path: str
    start: int = 0  # of the range that was asked for
    sent: int = 0  # bytes of the file
    token: str = ""


@dataclass(kw_only=True)
class LocalHub:
    """`repositories`: name -> path -> bytes. A revision may be any name; the commit is COMMIT or the asked-for commit."""

    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)  # repository -> the head of its README, as the default branch has it
    tags: dict[str, list[str]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    endpoint: str = ""
    storage: str = ""
    # --- faults
    statuses: dict[str, list[int]] = field(default_factory=dict)  # part of a path -> what to answer, one after another
    always: dict[str, int] = field(default_factory=dict)  # part of a path -> what to answer every time
    retry_after: str = ""
    cut_after: list[int] = field(default_factory=list)  # bytes after which the line breaks, for one answer after another
    flip: dict[str, int] = field(default_factory=dict)  # sha256 -> how many answers have one wrong byte
    seconds_a_block: float = 0.0
    stall_at: int = -1  # bytes after which nothing comes any more, without the line being cut
    knows_ranges: bool = True
    commit: str = COMMIT
    refused_pages: set[str] = field(default_factory=set)  # repositories whose page of the default branch is for others
    gone: set[str] = field(default_factory=set)  # revisions that are not there any more
    refused_token: str = ""
    needed_token: str = ""  # a hub for those who are logged in
    portal: bool = False  # a log-in page answers everything

    def sent(self, part: str) -> int:
        """Bytes sent of files whose path has that part."""
        return sum(request.sent for request in self.requests if part in request.path)

    def asked(self, part: str) -> list[Request]:
        return [request for request in self.requests if part in request.path and request.method == "GET"]

    def blob(self, digest: str) -> bytes | None:
        for files in self.repositories.values():
            for content in files.values():
                if sha256(content) == digest:
                    return content
        return None


def files_in(folder: Path) -> dict[str, bytes]:
    """A small model's files as a repository has them."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name not in _OURS}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@contextmanager
def serving(hub: LocalHub, port: int = 0) -> Iterator[LocalHub]:
    """The hub answers at `hub.endpoint` while the block runs, its large files come from another port, as from a CDN. Port 0: any."""
    with _server(hub, port) as hub.endpoint, _server(hub, 0) as hub.storage:
        yield hub


@contextmanager
def _server(hub: LocalHub, port: int) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(hub))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(hub: LocalHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            address = urllib.parse.urlsplit(self.path)
            path = urllib.parse.unquote(address.path)
            self.request_log = Request(method=self.command, path=path, token=self.headers.get("Authorization", ""))
            hub.requests.append(self.request_log)
            if (status := self._fault(path)) is not None:
                return self._refuse(status)
            if hub.portal:
                self.send_response(200)
                return self._finish_with(b"<html>Welcome to our hotel</html>", "text/html")
            if "/tree/" in path and path.startswith("/api/models/"):
                return self._send_tree(path.removeprefix("/api/models/").partition("/tree/")[0])
            if path.startswith("/api/models/"):
                return self._send_listing(*path.removeprefix("/api/models/").partition("/revision/")[::2])
            if path.startswith("/blobs/"):
                return self._send_file(hub.blob(path.removeprefix("/blobs/")), {})
            repository, _, rest = path.removeprefix("/").partition("/resolve/")
            revision, _, name = rest.partition("/")
            if revision in hub.gone:
                return self._refuse(404, "RevisionNotFound")
            self._resolve(repository, name)

        def _fault(self, path: str) -> int | None:
            if hub.refused_token and hub.refused_token in self.headers.get("Authorization", ""):
                return 401
            if hub.needed_token and not path.startswith("/blobs/") and hub.needed_token not in self.headers.get("Authorization", ""):
                return 401
            for part, statuses in hub.statuses.items():
                if part in path and statuses:
                    return statuses.pop(0)
            return next((status for part, status in hub.always.items() if part in path), None)

        def _send_listing(self, repository: str, revision: str) -> None:
            files = hub.repositories.get(repository)
            if files is None:
                return self._refuse(404, "RepoNotFound")
            if revision in hub.gone:  # as the hub says it (huggingface_hub.utils._http.hf_raise_for_status)
                return self._refuse(404, "RevisionNotFound")
            if not revision and repository in hub.refused_pages:
                return self._refuse(403)
            commit = revision if len(revision) == 40 else hub.commit
            siblings = [_sibling(name, content) for name, content in files.items()]
            info = {"id": repository, "modelId": repository, "sha": commit, "siblings": siblings}
            if not revision:
                info |= {"tags": hub.tags.get(repository, []), **({"cardData": hub.cards[repository]} if repository in hub.cards else {})}
            self._send_json(info)

        def _send_tree(self, repository: str) -> None:
            files = hub.repositories.get(repository)
            if files is None:
                return self._refuse(404, "RepoNotFound")
            self._send_json([_tree_entry(name, content) for name, content in files.items()])

        def _resolve(self, repository: str, name: str) -> None:
            content = hub.repositories.get(repository, {}).get(name)
            if content is None:
                return self._refuse(404, "EntryNotFound")
            headers = {"X-Repo-Commit": hub.commit}
            if len(content) < LARGE:
                return self._send_file(content, headers | {"ETag": f'"{git_sha1(content)}"'})
            digest = sha256(content)
            self.send_response(302)
            self.send_header("Location", f"{hub.storage}/blobs/{digest}")
            for key, value in (headers | {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(content))}).items():
                self.send_header(key, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _send_file(self, content: bytes | None, headers: dict[str, str]) -> None:
            if content is None:
                return self._refuse(404, "EntryNotFound")
            start = self._start_of_range() if hub.knows_ranges else 0
            self.request_log.start = start
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            if self.command == "GET":
                self._send_bytes(_spoiled(hub, content)[start:])

        def _start_of_range(self) -> int:
            return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])

        def _send_bytes(self, content: bytes) -> None:
            limit = hub.cut_after.pop(0) if hub.cut_after and len(content) > LARGE else len(content)
            for offset in range(0, min(limit, len(content)), BLOCK):
                block = content[offset : min(offset + BLOCK, limit)]
                if 0 <= hub.stall_at <= offset:
                    time.sleep(60)  # daemon thread: ends with the test
                try:
                    self.wfile.write(block)
                except OSError:  # the client has gone
                    self.close_connection = True
                    return
                self.request_log.sent += len(block)
                time.sleep(hub.seconds_a_block)
            if limit < len(content):
                self.close_connection = True
                self.connection.close()

        def _refuse(self, status: int, code: str = "") -> None:
            body = json.dumps({"error": f"refused with {status}"}).encode()
            self.send_response(status)
            if hub.retry_after:
                self.send_header("Retry-After", hub.retry_after)
            if code:
                self.send_header("X-Error-Code", code)
            self._finish_with(body, "application/json")

        def _send_json(self, value: Any) -> None:
            self.send_response(200)
            self._finish_with(json.dumps(value).encode(), "application/json")

        def _finish_with(self, body: bytes, kind: str) -> None:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _sibling(name: str, content: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": git_sha1(content)}
    if len(content) >= LARGE:
        fields["lfs"] = {"sha256": sha256(content), "size": len(content), "pointerSize": 135}
    return fields


def _tree_entry(name: str, content: bytes) -> dict[str, Any]:
    sibling = _sibling(name, content)
    entry = {"type": "file", "path": name, "size": sibling["size"], "oid": sibling["blobId"]}
    if "lfs" in sibling:
        entry["lfs"] = {"oid": sibling["lfs"]["sha256"], "size": sibling["size"], "pointerSize": 135}
    return entry


def _spoiled(hub: LocalHub, content: bytes) -> bytes:
    digest = sha256(content) if len(content) >= LARGE else ""
    if hub.flip.get(digest, 0) <= 0:
        return content
    hub.flip[digest] -= 1
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
