"""What the tests of the weights share: a hub with small files in the published layouts, a store, someone who watches."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from local_hub import LocalHub

from img23d_backend.setup_context import Bytes, JobCancelled, SetupContext
from img23d_backend.weights.hub import Hub, RetryPolicy
from img23d_backend.weights.store import WeightStore
from img23d_protocol.choices import TENCENT_LICENCE
from img23d_protocol.messages import SetupStep

LITE, TURBO = "birefnet-lite", "hunyuan3d-2mini-turbo"
LITE_REPOSITORY, TURBO_REPOSITORY = "ZhengPeng7/BiRefNet_lite", "tencent/Hunyuan3D-2mini"
TURBO_WEIGHTS = "hunyuan3d-dit-v2-mini-turbo/model.fp16.safetensors"
PAINTER, PAINTER_REPOSITORY, PAINTER_FOLDER = "hunyuan3d-paint-turbo", "tencent/Hunyuan3D-2", "hunyuan3d-paint-v2-0-turbo"
QUICK = RetryPolicy(tries=4, first_wait=0.02, longest_wait=0.5)
SIZE = 1_500_000  # bytes of a weights file


def weights_file(seed: int, size: int = SIZE) -> bytes:
    return random.Random(seed).randbytes(size)


def published() -> LocalHub:
    """Two repositories with what belongs to a set and with what must never be fetched."""
    return LocalHub(
        repositories={
            LITE_REPOSITORY: {
                "config.json": b'{"bb": "swin_v1_t"}',
                "model.safetensors": weights_file(1),
                "birefnet.py": b"raise SystemExit('code from the network')",
                "README.md": b"# BiRefNet",
            },
            TURBO_REPOSITORY: {
                "LICENSE": b"TENCENT HUNYUAN 3D 2.0 COMMUNITY LICENSE AGREEMENT",
                "NOTICE": b"Usage and Legal Notices",
                "hunyuan3d-dit-v2-mini-turbo/config.yaml": b"model:\n  target: x\n",
                TURBO_WEIGHTS: weights_file(2),
                "hunyuan3d-dit-v2-mini-turbo/model.fp16.ckpt": weights_file(3, 60_000),
                "hunyuan3d-dit-v2-mini/model.fp16.safetensors": weights_file(4, 60_000),
                "setup.py": b"raise SystemExit('code from the network')",
            },
            PAINTER_REPOSITORY: {f"{PAINTER_FOLDER}/{name}": content for name, content in _painter().items()},
        }
    )


def _painter() -> dict[str, bytes]:
    """A set in folders, one of whose weights is published as a pickle only."""
    return {
        "scheduler/scheduler_config.json": b"{}",
        "text_encoder/pytorch_model.bin": weights_file(5, 60_000),
        "unet/config.json": b"{}",
        "unet/diffusion_pytorch_model.bin": weights_file(6, 60_000),
        "unet/diffusion_pytorch_model.safetensors": weights_file(7, 60_000),
        "unet/modules.py": b"raise SystemExit('code from the network')",
        "vae/config.json": b"{}",
        "vae/diffusion_pytorch_model.bin": weights_file(8, 60_000),
    }


@dataclass(kw_only=True)
class Watcher:
    """Takes the reports; `cancel_when` says at which one the artist cancels."""

    cancel_when: Callable[[SetupStep, Bytes], bool] = lambda step, amount: False
    steps: list[SetupStep] = field(default_factory=list)
    amounts: list[Bytes] = field(default_factory=list)
    fractions: list[float] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def context(self) -> SetupContext:
        return SetupContext(report=self._report, notify=self.notices.append)

    def _report(self, step: SetupStep, fraction: float, note: str, amount: Bytes) -> None:
        self.steps.append(step)
        self.fractions.append(fraction)
        self.amounts.append(amount)
        if self.cancel_when(step, amount):
            raise JobCancelled


@dataclass(kw_only=True)
class Desk:
    """A models folder of its own, looked at through new stores, as after a restart."""

    folder: Path
    hub: LocalHub
    free: int = 10**12  # bytes on the disk
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> WeightStore:
        hub = Hub(self.hub.endpoint, QUICK)
        nowhere = {"HF_HOME": str(self.folder / "none"), "HY3DGEN_MODELS": str(self.folder / "none")}
        environment = nowhere | self.environment
        return WeightStore(self.folder, hub=hub, free_bytes=lambda _: self.free, environment=environment)

    def install(self, *sets: str, watcher: Watcher | None = None, online: bool = True) -> None:
        context = (watcher or Watcher()).context
        self.store.install(sets, licences=[TENCENT_LICENCE], online=online, context=context)

    def verify(self, *sets: str) -> None:
        self.store.verify(sets, SetupContext())

    def files(self) -> set[str]:
        """Everything below the models folder but the locks."""
        paths = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file())
        return {path.as_posix() for path in paths if path.parts[0] != ".locks"}
