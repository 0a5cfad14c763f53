"""The record of a run that another machine has made, in the words of this one: its folder, its files, the job's name."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from img23d_protocol import Img23DError
from img23d_protocol.files.filenames import FileName
from img23d_protocol.files.whole_files import write_whole

from .downloads import Fetcher, Missing

log = logging.getLogger(__name__)

_NAME = FileName("run.json")
_LONGEST = 5_000_000  # bytes; 200 targets need less than a tenth of it


def fetch_record(fetcher: Fetcher, server_job: str, job: str, folder: Path, uploads: Sequence[str]) -> None:
    """`uploads` are the paths here of the files that went along, by the numbers that they have there. Jobs that keep no record have none."""
    try:
        path = fetcher.fetch(server_job, _NAME)
        data = path.read_bytes() if path.stat().st_size <= _LONGEST else b""
        told = _told(json.loads(data), server_job, job, str(folder), uploads)
        write_whole(path, json.dumps(told, indent=1).encode())
    except Missing:
        return
    except (ValueError, RecursionError, OSError, Img23DError) as error:
        log.warning("the run's record could not be kept: %s", error)
        (folder / _NAME).unlink(missing_ok=True)


def _told(value: Any, server_job: str, job: str, folder: str, uploads: Sequence[str]) -> Any:
    """The same with names of this machine; `…/<job>/in/<number>/<name>` is an upload's path there, `…/<job>/run` the folder's."""
    if isinstance(value, dict):
        return {key: _told(inner, server_job, job, folder, uploads) for key, inner in value.items()}
    if isinstance(value, list):
        return [_told(inner, server_job, job, folder, uploads) for inner in value]
    if not isinstance(value, str):
        return value
    if value == server_job:
        return job
    upload = re.fullmatch(rf".*[/\\]{re.escape(server_job)}[/\\]in[/\\](\d{{1,3}})[/\\][^/\\]+", value, re.DOTALL)
    if upload is not None and int(upload[1]) < len(uploads):
        return uploads[int(upload[1])]
    return folder if re.fullmatch(rf".*[/\\]{re.escape(server_job)}[/\\]run", value, re.DOTALL) else value
