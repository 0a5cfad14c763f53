"""uv's failures, as one sentence and one action. Matched by uv's and the system's words, for any uv of 2025 on."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from img23d_protocol import ErrorCode, Img23DError

_DETAIL = 4000  # characters of what uv said last
_UNREACHABLE = (
    r"dns error|failed to lookup|error sending request|client error|timed out|timeout|connection|network is|"
    r"failed to (fetch|download)|http status|\b(403|404|429|50\d) "
)


@dataclass(frozen=True, kw_only=True)
class _Rule:
    pattern: str
    code: ErrorCode
    sentence: str


def _rules(platform: str) -> tuple[_Rule, ...]:
    """The first that matches counts. The numbers are the system's, so they mean other things on Windows."""
    windows = platform == "win32"
    full = r"os error (39|112)\b" if windows else r"os error (28|69|122)\b"
    held = r"os error (5|32|33|1224)\b" if windows else r"os error 26\b"
    denied = r"os error 19\b" if windows else r"os error (1|13|30)\b"
    too_long = r"os error 206\b" if windows else r"os error (36|63)\b"
    return (
        _Rule(
            pattern=rf"{full}|no space left|not enough space|quota exceeded",
            code=ErrorCode.DISK_FULL,
            sentence="The disk is full: make room, or choose a folder on another disk, and press Go On.",
        ),
        _Rule(
            pattern=rf"{held}|text file busy|being used by another process",
            code=ErrorCode.FILE_LOCKED,
            sentence="Another program, often an antivirus or a second Blender, holds a file: close it and press Go On.",
        ),
        _Rule(
            pattern=rf"{denied}|permission denied|read-only file system|access is denied",
            code=ErrorCode.FOLDER_UNWRITABLE,
            sentence="The folder for the AI models cannot be written to: choose another one in the preferences.",
        ),
        _Rule(
            pattern=rf"{too_long}|file ?name too long|path too long",
            code=ErrorCode.ENVIRONMENT_BROKEN,
            sentence="A path became too long for this system: choose a folder with a shorter path in the preferences.",
        ),
        _Rule(
            pattern=r"hash mismatch|bad crc|checksum|corrupt",
            code=ErrorCode.ENVIRONMENT_BROKEN,
            sentence="A download came with wrong bytes and was refused: try again, if need be from another network.",
        ),
        _Rule(
            pattern=r"\b407\b|proxy (authentication|connect)|proxy error",
            code=ErrorCode.HUB_UNREACHABLE,
            sentence="The proxy refused the download: set HTTPS_PROXY with your name and password, and start Blender again.",
        ),
        _Rule(
            pattern=r"certificate|UnknownIssuer",
            code=ErrorCode.HUB_UNREACHABLE,
            sentence="The network's certificate is not trusted: set SSL_CERT_FILE to your company's one, and start Blender again.",
        ),
        _Rule(
            pattern=r"no wheels? with a matching|no wheels for|doesn't have a (source distribution|wheel)|requires-python|"
            r"only has wheels|no interpreter found|not a supported|usable wheels",
            code=ErrorCode.ENVIRONMENT_BROKEN,
            sentence="There is no package for this Python and system: set up with the network on, so that Python 3.12 is fetched.",
        ),
        _Rule(
            pattern=_UNREACHABLE,
            code=ErrorCode.HUB_UNREACHABLE,
            sentence="The packages could not be downloaded: check the network or the proxy, and press Go On.",
        ),
    )


def uv_failure(text: str, *, platform: str = sys.platform) -> Img23DError:
    """What uv wrote before it ended with an error."""
    detail = text[-_DETAIL:]
    start = re.search(r"^error", text, re.MULTILINE)  # what stands before it names packages, such as networkx
    cause = text[start.start() :] if start else text
    for rule in _rules(platform):
        if re.search(rule.pattern, cause, re.IGNORECASE):
            return Img23DError(rule.code, rule.sentence, detail)
    sentence = "The AI environment could not be made: press Go On, and report it with the diagnosis if it stays."
    return Img23DError(ErrorCode.ENVIRONMENT_BROKEN, sentence, detail)
