"""Getting file sets onto the disk: plan each, check the room, then one set after another, each file checked as it comes.

A set that cannot be planned or fetched blocks no other; what failed is told at the end, by name and with its reason.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import SetupStep, WeightsState

from . import caches
from .digests import has_digest
from .disk import gigabytes, remove, told_in_a_sentence
from .hub import Hub, HubFile, Listing
from .hub_errors import got_no_answer
from .licences.card import Card, changed_notice, require_named
from .lock import locked
from .published_program import listed_program
from .record import RECORD_NAME, SHORT, Record, RecordedFile, read_record, size_of, state_of, write_record
from .registry import WeightSet
from .rows.row import is_commit
from .selection import lacking, notices, wanted
from .sources import Source
from .task import Task
from .transfer import fetch, part_path

log = logging.getLogger(__name__)

T = TypeVar("T")

LOCKS_NAME = ".locks"  # in the models folder
_SPARE = 200_000_000  # bytes that stay free on the disk
_OF_THE_FOLDER = {ErrorCode.DISK_FULL, ErrorCode.FOLDER_UNWRITABLE}  # what no other set would get past either
PARTS_NAME = ".parts"  # in a set's folder: files that are still growing


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One request for some sets. `sources` has each row's; `free_bytes` is asked for the models folder."""

    folder: Path
    hub: Hub
    sources: Mapping[str, Source]
    online: bool
    environment: Mapping[str, str]
    free_bytes: Callable[[Path], int]
    task: Task
    failures: dict[str, Img23DError] = field(default_factory=dict)  # by the rows' identifiers
    silent: set[str] = field(default_factory=set)  # mirrors that gave no answer; empty for the usual hub

    def run(self, rows: Sequence[WeightSet]) -> None:
        """Raises Img23DError, JobCancelled; what was complete by then stays."""
        plans = [plan for row in rows if (plan := self._apart(row, lambda row=row: self._plan(row))) is not None]
        self._require_room(plans)
        self.task.total = sum(plan.size for plan in plans)
        before = 0
        for plan in plans:
            self._apart(plan.row, lambda plan=plan: self._finish_alone(plan))
            before += plan.size
            self.task.done = before
        self._tell_failures(rows)

    def _apart(self, row: WeightSet, work: Callable[[], T]) -> T | None:
        """What the work gives. Its failure is kept for the end, unless the others would fail as well."""
        try:
            with told_in_a_sentence(self.folder):
                return work()
        except Img23DError as error:
            if error.code in _OF_THE_FOLDER:
                raise
            log.warning("%s: %s\n%s", row.id, error.sentence, error.detail)
            self.failures[row.id] = error
            if got_no_answer(error):
                self.silent.add(self.sources[row.id].mirror)
            return None

    def _finish_alone(self, plan: DownloadPlan) -> None:
        if plan.missing_bytes:
            self._require_answer(plan.source)
        with locked(self.folder / LOCKS_NAME / plan.row.id, self.task):
            self._finish(plan)

    def _require_answer(self, source: Source) -> None:
        """Raises the failure of an earlier set again, where its place gave no answer."""
        if source.mirror in self.silent:
            raise next(error for error in self.failures.values() if got_no_answer(error))

    def _tell_failures(self, rows: Sequence[WeightSet]) -> None:
        """Raises what failed, as one. Of optional sets beside others a notice is enough."""
        failed = [row for row in rows if row.id in self.failures]
        if failed and len(failed) < len(rows) and all(row.is_optional for row in failed):
            self.task.notices.extend(f"{row.label} is left out: {self.failures[row.id].sentence}" for row in failed)
        elif failed:
            raise together(failed, [self.failures[row.id] for row in failed], len(rows))

    # --- planning ---------------------------------------------------------------------------------------------------

    def _plan(self, row: WeightSet) -> DownloadPlan | None:
        """None where nothing is to be done."""
        self.task.begin(SetupStep.CHECK, row.label)
        folder, source = self.folder / row.id, self.sources[row.id]
        record = read_record(folder)
        is_current = record is not None and (record.repository, record.requested) == (source.repository, source.revision)
        if is_current and state_of(folder, record) is WeightsState.READY:
            return None
        # A branch's commit is looked up once: until another one is asked for, a set stays at its commit.
        revision = record.revision if is_current and record is not None and record.revision else source.revision
        listing = self._listing(row, dataclasses.replace(source, revision=revision))
        if listing.commit != revision and is_commit(revision):
            self.task.notices.append(
                f"The version of {row.label} that Img23D was tested with is not on the model hub any more: the newest one ({listing.commit[:SHORT]}) was taken."
            )
        card = self._card(row, source)
        files = wanted(row, listing.files)
        return DownloadPlan(
            row=row,
            source=source,
            folder=folder,
            commit=listing.commit,
            files=files,
            notices=notices(listing.files),
            cache=self._cache_with(source, files),
            program=listed_program(row, listing.files),
            card=card,
        )

    def _listing(self, row: WeightSet, source: Source) -> Listing:
        """What the hub says, or without network the hub client's cache, where it has the whole set."""
        if self.online:
            listing = self._online_listing(source)
            if lack := lacking(row, [file.name for file in wanted(row, listing.files)]):
                sentence = f"Files of {row.label} are not there any more: update the extension, or choose another model."
                raise Img23DError(ErrorCode.HUB_GONE, sentence, f"{source.repository} {listing.commit} lacks {lack}")
            return listing
        listing_in_cache = caches.listing(source.repository, source.revision, self.environment)
        if listing_in_cache is None or lacking(row, [file.name for file in listing_in_cache.files]):
            sentence = f"{row.label} must be downloaded: allow online access in Blender's preferences (System > Network)."
            raise Img23DError(ErrorCode.OFFLINE, sentence)
        return listing_in_cache

    def _card(self, row: WeightSet, source: Source) -> Card:
        """What the repository's page says of the licence, before anything is fetched.

        A page that cannot be read stops only a row that asks for it. A repository that the artist's own list names is the artist's
        choice: what its page says is recorded, and told where it is another licence.
        """
        if row.asks_card and source.repository == row.repository:
            if not self.online:
                sentence = f"What the page of {row.label} says of its licence is read before it is used: allow online access in Blender's preferences."
                raise Img23DError(ErrorCode.OFFLINE, sentence)
            card = self._card_online(source)
            require_named(row, card)
            return card
        try:
            card = self._card_online(source) if self.online else Card()
        except Img23DError as error:
            log.warning("the page of %s was not read: %s", source.repository, error.sentence)
            return Card()
        if notice := changed_notice(row, card):
            self.task.notices.append(notice)
        return card

    def _card_online(self, source: Source) -> Card:
        return self.hub.at(source.mirror).card(source.repository, self.task)

    def _online_listing(self, source: Source) -> Listing:
        """Of the default branch where the revision is gone and the repository is not."""
        self._require_answer(source)
        hub = self.hub.at(source.mirror)
        try:
            return hub.listing(source.repository, source.revision, self.task)
        except Img23DError as error:
            if error.code is not ErrorCode.HUB_GONE:
                raise
            log.warning("%s has no %s any more", source.repository, source.revision)
            return hub.listing(source.repository, None, self.task)

    def _cache_with(self, source: Source, files: tuple[HubFile, ...]) -> Path | None:
        try:
            for folder in caches.folders(source.repository, self.environment):
                if all(size_of(folder / file.name) == file.size for file in files):
                    return folder
        except OSError as error:
            log.warning("a cache of another program cannot be looked at: %s", error)
        return None

    def _require_room(self, plans: list[DownloadPlan]) -> None:
        needed = sum(plan.missing_bytes for plan in plans)
        free = self.free_bytes(self.folder)
        if needed and needed + _SPARE > free:
            sentence = (
                f"The download needs {gigabytes(needed + _SPARE)} and the disk of {self.folder} has {gigabytes(free)} free: "
                "make room, or choose another models folder in the preferences."
            )
            raise Img23DError(ErrorCode.DISK_FULL, sentence)

    # --- one set ----------------------------------------------------------------------------------------------------

    def _finish(self, plan: DownloadPlan) -> None:
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

    def _borrow(self, plan: DownloadPlan, cache: Path) -> bool:
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

    def _present(self, plan: DownloadPlan) -> set[HubFile]:
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

    def _fetch(self, plan: DownloadPlan, file: HubFile) -> None:
        target, parts = plan.folder / file.name, plan.folder / PARTS_NAME
        fetch(self.hub.at(plan.source.mirror), plan.source.repository, plan.commit, file, target, parts, self.task)

    def _advance(self, count: int) -> None:
        self.task.check()
        self.task.done += count


