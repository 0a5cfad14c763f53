"""Models move between devices instead of being read again, and give room to each other.

A second device is played by copies on the processor with a budget of their own: the moving, the counting and the freeing
are the real ones.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from memory_desk import CPU, MODEL_BYTES, PLENTY, WIDTH, card_for, small_model, use
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from img23d_backend.machine import memory
from img23d_backend.machine.memory_errors import DoesNotFit
from img23d_backend.models.store import ModelStore


@pytest.fixture
def store() -> Iterator[ModelStore]:
    store = ModelStore(available=lambda: PLENTY)
    yield store
    store.unload()


def addresses(model: nn.Module) -> list[int]:
    return [parameter.data_ptr() for parameter in model.parameters()]


def test_the_one_that_was_not_used_for_longest_gives_way(store: ModelStore) -> None:
    card = card_for(store, models=2.5)
    for key in ("a", "b", "a", "c"):
        use(store, key, card)
    assert store.places() == {"b": "", "a": "gpu", "c": "gpu"}
    use(store, "d", card)
    assert store.places() == {"b": "", "a": "", "c": "gpu", "d": "gpu"}


def test_nothing_gives_way_without_need(store: ModelStore) -> None:
    card = card_for(store, models=2)
    use(store, "a", card)
    use(store, "b", card)
    assert set(store.places().values()) == {"gpu"}


def test_working_memory_counts(store: ModelStore) -> None:
    card = card_for(store, models=2.5)
    use(store, "a", card)
    use(store, "b", card, working_bytes=MODEL_BYTES)
    assert store.places() == {"a": "", "b": "gpu"}


def test_nothing_gives_way_in_vain(store: ModelStore) -> None:
    card = card_for(store, models=2)
    use(store, "a", card)
    use(store, "b", card)
    with pytest.raises(DoesNotFit):
        use(store, "c", card, working_bytes=2 * MODEL_BYTES)
    assert store.places() == {"a": "gpu", "b": "gpu", "c": ""}


def test_a_model_in_use_never_gives_way(store: ModelStore) -> None:
    card = card_for(store, models=1.5)
    with store.on_device("a", small_model, card) as first:
        before = addresses(first)
        with pytest.raises(DoesNotFit, match="needed"):
            use(store, "b", card)
        assert addresses(first) == before and store.places()["a"] == "gpu"
    use(store, "b", card)
    assert store.places() == {"a": "", "b": "gpu"}


def test_moving_makes_copies_and_moving_back_makes_none(store: ModelStore) -> None:
    with store.on_device("a", small_model, CPU) as model:
        home = addresses(model)
        expected = [parameter.clone() for parameter in model.parameters()]
    with store.on_device("a", small_model, card_for(store, models=1)) as model:
        assert not set(addresses(model)) & set(home)
        assert all(map(torch.equal, model.parameters(), expected))
    with store.on_device("a", small_model, CPU) as model:
        assert addresses(model) == home
        assert all(map(torch.equal, model.parameters(), expected))


def test_the_copies_are_freed(store: ModelStore) -> None:
    with store.on_device("a", small_model, card_for(store, models=1)) as model:
        copy = weakref.ref(model[0].weight.untyped_storage())
    store.free_devices()
    assert copy() is None and store.places() == {"a": ""}


def test_weights_under_two_names_stay_one(store: ModelStore) -> None:
    def tied() -> nn.Module:
        model = small_model()
        model[2].weight = model[0].weight
        model[2].bias = nn.Parameter(model[0].bias.data, requires_grad=False)  # another name for the same memory
        return model

    with store.on_device("tied", tied, card_for(store, models=1)) as model:
        assert model[2].weight is model[0].weight
        assert model[2].bias.data_ptr() == model[0].bias.data_ptr()
    assert store.bytes_read == MODEL_BYTES // 2


def test_buffers_move_too(store: ModelStore) -> None:
    with store.on_device("norm", lambda: nn.BatchNorm1d(8).eval(), CPU) as model:
        home = model.running_mean.data_ptr()
    with store.on_device("norm", nn.Identity, card_for(store, models=1)) as model:
        assert model.running_mean.data_ptr() != home


def test_moving_inside_inference_mode(store: ModelStore) -> None:
    with torch.inference_mode():
        use(store, "a", card_for(store, models=1))
        store.free_devices()
    with store.on_device("a", small_model, CPU) as model:
        assert not any(parameter.is_inference() for parameter in model.parameters())


def test_a_second_run_reads_nothing(store: ModelStore, tmp_path: Path) -> None:
    """Eight objects, three models, a card that holds one of them: the files are not even there the second time."""
    card = card_for(store, models=1)
    for key in "abc":
        save_file(small_model(ord(key)).state_dict(), tmp_path / f"{key}.safetensors")

    def build_of(key: str) -> Callable[[], nn.Module]:
        def build() -> nn.Module:
            with torch.device("meta"):
                model = small_model()
            model.load_state_dict(load_file(tmp_path / f"{key}.safetensors"), assign=True)
            return model.requires_grad_(False)

        return build

    def run() -> list[Tensor]:
        results = []
        for key in "abc":
            store.prefetch(key, build_of(key))
            for _ in range(8):
                with store.on_device(key, build_of(key), card) as model:
                    results.append(model(torch.ones(1, WIDTH)))
        return results

    first = run()
    assert store.bytes_read == 3 * MODEL_BYTES
    for file in tmp_path.iterdir():
        file.unlink()
    assert all(map(torch.equal, run(), first))
    assert store.bytes_read == 3 * MODEL_BYTES


def test_the_oldest_is_dropped_where_the_machines_memory_is_short() -> None:
    left = [PLENTY]
    store = ModelStore(available=lambda: left[0])
    use(store, "a", CPU)
    use(store, "b", CPU)
    left[0] = 0
    use(store, "b", CPU)
    assert list(store.places()) == ["b"]
    use(store, "a", CPU)
    assert store.bytes_read == 3 * MODEL_BYTES


def test_room_is_made_before_a_model_is_built_for_the_processor() -> None:
    left = [PLENTY]
    store = ModelStore(available=lambda: left[0])
    seen: list[list[str]] = []

    def build() -> nn.Module:
        seen.append(list(store.places()))
        return small_model()

    use(store, "a", CPU)
    left[0] = memory.total_bytes() // 4
    for key, device in (("b", card_for(store, models=9)), ("c", CPU)):
        with store.on_device(key, build, device):
            pass
    assert seen == [["a"], []]


def test_a_failed_build_is_not_remembered(store: ModelStore) -> None:
    def broken() -> nn.Module:
        raise FileNotFoundError("model.safetensors")

    for _ in range(2):
        with pytest.raises(FileNotFoundError), store.on_device("a", broken, CPU):
            pass
    use(store, "a", CPU)
    assert list(store.places()) == ["a"]


def test_a_card_that_fills_up_while_moving(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the copies are made, then memory runs out: everything is at home again and the next try is whole."""
    copied = 0
    real = Tensor.to

    def fills_up(tensor: Tensor, *args: object, **kwargs: object) -> Tensor:
        nonlocal copied
        copied += 1
        if copied == 3:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(tensor, *args, **kwargs)

    with store.on_device("a", small_model, CPU) as model:
        home = addresses(model)
    monkeypatch.setattr(Tensor, "to", fills_up)
    card = card_for(store, models=1)
    with pytest.raises(torch.OutOfMemoryError), store.on_device("a", small_model, card):
        pass
    assert addresses(model) == home and store.places() == {"a": ""}
    use(store, "a", card)
    assert store.places() == {"a": "gpu"}


def test_an_exception_in_the_block_leaves_the_model_free(store: ModelStore) -> None:
    card = card_for(store, models=1)
    with pytest.raises(ZeroDivisionError), store.on_device("a", small_model, card):
        raise ZeroDivisionError
    use(store, "b", card)
    assert store.places() == {"a": "", "b": "gpu"}
