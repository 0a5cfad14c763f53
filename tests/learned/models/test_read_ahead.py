"""Weights are read in a thread while an earlier stage computes, and given back on request."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from memory_desk import CPU, MODEL_BYTES, PLENTY, card_for, small_model, use
from torch import nn

from img23d_backend.models.store import ModelStore


@pytest.fixture
def store() -> Iterator[ModelStore]:
    store = ModelStore(available=lambda: PLENTY)
    yield store
    store.unload()


def test_what_was_read_ahead_is_not_built_again(store: ModelStore) -> None:
    threads: list[str] = []

    def build() -> nn.Module:
        threads.append(threading.current_thread().name)
        return small_model()

    store.prefetch("a", build)
    store.prefetch("a", build)
    with store.on_device("a", build, CPU):
        pass
    store.prefetch("a", build)
    assert len(threads) == 1 and threads[0].startswith("weights")


def test_a_failed_reading_ahead_is_tried_again_and_tells(store: ModelStore) -> None:
    def broken() -> nn.Module:
        raise FileNotFoundError("model.safetensors")

    store.prefetch("a", broken)
    with pytest.raises(FileNotFoundError), store.on_device("a", broken, CPU):
        pass
    store.prefetch("a", broken)
    use(store, "a", CPU)  # the file came back meanwhile


def test_nothing_is_read_ahead_where_memory_is_short() -> None:
    store = ModelStore(available=lambda: 0)
    store.prefetch("a", lambda: pytest.fail("memory is short"))
    store.unload()
    assert store.places() == {}


def test_unload_waits_for_the_reader_and_returns_bytes(store: ModelStore) -> None:
    use(store, "a", card_for(store, models=1))
    began, go = threading.Event(), threading.Event()

    def slow() -> nn.Module:
        began.set()
        go.wait(5)
        return small_model()

    store.prefetch("b", slow)
    store.prefetch("c", lambda: pytest.fail("a waiting one is given up"))
    began.wait(5)
    threading.Timer(0.05, go.set).start()
    assert store.unload() == 3 * MODEL_BYTES  # a at home and on the card, b at home
    assert store.places() == {}


def test_unload_frees_the_weights(store: ModelStore) -> None:
    with store.on_device("a", small_model, CPU) as model:
        home = weakref.ref(model[0].weight.untyped_storage())
    del model
    store.unload()
    gc.collect()
    assert home() is None