def _record(plan: DownloadPlan) -> Record:
    return Record(
        repository=plan.source.repository,
        requested=plan.source.revision,
        revision=plan.commit,
        licence=plan.row.licence,
        licence_link=plan.row.licence_link,
        accepted=plan.row.must_accept,
        files={file.name: RecordedFile(size=file.size, digest=file.digest) for file in plan.files},
        notices=tuple(file.name for file in plan.notices),
        program=plan.program,
        card_licence=plan.card.said,
        card_read=plan.card.read,
    )


def _remove_others(plan: DownloadPlan) -> None:
    """What an older revision or an interrupted download left in the set's folder."""
    remove(plan.folder / PARTS_NAME)
    kept = {file.name for file in plan.files + plan.notices} | {RECORD_NAME}
    for path in sorted(plan.folder.rglob("*"), reverse=True):
        if path.is_file() and path.relative_to(plan.folder).as_posix() not in kept:
            remove(path)
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


@dataclass(frozen=True, kw_only=True)
class DownloadPlan:
    """What one set will consist of. `cache` is a folder of another program that seems to have all of the weights."""

    row: WeightSet
    source: Source
    folder: Path
    commit: str
    files: tuple[HubFile, ...]
    notices: tuple[HubFile, ...]
    cache: Path | None
    program: str = ""  # digest of the published program beside the weights, see published_program.py
    card: Card  # what the repository's page says of the licence

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


def together(rows: Sequence[WeightSet], errors: Sequence[Img23DError], asked: int) -> Img23DError:
    """The failures as one: whose each is, the reasons that several share once, and how many came."""
    if asked == 1:
        return errors[0]
    labels: dict[str, list[str]] = {}
    for row, error in zip(rows, errors, strict=True):
        labels.setdefault(error.sentence, []).append(row.label)
    reasons = " ".join(f"{', '.join(of)}: {sentence}" for sentence, of in labels.items())
    detail = "\n".join(f"{row.id}: {error.detail}" for row, error in zip(rows, errors, strict=True))
    came = f"{asked - len(rows)} of {asked} models are there." if asked > len(rows) else "None of the models came."
    return Img23DError(errors[0].code, f"{came} {reasons}", detail)
