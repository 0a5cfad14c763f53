"""The weights on this machine: listed, installed, verified and deleted.

What is read at a run (`path`, `is_ready`, `infos`) touches neither the network nor a weight: a small record and one stat a
file. Everything lies under `<models folder>/<set id>/`, or in the cache of another program that the record names.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.choices import licence_named
from img23d_protocol.messages import SetupStep, WeightsInfo, WeightsState

from ..setup_context import SetupContext
from .digests import digest_of, has_digest, sha256
from .disk import free_bytes, gigabytes, remove, told_in_a_sentence
from .hub import Hub
from .installation import LOCKS_NAME, Installation
from .lock import locked
from .published_program import has_program
from .record import RECORD_NAME, Record, RecordedFile, files_folder, read_record, size_of, state_of, write_record
from .registry import WEIGHT_SETS, WeightSet, weight_set
from .rows.row import is_commit
from .selection import is_weights
from .sources import sources
from .task import Task, run_watched


class WeightStore:
    """The file sets of the registry in one folder, which may live on any disk and need not exist yet."""

    def __init__(
        self,
        folder: Path,
        *,
        hub: Hub | None = None,
        free_bytes: Callable[[Path], int] = free_bytes,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._folder = folder
        self._hub = hub or Hub()
        self._free_bytes = free_bytes
        self._environment = environment  # where the caches of other programs are looked for

    @property
    def folder(self) -> Path:
        return self._folder

    # --- what is there ----------------------------------------------------------------------------------------------

    def path(self, set_id: str) -> Path:
        """The folder that holds the set's files under their repository paths.

        Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED).
        """
        row, folder = weight_set(set_id), self._folder / set_id
        record = read_record(folder)
        state = state_of(folder, record)
        if record is not None and state is WeightsState.READY:
            return files_folder(folder, record)
        raise _not_ready(row, state)

    def is_ready(self, set_id: str) -> bool:
        return self._state(set_id) is WeightsState.READY

    def infos(self) -> tuple[WeightsInfo, ...]:
        """Every row of the registry with its state."""
        return tuple(self._info(row) for row in WEIGHT_SETS)

    def programs(self) -> Mapping[str, str]:
        """Of the sets that are there and have a program of their publisher's: its digest as the hub listed it, or nothing."""
        rows = (row for row in WEIGHT_SETS if has_program(row) and self.is_ready(row.id))
        records = {row.id: read_record(self._folder / row.id) for row in rows}
        return {set_id: record.program for set_id, record in records.items() if record is not None}

    # --- what changes it --------------------------------------------------------------------------------------------

    def install(self, sets: Sequence[str], *, licences: Sequence[str], online: bool, context: SetupContext) -> None:
        """Download what is missing or damaged of the sets, or use what another program has downloaded.

        Goes on where an earlier download stopped. A set that cannot be had keeps no other from coming. Raises Img23DError(LICENCE_NOT_ACCEPTED, OFFLINE, DISK_FULL, HUB_…,
        WEIGHTS_DAMAGED, FILE_LOCKED, FOLDER_UNWRITABLE), JobCancelled.
        """
        rows = [weight_set(set_id) for set_id in dict.fromkeys(sets)]
        for row in rows:
            _require_licence(row, licences)

        def work(task: Task) -> None:
            Installation(
                folder=self._folder,
                hub=self._hub,
                sources=sources(self._folder, self._environment),
                online=online,
                environment=self._environment,
                free_bytes=self._free_bytes,
                task=task,
            ).run(rows)

        self._run(work, context)

    def verify(self, sets: Sequence[str], context: SetupContext) -> None:
        """Read every byte of the sets again. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED) after the last one."""
        rows = [weight_set(set_id) for set_id in dict.fromkeys(sets)]

        def work(task: Task) -> None:
            records = {row.id: self._recorded(row) for row in rows}
            task.total = sum(record.size for record in records.values())
            damaged = [row for row in rows if self._verify(row, records[row.id], task)]
            if damaged:
                raise _not_ready(damaged[0], WeightsState.DAMAGED)

        self._run(work, context)

    def delete(self, sets: Sequence[str], context: SetupContext) -> None:
        """Remove the sets from the models folder; what lies in another program's cache stays there."""
        rows = [weight_set(set_id) for set_id in dict.fromkeys(sets)]

        def work(task: Task) -> None:
            for row in rows:
                task.begin(SetupStep.DELETE, row.label)
                folder = self._folder / row.id
                if folder.exists():
                    with locked(self._folder / LOCKS_NAME / row.id, task):
                        remove(folder / RECORD_NAME)  # first: a half deleted set must not look complete
                        remove(folder)

        self._run(work, context)

    def adopt(self, set_id: str) -> None:
        """Record the files that lie in the set's folder, such as copied ones, as what it is. Raises Img23DError."""
        row, folder = weight_set(set_id), self._folder / set_id
        with told_in_a_sentence(self._folder):
            files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
            names = [name for name in files if name != RECORD_NAME and not name.startswith(".")]
            if not any(is_weights(row, name) for name in names):
                sentence = f"There are no weights of {row.label} in {folder}: copy the repository's files there first."
                raise Img23DError(ErrorCode.WEIGHTS_MISSING, sentence)
            recorded = {name: _recorded_file(files[name]) for name in names}
            source = sources(self._folder, self._environment)[set_id]
            write_record(
                folder,
                Record(
                    repository=source.repository,
                    requested=source.revision,
                    revision="",
                    licence=row.licence,
                    licence_link=row.licence_link,
                    is_complete=True,
                    files=recorded,
                ),
            )

    # --- parts ------------------------------------------------------------------------------------------------------

    def _run(self, work: Callable[[Task], None], context: SetupContext) -> None:
        with told_in_a_sentence(self._folder):
            run_watched(work, context)

    def _state(self, set_id: str) -> WeightsState:
        folder = self._folder / weight_set(set_id).id
        return state_of(folder, read_record(folder))

    def _recorded(self, row: WeightSet) -> Record:
        folder = self._folder / row.id
        record = read_record(folder)
        if record is None or not record.is_complete:
            raise _not_ready(row, state_of(folder, record))
        return record

    def _verify(self, row: WeightSet, record: Record, task: Task) -> bool:
        """Whether something is wrong, which is then recorded."""
        folder = self._folder / row.id
        place = files_folder(folder, record)

        def advance(count: int) -> None:
            task.check()
            task.done += count

        def is_right(name: str, file: RecordedFile) -> bool:
            task.begin(SetupStep.VERIFY, f"{row.label}: {Path(name).name}")
            return size_of(place / name) == file.size and has_digest(place / name, file.digest, advance)

        with locked(self._folder / LOCKS_NAME / row.id, task):
            damaged = tuple(name for name, file in record.files.items() if not is_right(name, file))
            write_record(folder, dataclasses.replace(record, damaged=damaged))
        return bool(damaged)

    def _info(self, row: WeightSet) -> WeightsInfo:
        folder = self._folder / row.id
        record = read_record(folder)
        state = state_of(folder, record)
        return WeightsInfo(
            id=row.id,
            label=row.label,
            stage=row.stage.value,
            size_bytes=record.size if record is not None else row.size_bytes,
            state=state,
            licence=row.licence,
            licence_link=row.licence_link,
            must_accept=row.must_accept,
            folder="" if record is None or state is WeightsState.MISSING else str(files_folder(folder, record)),
            is_borrowed=record is not None and bool(record.folder),
            memory_bytes=row.memory_bytes,
            note=_note(row, record),
            origin=_origin(row, record),
        )


