"""What a batch is of: the pictures below a folder, or the rows of a CSV file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from img23d_protocol.errors import bad_request

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"}  # endings; what is in a file is looked at when its turn comes
PHOTO, NAMES = "photo", "names"  # columns
_LONGEST_FIELD = 100_000  # characters of a CSV file's field


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`photo` is an absolute path, `names` what to make, as it was typed."""

    photo: str
    names: str


def entries_of(source: Path, names: str) -> Iterator[Entry]:
    """In their order; `names` are for pictures that have none of their own. Raises Img23DError(BAD_REQUEST)."""
    if source.is_dir():
        yield from (Entry(photo=path, names=names) for path in _pictures(source.absolute()))
    elif source.is_file():
        yield from _rows(source.absolute(), names)
    else:
        raise bad_request(f"“{source}” is neither a folder nor a CSV file.")


def _pictures(folder: Path) -> Iterator[str]:
    """Below the folder, by their names; hidden files and folders are passed over."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (os.path.join(here, name) for name in sorted(files) if Path(name).suffix.lower() in PICTURES and not name.startswith("."))


def _rows(path: Path, names: str) -> Iterator[Entry]:
    """A first line of column names, then a photo a line; paths are from the file's folder on. What is no path becomes a row all the same: its job
    says what is wrong.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            csv.field_size_limit(_LONGEST_FIELD)
            reader = csv.DictReader(file, dialect=_dialect(file.readline()))
            file.seek(0)
            columns = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
            if PHOTO not in columns:
                raise bad_request(f"“{path.name}” has no column “{PHOTO}”: its first line names the columns, “{PHOTO}” and, if you like, “{NAMES}”.")
            for row in reader:
                photo = (row[columns[PHOTO]] or "").strip()
                own = (row[columns[NAMES]] or "").strip() if NAMES in columns else ""
                if photo:
                    yield Entry(photo=os.path.join(path.parent, photo), names=own or names)
    except (csv.Error, UnicodeDecodeError) as error:
        raise bad_request(f"“{path.name}” cannot be read as a CSV file in UTF-8: {error}") from error


def _dialect(first_line: str) -> type[csv.Dialect]:
    """Semicolons are what spreadsheets write where the comma is the decimal sign."""

    class Found(csv.excel):
        delimiter = max(",;\t", key=first_line.count)

    return Found
