"""The set-up with backends that say what a test tells them to, on a machine that a test describes."""

from __future__ import annotations

import bpy
from conftest import part
from scripted import ScriptedLink

TENCENT = "tencent-hunyuan3d-2-community-1"
INSTANTMESH = "instantmesh-non-commercial-1"


class SetupStage:
    """`links` are the newest of each session; `environment` is what the disk says."""

    def __init__(self, owner, monkeypatch) -> None:
        self.owner = owner
        self.messages = part("shared.img23d_protocol.messages")
        self.links: dict[str, ScriptedLink] = {}
        self.environment = self.environment_of("MISSING")
        environments = part("core.session.environment")
        tools = environments.Tools(uv="/uv", python="/python")
        surroundings = environments.Surroundings(read=lambda: self.environment, find_tools=lambda: tools)
        monkeypatch.setattr(owner, "surroundings", surroundings)
        self.close()
        for name, session in self.sessions.items():
            monkeypatch.setattr(session, "_make_link", lambda name=name: self._link(name))
            for known in ("engines", "devices", "weights"):
                monkeypatch.setattr(session, known, ())
        monkeypatch.setattr(owner.setup, "failure", "")
        monkeypatch.setattr(owner.models, "_was_asked", True)
        monkeypatch.setattr(owner.models, "_is_wanted", True)

    def close(self) -> None:
        """Nothing runs any more, and nothing is waited for."""
        self.owner.setup.shutdown()
        self.owner.pump.tick()
        self.owner.session.shutdown()
        self.owner.session.tick()

    @property
    def sessions(self) -> dict:
        setup = self.owner.setup
        return {"main": self.owner.session, "installer": setup._installer, "weights": setup._weights}

    def environment_of(self, state: str):
        environments = part("core.session.environment")
        return environments.Environment(state=environments.EnvironmentState[state], place="/somewhere")

    def _link(self, name: str) -> ScriptedLink:
        self.links[name] = ScriptedLink()
        return self.links[name]

    def say(self, name: str, *answers) -> None:
        self.links[name].say(*answers)
        self.tick()

    def tick(self) -> None:
        for _ in range(3):
            self.owner.pump.tick()
        part("app.models").sync_weights(bpy.context.window_manager, self.owner)
        self.owner.models.update(bpy.context, self.owner)  # the pump does that where there is a window

    def weights(self, state: str = "READY", *, but: tuple[str, ...] = (), **more) -> tuple:
        """All that the fresh panel's settings need; `but` are identifiers that are missing."""
        m = self.messages
        rows = [
            ("qwen3-vl-2b", "Qwen3-VL 2B", 4_300_000_000, ""),
            ("birefnet-general", "BiRefNet", 900_000_000, ""),
            ("depth-anything-v2-metric-small", "Depth Anything V2 Small", 100_000_000, ""),
            ("trellis-image-large", "TRELLIS image large", 2_800_000_000, ""),
            ("dinov2-with-registers-large", "DINOv2 with registers", 1_200_000_000, ""),
            ("hunyuan3d-2mini-turbo", "Hunyuan3D 2 mini Turbo", 3_800_000_000, TENCENT),
            ("hunyuan3d-delight", "Hunyuan3D Delight", 4_000_000_000, TENCENT),
            ("hunyuan3d-paint", "Hunyuan3D Paint", 6_000_000_000, TENCENT),
        ]
        return tuple(
            m.WeightsInfo(
                id=identifier, label=label, stage="shape", size_bytes=size,
                state=m.WeightsState["MISSING" if identifier in but else state],
                must_accept=licence, licence="Its licence", licence_link="https://example.org", **more,
            )
            for identifier, label, size, licence in rows
        )  # fmt: skip

    def tell(self, *, weights: tuple = (), **more) -> None:
        """What the main backend knows of this machine."""
        self.owner.session.inspect()
        self.say("main", self.messages.Status(weights=weights, **more))

    def press(self, operator, **properties) -> None:
        """A button, and the moment after it."""
        assert operator(**properties) == {"FINISHED"}
        self.tick()

    def finish(self, name: str) -> None:
        job = next(message.job for message in self.links[name].said if getattr(message, "job", ""))
        self.say(name, self.messages.Finished(job=job, made=1, failed=0, seconds=1.0))