def _recorded_file(path: Path) -> RecordedFile:
    return RecordedFile(size=path.stat().st_size, digest=digest_of(path, sha256("").partition(":")[0], lambda _: None))


def _origin(row: WeightSet, record: Record | None) -> str:
    """Where the files came from, where it is not the registry's place; empty where it is, and for what came by hand."""
    if record is None or not record.revision or (record.repository, record.revision) == (row.repository, row.revision):
        return ""
    if record.repository != row.repository:
        return f"From {record.repository}, version {record.commit}, as your own list says"
    if not is_commit(row.revision):
        return f"Version {record.commit}, the newest one when it was downloaded"
    return f"Version {record.commit}, not the one that Img23D was tested with"


def _note(row: WeightSet, record: Record | None) -> str:
    notes = [note for note in (row.note, _origin(row, record)) if note]
    if record is not None and record.card_read:
        named = f"the licence {record.card_licence}" if record.card_licence else "no licence"
        notes.append(f"On {record.card_read[:10]} its page named {named}")
    notes.append(f"Takes about {gigabytes(row.memory_bytes)} of memory")
    if row.excluded_territory:
        notes.append(f"Not licensed in {row.excluded_territory}, its results included")
    return ". ".join(notes) + "."


def _require_licence(row: WeightSet, licences: Sequence[str]) -> None:
    if row.must_accept and row.must_accept not in licences:
        sentence = f"The licence of {row.label} must be accepted first: {licence_named(row.must_accept).notice}"
        raise Img23DError(ErrorCode.LICENCE_NOT_ACCEPTED, sentence, row.licence_link)


def _not_ready(row: WeightSet, state: WeightsState) -> Img23DError:
    match state:
        case WeightsState.DAMAGED:
            sentence = f"Files of {row.label} are missing or damaged: download it again; only these are fetched."
            return Img23DError(ErrorCode.WEIGHTS_DAMAGED, sentence)
        case WeightsState.PARTIAL:
            sentence = f"{row.label} is not downloaded completely: download it again; it goes on where it stopped."
        case _:
            sentence = f"{row.label} is not downloaded yet: download it under AI Models."
    return Img23DError(ErrorCode.WEIGHTS_MISSING, sentence)
