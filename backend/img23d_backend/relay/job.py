"""One job that the other machine does: sent there, followed, its files fetched, and said here in the words of a local backend.

Its name there is another one than here. What it was begun with is asked for by the same key until it is accepted, so that it is begun once.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from img23d_protocol import ErrorCode, Img23DError, ProtocolError, decode, encode
from img23d_protocol.machines import sentences
from img23d_protocol.messages import (
    Accepted,
    Cancelled,
    CutoutReady,
    Failed,
    FormsReady,
    FromBackend,
    Log,
    Notice,
    PreviewReady,
    Progress,
    Stage,
    TargetCancelled,
    TargetFailed,
)

from ..workers.message_files import announced, forms_of
from ..workers.pool import LAST_WORDS, JobRequest
from .connection import Answer, Connection, Lost
from .downloads import Fetcher, Missing
from .events import Forgotten, follow
from .outlook import look
from .patience import Over, Patience
from .record import fetch_record
from .uploads import JobForm

log = logging.getLogger(__name__)

BEGIN_SECONDS = 8.0  # that a server which was never heard may take to be there
_BEGINNINGS = 3  # of a job that the server has forgotten
_LONGEST_PAUSE = 30.0  # seconds until a full server is asked again
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class RelayedJob:
    """`tell` takes what Blender is to hear; it may be called by several threads."""

    def __init__(self, request: JobRequest, connection: Connection, tell: Callable[[FromBackend], None]) -> None:
        self.request = request
        self.server_id = ""  # once it is accepted there
        self._was_sent = self._is_removed = False
        self._connection = connection
        self._tell = tell
        self._lock = threading.Lock()
        self._over = threading.Event()  # nothing more is said
        self._stopped: set[int] = set()  # targets
        self._unsent: set[int] = set()  # of these, what the server may not know
        self._seen: set[int] = set()  # hashes of lines that were handed on
        self._cutouts: dict[int, CutoutReady] = {}
        self._progress = Progress(job=request.job, stage=next(iter(getattr(request, "stages", ())), Stage.LOCATE))
        self._is_begun = False
        self._patience = Patience(self._over, self._tell_lost)
        folder = request.run_folder
        self._form: JobForm | None = None
        self._folder = Path(folder) if folder else None
        self._fetcher: Fetcher | None = None

    # --- for the reader's thread ------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """It is over here at once, whether the other machine can be reached or not."""
        self._end(Cancelled(job=self.request.job))

    def cancel_target(self, target: int) -> None:
        self._stopped.add(target)
        self._unsent.add(target)
        threading.Thread(target=self._send_stopped, name="cancel", daemon=True).start()

    def abandon(self) -> None:
        """Blender is gone: say nothing more."""
        self._over.set()

    def remove(self) -> None:
        """The server's files of it, and what it still does for it. Raises Lost, Img23DError."""
        if not self.server_id and self._was_sent:
            self._find()
        if self.server_id and not self._is_removed:
            self._connection.json("DELETE", f"/v1/jobs/{self.server_id}")
            self._is_removed = True

    def _find(self) -> None:
        """The server's name of what it may have accepted, although its answer was lost."""
        headers = {"Idempotency-Key": self.request.job, "Content-Length": "0"}
        with self._connection.request("POST", "/v1/jobs", headers=headers) as answer:
            self.server_id = _id_in(answer.json()) if answer.status == HTTPStatus.OK else ""

    # --- the job's thread -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Until its last word."""
        try:
            self._run()
        except Over:
            log.info("job %s: nobody waits for it any more", self.request.job)
        except Img23DError as error:
            self._fail(error.code, error.sentence, error.detail)
        except Exception as error:  # the thread's boundary
            log.exception("job %s", self.request.job)
            self._fail(ErrorCode.INTERNAL, sentences.BETWEEN, repr(error)[:300])

    def _run(self) -> None:
        self._form = form = JobForm(self.request)
        if self._folder is not None:
            self._fetcher = Fetcher(self._connection, self._folder, frozenset(map(Path, form.paths)), self._again)
        self._begin(form)
        for _ in range(_BEGINNINGS):
            try:
                self._follow()
                return
            except Forgotten:
                self._say(Notice(job=self.request.job, sentence=sentences.BEGUN_AGAIN))
                self._begin(form)
        raise Img23DError(ErrorCode.MACHINE_ANSWER, sentences.FORGETFUL)

    def _begin(self, form: JobForm) -> None:
        """Raises Over, Img23DError."""
        is_known = bool(self.server_id)
        while True:
            try:
                look(self._connection)
                headers, self._was_sent = form.headers | {"Idempotency-Key": self.request.job}, True
                with self._connection.request("POST", "/v1/jobs", body=form, headers=headers) as answer:
                    if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED):
                        self._refused(answer)
                        continue
                    view = answer.json()
                break
            except Lost as error:
                self._patience.wait(error, float("inf") if is_known else BEGIN_SECONDS)
        self._patience.heard()
        self.server_id = _id_in(view)
        if self._over.is_set():
            raise Over
        if view.get("position", -1) not in (-1, 0):
            self._tell_progress(sentences.IN_QUEUE)

    def _refused(self, answer: Answer) -> None:
        """Wait where that helps. Raises Lost, Over, Img23DError."""
        data = answer.json()
        sentence, code = str(data.get("detail", ""))[:500], str(data.get("code", ""))
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._tell_progress(sentences.FULL)
            self._patience.pause(min(_seconds(answer.headers.get("retry-after", "")), _LONGEST_PAUSE))
            return
        error = Img23DError(_code(code), sentence or f"The other machine refuses the run ({answer.status}).", f"status {answer.status}")
        if code == ErrorCode.BUSY or (answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not code):
            raise Lost(error)
        raise error

    def _follow(self) -> None:
        """Until the last word. Raises Over, Forgotten, Img23DError."""
        after = 0
        while True:
            try:
                for event in follow(self._connection, self.server_id, after):
                    if self._over.is_set():
                        raise Over
                    self._heard(is_event=event is not None)
                    if event is not None:
                        number, line = event
                        if self._take(line):
                            return
                        after = number
                self._patience.pause(0.2)  # the server has ended it, and is being stopped
            except Lost as error:
                self._again(error)

    def _heard(self, *, is_event: bool) -> None:
        if self._patience.has_waited:
            self._patience.heard()
            self._tell_progress(self._progress.note)
            self._unsent |= self._stopped  # a server that was started again has forgotten what it was told
        if self._unsent and is_event:
            self._send_stopped()
        if not is_event:
            self._say(Log(level="DEBUG", text="the other machine is there"))  # a backend that says nothing would be taken for dead
            if not self._is_begun:
                self._tell_progress(sentences.IN_QUEUE)

    def _again(self, lost: Lost) -> None:
        """Raises Over."""
        if not self._patience.has_waited:
            log.warning("the connection is lost: %s", lost.error.detail)
            self._say(Notice(job=self.request.job, sentence=sentences.LOST))
        self._patience.wait(lost)

    # --- what the server says ---------------------------------------------------------------------------------------

    def _take(self, line: str) -> bool:
        """True for the last word. Raises Lost, Over, Forgotten, Img23DError."""
        try:
            message = decode(line)
        except ProtocolError as error:
            log.warning("not understood: %s", error)
            return False
        if not isinstance(message, FromBackend) or getattr(message, "job", None) != self.server_id:
            log.warning("not about this job: %s", type(message).__name__)
            return False
        if isinstance(message, LAST_WORDS):
            self._keep_record()
            self._end(replace(message, job=self.request.job))
            return True
        if isinstance(message, Progress):
            self._take_progress(message)
        else:
            self._hand_on_once(replace(cast(Any, message), job=self.request.job))
        return False

    def _hand_on_once(self, message: FromBackend) -> None:
        """A server that begins again says again what it has said."""
        mark = hash(encode(message))
        if mark not in self._seen:
            self._hand_on(message)
            self._seen.add(mark)

    def _take_progress(self, message: Progress) -> None:
        self._is_begun = True
        if message.target not in self._stopped:
            self._progress = replace(message, job=self.request.job)
            self._say(self._progress)

    def _hand_on(self, message: Any) -> None:
        """Once its files are here. Raises Lost, Over, Forgotten, Img23DError."""
        self._is_begun |= isinstance(message, Accepted)
        target = getattr(message, "target", -1)
        if target in self._stopped and not isinstance(message, TargetCancelled):
            return
        names = announced(message)
        if isinstance(message, CutoutReady):
            self._cutouts[target] = message
        if isinstance(message, FormsReady) and target in self._cutouts:
            names = forms_of(self._cutouts[target], message)
        if names and self._fetcher is None:
            return  # there is no folder to put them into, and nobody has asked for them
        try:
            for name in names:
                self._fetch(name, is_needed=not isinstance(message, FormsReady | PreviewReady))
        except Missing:
            if not isinstance(message, FormsReady | PreviewReady):
                self._lack(message, target)
            return  # of a picture that is not there any more a newer one follows
        self._say(message)

    def _fetch(self, name: Any, *, is_needed: bool) -> None:
        assert self._fetcher is not None
        try:
            self._fetcher.fetch(self.server_id, name)
        except Missing:
            if is_needed and self._is_forgotten():
                raise Forgotten from None
            raise

    def _is_forgotten(self) -> bool:
        status, _ = self._connection.json("GET", f"/v1/jobs/{self.server_id}")
        return status == HTTPStatus.NOT_FOUND

    def _lack(self, message: Any, target: int) -> None:
        """Of one target where it is one's."""
        if target < 0:
            raise Img23DError(ErrorCode.MACHINE_ANSWER, sentences.NOT_GIVEN, type(message).__name__)
        self._say(TargetFailed(job=self.request.job, target=target, code=ErrorCode.MACHINE_ANSWER, sentence=sentences.NOT_GIVEN))

    def _keep_record(self) -> None:
        """What tells later how the run was made. Raises Lost, Over, Img23DError."""
        if self._fetcher is not None and self._folder is not None and self._form is not None:
            fetch_record(self._fetcher, self.server_id, self.request.job, self._folder, self._form.paths)

    # --- what Blender hears -----------------------------------------------------------------------------------------

    def _say(self, message: FromBackend) -> None:
        with self._lock:
            if not self._over.is_set():
                self._tell(message)

    def _end(self, last: FromBackend) -> None:
        """Nothing is said after it."""
        with self._lock:
            if not self._over.is_set():
                self._over.set()
                self._tell(last)

    def _fail(self, code: str, sentence: str, detail: str) -> None:
        self._end(Failed(job=self.request.job, code=code, sentence=sentence, detail=detail))

    def _tell_progress(self, note: str) -> None:
        self._say(replace(self._progress, note=note))

    def _tell_lost(self, seconds: float) -> None:
        if seconds > 0:
            self._tell_progress(sentences.LOST_NOW)
        else:
            self._say(Log(level="DEBUG", text="waiting for the other machine"))

    def _send_stopped(self) -> None:
        """What the server could not be told is told again when it is heard the next time."""
        for target in tuple(self._unsent):
            if not self.server_id or self._over.is_set():
                return
            try:
                status, _ = self._connection.json("POST", f"/v1/jobs/{self.server_id}/targets/{target}/cancel")
                if status != HTTPStatus.CONFLICT:  # it waits there, and its things have no numbers yet
                    self._unsent.discard(target)
            except (Lost, Img23DError) as error:
                log.info("target %d could not be cancelled there: %s", target, error)
                return


def _id_in(view: dict[str, Any]) -> str:
    """It becomes a part of paths that are asked for. Raises Img23DError(MACHINE_ANSWER)."""
    found = view.get("id")
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise Img23DError(ErrorCode.MACHINE_ANSWER, sentences.NO_SENSE)
    return found


def _seconds(text: str) -> float:
    return max(1.0, float(text)) if text.isdecimal() and len(text) < 6 else 5.0


def _code(text: str) -> ErrorCode:
    try:
        return ErrorCode(text)
    except ValueError:
        return ErrorCode.MACHINE_ANSWER
