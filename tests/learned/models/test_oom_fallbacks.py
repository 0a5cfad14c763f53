"""Out of memory: freed, stepped down, told once; and the next job starts clean."""

from __future__ import annotations

import errno
import gc
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import torch
from torch import nn

from img23d_backend.machine.devices import Device
from img23d_backend.machine.memory_errors import DoesNotFit
from img23d_backend.models.oom_fallbacks import Attempt, with_less_memory
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context, JobCancelled
from img23d_protocol import ErrorCode, Img23DError

CARD = Device(id="gpu", torch_name="cpu", label="a card", total_bytes=10**12)
SLOWER = "It goes on in smaller chunks, slower."
SLOWEST = "It goes on on the processor, much slower."


@dataclass(frozen=True, kw_only=True)
class Ear:
    heard: list[str] = field(default_factory=list)

    @property
    def context(self) -> Context:
        return Context(notify=self.heard.append)


def raising(error: BaseException) -> Callable[[], str]:
    def run() -> str:
        raise error

    return run


def ladder(*errors: BaseException) -> list[Attempt[str]]:
    notes = ("", SLOWER, SLOWEST)
    attempts = [Attempt(run=raising(error), note=note) for error, note in zip(errors, notes, strict=False)]
    return [*attempts, Attempt(run=lambda: "made", note=notes[len(errors)])]


def too_much() -> str:
    """torch's own failure, without a card: the allocator refuses a petabyte."""
    return str(torch.empty(10**15))


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("MPS backend out of memory (MPS allocated: 5.2 GB, max allowed: 5.3 GB)."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
        DoesNotFit("3 GB are needed"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        Img23DError(ErrorCode.OUT_OF_MEMORY, "An inner ladder came to its end."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_next_attempt_is_taken_and_told(error: BaseException) -> None:
    ear = Ear()
    assert with_less_memory(ladder(error), ear.context, ModelStore()) == "made"
    assert ear.heard == [SLOWER]


def test_torchs_own_failure_is_recognised() -> None:
    ear = Ear()
    attempts = [Attempt(run=too_much), Attempt(run=lambda: "made", note=SLOWER)]
    assert with_less_memory(attempts, ear.context, ModelStore()) == "made"
    assert ear.heard == [SLOWER]


def test_without_a_failure_nothing_is_told() -> None:
    ear = Ear()
    assert with_less_memory(ladder(), ear.context, ModelStore()) == "made"
    assert ear.heard == []


def test_every_step_is_told_on_the_way_down() -> None:
    ear = Ear()
    with_less_memory(ladder(MemoryError(), MemoryError()), ear.context, ModelStore())
    assert ear.heard == [SLOWER, SLOWEST]


def test_the_last_failure_has_an_action() -> None:
    with pytest.raises(Img23DError) as caught:
        with_less_memory([Attempt(run=too_much), Attempt(run=too_much)], Ear().context, ModelStore())
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY
    assert "close other programs" in caught.value.sentence
    assert "too_much" in caught.value.detail and caught.value.__context__ is None


@pytest.mark.parametrize(
    "error",
    [
        JobCancelled(),
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        OSError(errno.ENOENT, "No such file"),
        Img23DError(ErrorCode.NO_SURFACE, "There is none."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_everything_else_passes(error: Exception) -> None:
    ear = Ear()
    with pytest.raises(type(error)) as caught:
        with_less_memory(ladder(error), ear.context, ModelStore())
    assert caught.value is error and ear.heard == []


def test_what_the_failed_attempt_held_is_freed_before_the_next() -> None:
    """Also what hangs in a cycle, and what an exception behind the exception holds."""
    held: list[weakref.ref[torch.UntypedStorage]] = []

    def greedy() -> bool:
        latents = torch.ones(1000, 1000)
        held.append(weakref.ref(latents.untyped_storage()))
        cycle: list[object] = [latents]
        cycle.append(cycle)
        try:
            too_much()
        except RuntimeError as error:
            more = torch.ones(1000)
            held.append(weakref.ref(more.untyped_storage()))
            raise MemoryError from error
        return False

    def frugal() -> bool:
        return all(one() is None for one in held)

    gc.disable()
    try:
        assert with_less_memory([Attempt(run=greedy), Attempt(run=frugal)], Ear().context, ModelStore())
    finally:
        gc.enable()


def test_idle_models_leave_the_device_and_the_next_job_starts_clean() -> None:
    store = ModelStore()

    def model() -> nn.Module:
        return nn.Linear(64, 64).requires_grad_(False)

    def fails() -> torch.Tensor:
        with store.on_device("shape", model, CARD):
            too_much()
        raise AssertionError("a petabyte was there")

    def works() -> torch.Tensor:
        places.append(store.places())
        with store.on_device("shape", model, CARD) as layer:
            return layer(torch.ones(1, 64))

    places: list[dict[str, str]] = []
    with store.on_device("locate", model, CARD):
        pass
    expected = with_less_memory([Attempt(run=fails), Attempt(run=works)], Ear().context, store)
    assert places == [{"locate": "", "shape": ""}]
    with pytest.raises(Img23DError):
        with_less_memory([Attempt(run=fails)], Ear().context, store)
    assert torch.equal(works(), expected)
    assert store.places()["shape"] == "gpu"


def test_a_model_that_is_being_computed_with_stays() -> None:
    """A ladder of chunk sizes inside of the block that holds the decoder."""
    store = ModelStore()
    with store.on_device("decoder", lambda: nn.Linear(8, 8), CARD) as layer:
        there = layer.weight.data_ptr()
        with_less_memory([Attempt(run=too_much), Attempt(run=lambda: "made")], Ear().context, store)
        assert layer.weight.data_ptr() == there and store.places() == {"decoder": "gpu"}
