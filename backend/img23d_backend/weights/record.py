"""The record of what was installed: one img23d.json in each file set's folder, from which its state is told without reading a weight."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path

from img23d_protocol.files.whole_files import write_whole
from img23d_protocol.messages import WeightsState

log = logging.getLogger(__name__)

RECORD_NAME = "img23d.json"
SHORT = 10  # characters that name a commit


@dataclass(frozen=True, kw_only=True)
class RecordedFile:
    size: int
    digest: str  # see `digests`


@dataclass(frozen=True, kw_only=True)
class Record:
    """`requested` is the registry's revision at that time, `revision` the commit that came (empty: the files came by hand).

    `folder` is where the files lie: empty for the record's own folder, otherwise the cache of another program.
    `notices` are licence and notice files; they lie in the record's own folder in any case. `program` is the digest of the
    publisher's own program as the hub listed it (`published_program`), which is never fetched.
    `card_licence` is what the repository's page named at `card_read` (UTC): empty where it named none, and where it was not read,
    which leaves `card_read` empty as well.
    """

    repository: str
    requested: str
    revision: str
    licence: str
    licence_link: str
    accepted: str = ""  # what the artist agreed to before the download
    folder: str = ""
    is_complete: bool = False
    files: dict[str, RecordedFile] = field(default_factory=dict)  # by their paths in the repository
    notices: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()  # names of files that a check found wrong
    program: str = ""
    card_licence: str = ""
    card_read: str = ""

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files.values())

    @property
    def commit(self) -> str:
        """The commit that came, as short as people name it; empty where the files came by hand."""
        return self.revision[:SHORT]


def read_record(folder: Path) -> Record | None:
    """None where there is none, or none that can be read: then the files are checked again at the next download."""
    try:
        fields = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
        fields["files"] = {name: RecordedFile(**file) for name, file in fields["files"].items()}
        return Record(**fields | {name: tuple(fields[name]) for name in ("notices", "damaged")})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("the record in %s cannot be read: %s", folder, error)
        return None


def recorded_digest(folder: Path, name: str) -> str:
    """Of a file, by its path in the repository; empty where the folder has no record of it, as one in another program's cache."""
    record = read_record(folder)
    file = record.files.get(name) if record is not None else None
    return file.digest if file is not None else ""


def write_record(folder: Path, record: Record) -> None:
    """In one step, so that whoever is ended in the middle leaves the old one."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n"
    write_whole(folder / RECORD_NAME, text.encode(), durable=True)


def files_folder(folder: Path, record: Record) -> Path:
    """Where a set's files lie, given the set's own folder."""
    return Path(record.folder) if record.folder else folder


def state_of(folder: Path, record: Record | None) -> WeightsState:
    """From the record and a stat for each file."""
    if record is None:
        return WeightsState.PARTIAL if folder.is_dir() and any(folder.iterdir()) else WeightsState.MISSING
    if not record.is_complete:
        return WeightsState.PARTIAL
    place = files_folder(folder, record)
    if record.folder and not place.is_dir():
        return WeightsState.MISSING  # the other program's cache was emptied
    if record.damaged or any(size_of(place / name) != file.size for name, file in record.files.items()):
        return WeightsState.DAMAGED
    return WeightsState.READY


def size_of(path: Path) -> int:
    """In bytes; -1 where there is no such file."""
    try:
        return path.stat().st_size
    except OSError:
        return -1
