"""The manifest of a batch: a row a photo, in SQLite.

SQLite and not Parquet: a row changes whenever a photo ends, and each change has to be on the disk by itself, whole or not at all, also where the program
is killed in the middle. That is what a transaction is. A Parquet file is written in one go and has its directory at the end: it would be written
anew for each photo, and would need a library of a hundred megabytes. Python brings SQLite, and every table program reads it. The rollback journal, and
not the write-ahead log, because that needs memory shared by all who open the file, which network file systems do not have.

Only the command that runs the batch writes it; a lock on a file beside it keeps a second one out.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.errors import bad_request
from img23d_protocol.files.os_lock import LockState, try_lock
from img23d_protocol.limits import SEED_MAX

from .entries import Entry
from .made import Thing

FILE, LOCK = "batch.sqlite", "batch.lock"
FORMAT = 1
_TABLES = """
create table about (key text primary key, value text not null);
create table photo (
  number integer primary key, path text not null, names text not null, seed integer not null, state text not null default 'waiting',
  losses integer not null default 0, folder text not null default '', seconds real not null default 0, ended real not null default 0,
  code text not null default '', sentence text not null default '', things text not null default '[]', unique (path, names));
create index by_state on photo (state);
"""


class PhotoState(StrEnum):
    WAITING = "waiting"  # also what is being made now: whoever was killed left nothing
    MADE = "made"
    PARTLY = "partly"  # some of its things
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One photo. `losses` are workers that ended while they made it, `folder` is its name below the batch's, empty where nothing was made; `ended`
    is in seconds since 1970.
    """

    number: int
    path: str
    names: str
    seed: int
    state: PhotoState = PhotoState.WAITING
    losses: int = 0
    folder: str = ""
    seconds: float = 0.0
    ended: float = 0.0
    code: str = ""
    sentence: str = ""
    things: tuple[Thing, ...] = ()


class Manifest:
    """Of the folder `out`, which is made when it is not there."""

    def __init__(self, out: Path) -> None:
        """Raises Img23DError where another program runs a batch there, or the file is none of ours; OSError where nothing can be written."""
        out.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(out / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        if try_lock(self._lock) is LockState.HELD:
            os.close(self._lock)
            raise Img23DError(ErrorCode.BUSY, f"A batch is being made in “{out}” already: wait for it, or choose another folder.")
        self._file = out / FILE
        try:
            self._data = self._opened()
        except sqlite3.Error as error:
            os.close(self._lock)
            raise bad_request(f"“{self._file}” cannot be read: move it away, or choose another folder. ({error})") from error

    def close(self) -> None:
        self._data.close()
        os.close(self._lock)

    def _opened(self) -> sqlite3.Connection:
        data = sqlite3.connect(self._file, isolation_level=None, timeout=30.0)
        data.execute("pragma journal_mode = delete")
        data.execute("pragma synchronous = full")
        if not data.execute("select 1 from sqlite_master where name = 'photo'").fetchone():
            data.executescript(f"begin immediate;{_TABLES}pragma user_version = {FORMAT};commit;")
        (found,) = data.execute("pragma user_version").fetchone()
        if found != FORMAT:
            raise sqlite3.DatabaseError(f"form {found}, where this version knows {FORMAT}")
        return data

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """All of it is on the disk afterwards, or none."""
        with self._data:
            self._data.execute("begin immediate")
            yield self._data

    # --- what it is of ----------------------------------------------------------------------------------------------

    def agree_on(self, choices: Mapping[str, Any]) -> None:
        """What all photos of this batch are made with: kept the first time. Raises Img23DError(BAD_REQUEST) where that was something else."""
        known = {key: json.loads(value) for key, value in self._data.execute("select key, value from about")}
        wanted = json.loads(json.dumps(dict(choices)))
        if known and known != wanted:
            other = ", ".join(sorted(_differences(known, wanted)))
            raise bad_request(f"The batch in this folder was begun with another choice of: {other}. Choose the same again, or another folder.")
        if not known:
            with self._change() as data:
                data.executemany("insert into about values (?, ?)", [(key, json.dumps(value)) for key, value in wanted.items()])

    def add(self, entries: Iterable[Entry], seed: int) -> int:
        """Those that are not there yet; how many these are. A `seed` below 0 draws one for each."""
        before = self.count()
        with self._change() as data:
            for entry in entries:
                own = seed if seed >= 0 else random.randint(0, SEED_MAX)
                data.execute("insert or ignore into photo (path, names, seed) values (?, ?, ?)", (_stored(entry.photo), _stored(entry.names), own))
        return self.count() - before

    def count(self, *states: PhotoState) -> int:
        """How many photos are in one of the states; without any, all."""
        where = f"where state in ({', '.join('?' * len(states))})" if states else ""
        return self._data.execute(f"select count(*) from photo {where}", states).fetchone()[0]

    def waiting(self) -> list[int]:
        """Numbers, in their order."""
        return [number for (number,) in self._data.execute("select number from photo where state = ? order by number", (PhotoState.WAITING,))]

    def row(self, number: int) -> Row:
        return _row(self._data.execute(f"select {_COLUMNS} from photo where number = ?", (number,)).fetchone())

    def rows(self) -> list[Row]:
        return [_row(values) for values in self._data.execute(f"select {_COLUMNS} from photo order by number")]

    # --- what becomes of a photo --------------------------------------------------------------------------------------

    def end(self, row: Row) -> None:
        """How it ended; `row.state` is none that waits."""
        values = (row.state, row.folder, row.seconds, row.ended, row.code, row.sentence, json.dumps([asdict(one) for one in row.things]), row.number)
        with self._change() as data:
            data.execute("update photo set state = ?, folder = ?, seconds = ?, ended = ?, code = ?, sentence = ?, things = ? where number = ?", values)

    def lose(self, number: int) -> int:
        """A worker ended while it made this one; how often that was by now."""
        with self._change() as data:
            data.execute("update photo set losses = losses + 1 where number = ?", (number,))
        return self.row(number).losses

    def wait_again(self, *states: PhotoState) -> int:
        """All photos in these states are to be made once more; how many these are."""
        with self._change() as data:
            values = (PhotoState.WAITING, *states)
            return data.execute(f"update photo set state = ?, losses = 0 where state in ({', '.join('?' * len(states))})", values).rowcount


_COLUMNS = "number, path, names, seed, state, losses, folder, seconds, ended, code, sentence, things"


def _row(values: Sequence[Any]) -> Row:
    named = dict(zip(_COLUMNS.split(", "), values, strict=True))
    things = tuple(Thing(**{**one, "files": tuple(one["files"])}) for one in json.loads(named.pop("things")))
    texts = {key: os.fsdecode(named[key]) for key in ("path", "names")}
    return Row(**{**named, **texts, "state": PhotoState(named["state"]), "things": things})


def _stored(text: str) -> str | bytes:
    """SQLite's text is UTF-8: a file's name that is no text is kept as its bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text)
    return text


def _differences(known: Mapping[str, Any], wanted: Mapping[str, Any], within: str = "") -> Iterator[str]:
    """Keys with other values, also of mappings in mappings."""
    for key in known.keys() | wanted.keys():
        one, other = known.get(key), wanted.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            yield from _differences(one, other, key)
        elif one != other:
            yield key
