"""A set-up with three sessions, each with links that say what the test tells them to."""

from __future__ import annotations

from fake_link import HELLO, FakeLink

from blender_img23d.core.session.link import LinkClosed
from blender_img23d.core.session.session import Session
from blender_img23d.core.session.setup import Plan, Setup
from blender_img23d.shared.img23d_protocol import Img23DError
from blender_img23d.shared.img23d_protocol.messages import Finished, InstallEnvironment, InstallWeights, Message

ENVIRONMENT = InstallEnvironment(job="env", folder="/env", uv="/uv", python="/python", online=True)
WEIGHTS = InstallWeights(job="weights", sets=("birefnet-lite",), online=True)
BOTH = Plan(environment=ENVIRONMENT, weights=WEIGHTS)


class SetupRig:
    """`links[name]` are the links that the session of that name has made so far: main, installer, weights."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.links: dict[str, list[FakeLink]] = {"main": [], "installer": [], "weights": []}
        self.start_errors: dict[str, Img23DError] = {}
        sessions = {name: self._session(name) for name in self.links}
        self.main = sessions["main"]
        self.setup = Setup(**sessions)

    def _session(self, name: str) -> Session:
        def make_link() -> FakeLink:
            self.links[name].append(FakeLink(self.start_errors.get(name)))
            return self.links[name][-1]

        return Session(make_link, clock=lambda: self.now)

    def hear(self, name: str, *messages: Message | LinkClosed) -> bool:
        """The session's newest backend says this; True where a plan ended by it."""
        self.links[name][-1].says.extend(messages)
        return self.tick()

    def tick(self) -> bool:
        self.main.tick()
        return self.setup.tick()

    def finish(self, name: str, job: str) -> bool:
        """The backend of a step says hello and does its work."""
        self.hear(name, HELLO)
        return self.hear(name, Finished(job=job, made=1, failed=0, seconds=1.0))

    def running(self) -> list[str]:
        """Whose backends run."""
        last = {name: links[-1] for name, links in self.links.items() if links}
        return [name for name, link in last.items() if not (link.was_closed or link.was_killed)]
