"""Getting file sets onto the disk: plan all, check the room, then one set after another, each file checked as it comes."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import SetupStep, WeightsState

from . import caches
from .digests import has_digest
from .disk import gigabytes, remove
from .hub import Hub, HubFile, Listing
from .lock import locked
from .published_program import listed_program
from .record import RECORD_NAME, Record, RecordedFile, read_record, size_of, state_of, write_record
from .registry import WeightSet
from .selection import lacking, notices, wanted
from .task import Task
from .transfer import fetch, part_path

log = logging.getLogger(__name__)

PARTS_NAME = ".parts"  # in a set's folder: files that are still growing
LOCKS_NAME = ".locks"  # in the models folder
_SPARE = 200_000_000  # bytes that stay free on the disk


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one set will consist of. `cache` is a folder of another program that seems to have all of the weights."""

    row: WeightSet
    folder: Path
    commit: str
    files: tuple[HubFile, ...]
    notices: tuple[HubFile, ...]
    cache: Path | None
    program: str = ""

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files + self.notices)

    @property
    def missing_bytes(self) -> int:
        """Of the files to download, as far as sizes tell."""
        files = self.notices if self.cache else self.files + self.notices
        absent = [file for file in files if size_of(self.folder / file.name) != file.size]
        begun = sum(max(0, size_of(part_path(self.folder / PARTS_NAME, file))) for file in absent)
        return max(0, sum(file.size for file in absent) - begun)


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One request for some sets. `free_bytes` is asked for the models folder."""

    folder: Path
    hub: Hub
    online: bool
    environment: Mapping[str, str]
    free_bytes: Callable[[Path], int]
    task: Task

    def run(self, rows: Iterable[WeightSet]) -> None:
        """Raises Img23DError, OSError, JobCancelled; what was complete by then stays."""
        plans = [plan for plan in map(self._plan, rows) if plan is not None]
        self._require_room(plans)
        self.task.total = sum(plan.size for plan in plans)
        for plan in plans:
            with locked(self.folder / LOCKS_NAME / plan.row.id, self.task):
                self._finish(plan)

    # --- planning ---------------------------------------------------------------------------------------------------

    def _plan(self, row: WeightSet) -> Plan | None:
        """None where nothing is to be done."""
        self.task.begin(SetupStep.CHECK, row.label)
        folder = self.folder / row.id
        record = read_record(folder)
        is_current = record is not None and record.requested == row.revision
        if is_current and state_of(folder, record) is WeightsState.READY:
            return None
        # A branch's commit is looked up once: until the registry asks for something else, a set stays at its commit.
        revision = record.revision if is_current and record is not None and record.revision else row.revision
        listing = self._listing(row, revision)
        files = wanted(row, listing.files)
        cache = self._cache_with(row, files)
        return Plan(
            row=row,
            folder=folder,
            commit=listing.commit,
            files=files,
            notices=notices(listing.files),
            cache=cache,
            program=listed_program(row, listing.files),
        )

    def _listing(self, row: WeightSet, revision: str) -> Listing:
        """What the hub says, or without network the hub client's cache, where it has the whole set."""
        if self.online:
            listing = self.hub.listing(row.repository, revision, self.task)
            if lack := lacking(row, [file.name for file in wanted(row, listing.files)]):
                sentence = f"Files of {row.label} are not there any more: update the extension, or choose another model."
                raise Img23DError(ErrorCode.HUB_GONE, sentence, f"{row.repository} {revision} lacks {lack}")
            return listing
        listing_in_cache = caches.listing(row.repository, revision, self.environment)
        if listing_in_cache is None or lacking(row, [file.name for file in listing_in_cache.files]):
            sentence = f"{row.label} must be downloaded: allow online access in Blender's preferences (System > Network)."
            raise Img23DError(ErrorCode.OFFLINE, sentence)
        return listing_in_cache

    def _cache_with(self, row: WeightSet, files: tuple[HubFile, ...]) -> Path | None:
        try:
            for folder in caches.folders(row.repository, self.environment):
                if all(size_of(folder / file.name) == file.size for file in files):
                    return folder
        except OSError as error:
            log.warning("a cache of another program cannot be looked at: %s", error)
        return None

    def _require_room(self, plans: list[Plan]) -> None:
        needed = sum(plan.missing_bytes for plan in plans)
        free = self.free_bytes(self.folder)
        if needed and needed + _SPARE > free:
            sentence = (
                f"The download needs {gigabytes(needed + _SPARE)} and the disk of {self.folder} has {gigabytes(free)} free: "
                "make room, or choose another models folder in the preferences."
            )
            raise Img23DError(ErrorCode.DISK_FULL, sentence)

    # --- one set ----------------------------------------------------------------------------------------------------

    def _finish(self, plan: Plan) -> None:
        if plan.cache is not None and self._borrow(plan, plan.cache):
            return
        if not self.online:
            sentence = f"{plan.row.label} in another program's cache is damaged: allow online access to download it."
            raise Img23DError(ErrorCode.OFFLINE, sentence)
        present = self._present(plan)
        record = _record(plan)
        write_record(plan.folder, record)
        for file in plan.files + plan.notices:
            if file not in present:
                self._fetch(plan, file)
        _remove_others(plan)
        write_record(plan.folder, dataclasses.replace(record, is_complete=True))

    def _borrow(self, plan: Plan, cache: Path) -> bool:
        """Use the files where they are, once every byte was checked."""
        before = self.task.done
        for file in plan.files:
            self.task.begin(SetupStep.VERIFY, f"{plan.row.label}: {Path(file.name).name}")
            if not has_digest(cache / file.name, file.digest, self._advance):
                log.warning("%s in %s has wrong bytes", file.name, cache)
                self.task.done = before
                return False
        record = dataclasses.replace(_record(plan), folder=str(cache), notices=())
        if self.online:
            for file in plan.notices:
                if size_of(plan.folder / file.name) != file.size:
                    self._fetch(plan, file)
            record = dataclasses.replace(record, notices=tuple(file.name for file in plan.notices))
        write_record(plan.folder, dataclasses.replace(record, is_complete=True))
        _remove_others(dataclasses.replace(plan, files=()))
        self.task.notices.append(f"{plan.row.label} was found in another program's cache and is used from there.")
        return True

    def _present(self, plan: Plan) -> set[HubFile]:
        """The files that are in their places and right; wrong ones are removed.

        A file that the record knows with that hash was checked when it came; any other one is read.
        """
        before, present = read_record(plan.folder), set()
        for file in plan.files + plan.notices:
            path, known = plan.folder / file.name, RecordedFile(size=file.size, digest=file.digest)
            is_known = before is not None and before.files.get(file.name) == known and file.name not in before.damaged
            self.task.begin(SetupStep.VERIFY, f"{plan.row.label}: {Path(file.name).name}")
            if size_of(path) == file.size and (is_known or has_digest(path, file.digest, lambda _: self.task.check())):
                present.add(file)
                self.task.done += file.size
            else:
                remove(path)
        return present

    def _fetch(self, plan: Plan, file: HubFile) -> None:
        target, parts = plan.folder / file.name, plan.folder / PARTS_NAME
        fetch(self.hub, plan.row.repository, plan.commit, file, target, parts, self.task)

    def _advance(self, count: int) -> None:
        self.task.check()
        self.task.done += count


def _record(plan: Plan) -> Record:
    return Record(
        repository=plan.row.repository,
        requested=plan.row.revision,
        revision=plan.commit,
        licence=plan.row.licence,
        licence_link=plan.row.licence_link,
        accepted=plan.row.must_accept,
        files={file.name: RecordedFile(size=file.size, digest=file.digest) for file in plan.files},
        notices=tuple(file.name for file in plan.notices),
        program=plan.program,
    )


def _remove_others(plan: Plan) -> None:
    """What an older revision or an interrupted download left in the set's folder."""
    remove(plan.folder / PARTS_NAME)
    kept = {file.name for file in plan.files + plan.notices} | {RECORD_NAME}
    for path in sorted(plan.folder.rglob("*"), reverse=True):
        if path.is_file() and path.relative_to(plan.folder).as_posix() not in kept:
            remove(path)
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
