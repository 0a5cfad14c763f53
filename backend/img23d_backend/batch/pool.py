"""What every kind of workers offers to a batch: jobs in, messages of the contract out, several jobs at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from img23d_protocol.messages import FromBackend

from ..workers.pool import LAST_WORDS, JobRequest


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a worker says of a job. The last message of each job is one of LAST_WORDS; of a worker that was lost it is `Failed` with
    ErrorCode.BACKEND_DIED, and the job may be given to the workers again.
    """

    job: str
    message: FromBackend

    @property
    def is_last(self) -> bool:
        return isinstance(self.message, LAST_WORDS)


class Pool(Protocol):
    """Jobs have ids that differ. `take` and `close` are for one thread, the rest is for any."""

    @property
    def capacity(self) -> int:
        """How many jobs are done at a time; it may change, such as when a machine joins a cluster."""
        ...

    def submit(self, request: JobRequest) -> None:
        """Begin it. Where as many jobs as `capacity` are not done yet, it waits for a worker."""
        ...

    def cancel(self, job: str, target: int = -1) -> None:
        """Stop it, or one of its targets; a job that is not there is passed over."""
        ...

    def take(self, seconds: float) -> Told | None:
        """The next message, None where none came in time. Raises Img23DError where no worker can be had any more."""
        ...

    def close(self) -> None:
        """End all workers; what they are doing is given up."""
        ...
