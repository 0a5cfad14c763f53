"""Removes from a report what identifies a person or grants access: users, homes, hosts, addresses, tokens, passwords,
cookies and keys.

Rather a word too many than a name too few: a report is pasted into a public page.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from .addresses import without_addresses
from .credentials import without_credentials

USER, HOST = "<user>", "<host>"

# Names that say nothing about a person, and would be taken out of every second line
_NOBODY = {"root", "user", "users", "admin", "administrator", "guest", "home", "local", "localhost", "blender", "ubuntu", "img23d"}
_SHORTEST_NAME = 2  # letters; a shorter one is left to the patterns of folders

# A slash as it is written, doubled as in Python and JSON, or encoded as in a link
_SLASH = r"(?:\\{1,4}|/|%5[Cc]|%2[Ff])"
# A folder's name: up to the next slash, or else to the next blank; names of people may have blanks
_NAME = r"(?:(?:(?!%5[Cc]|%2[Ff])[^\\/:*?\"'<>|\r\n])+(?=[\\/]|%5[Cc]|%2[Ff])|(?:(?!%5[Cc]|%2[Ff])[^\s\\/:*?\"'<>|,;)\]}])+)"
_HOMES = re.compile(rf"({_SLASH}(?:home|users|media|documents(?: |%20)and(?: |%20)settings){_SLASH}){_NAME}", re.IGNORECASE)
_SHARES = re.compile(r"(?<![^\s\"'=(,])(\\\\{1,3})(?![?.])[^\s\\/\"'<>]+(?=\\)")  # \\server\folder


@dataclass(frozen=True, kw_only=True)
class Names:
    """What this machine and its user are called."""

    users: tuple[str, ...] = ()
    homes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


def redact(text: str, names: Names | None = None) -> str:
    """The text without names and secrets; `names` are this machine's own where none are given. Done twice, it changes nothing."""
    names = own_names() if names is None else names
    text = without_addresses(without_credentials(text))
    for home in sorted(names.homes, key=len, reverse=True):
        text = _replace_home(text, home)
    text = _HOMES.sub(rf"\1{USER}", text)
    text = _SHARES.sub(rf"\1{HOST}", text)
    for user in names.users:
        text = _word(_spellings(user)).sub(USER, text)
    for host in names.hosts:
        text = _word((host, host.partition(".")[0])).sub(HOST, text)
    return text


@cache
def own_names() -> Names:
    """Once a process."""
    home = str(Path.home())
    users = {os.environ.get(name, "") for name in ("USER", "USERNAME", "LOGNAME", "SUDO_USER")} | {Path(home).name}
    try:
        users.add(getpass.getuser())
    except (OSError, KeyError, ImportError):  # a user without an entry, such as in a container
        pass
    hosts = {socket.gethostname(), os.environ.get("COMPUTERNAME", ""), os.environ.get("HOSTNAME", "")}
    return Names(users=_telling(users), homes=(home,) if _telling((Path(home).name,)) else (), hosts=_telling(hosts))


def _telling(names: Iterable[str]) -> tuple[str, ...]:
    """Those that say something, the longest first, since one may be a part of another."""
    kept = {name.strip() for name in names if len(name.strip()) >= _SHORTEST_NAME and name.strip().lower() not in _NOBODY}
    return tuple(sorted(kept, key=lambda name: (-len(name), name)))


def _replace_home(text: str, home: str) -> str:
    """Wherever it lies, and however its slashes are written. Its parent says nothing, so only its last name goes."""
    parts = [part for part in re.split(r"[\\/]+", home) if part]
    if not parts:
        return text
    folders = _SLASH.join(f"(?:{re.escape(part)}|{re.escape(quote(part))})" for part in parts[:-1])
    last = "|".join(map(re.escape, _spellings(parts[-1])))
    lead = rf"((?:{_SLASH})?{folders}{_SLASH})" if folders else rf"({_SLASH})"
    return re.sub(rf"{lead}(?:{last})(?![^\W_])", rf"\1{USER}", text, flags=re.IGNORECASE)


def _spellings(name: str) -> tuple[str, ...]:
    """As it is, as in a link, and as Windows shortens it for old programs (JOHNDO~1)."""
    short = re.sub(r"[ .]", "", name)[:6]
    return tuple(dict.fromkeys((name, quote(name), *(f"{short}~{number}" for number in range(1, 10)))))


def _word(spellings: Iterable[str]) -> re.Pattern[str]:
    """Between other things than letters: `anna` in `anna_2` and `anna's`, not in `Joanna`."""
    known = "|".join(re.escape(one) for one in dict.fromkeys(spellings) if one)
    return re.compile(rf"(?<![^\W\d_])(?:{known})(?![^\W\d_])", re.IGNORECASE)
