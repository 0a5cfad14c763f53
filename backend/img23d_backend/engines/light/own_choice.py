"""Search and matte of all learned engines, with the models that are chosen for this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from img23d_protocol.messages import Settings, Wanted

from ...stages import Context, CutOut, Found, Grounder, Matter, NotFound, Photo


class _ReadsAhead(Protocol):
    @property
    def prefetch(self) -> Callable[[Settings], None]: ...


class _AheadGrounder(Grounder, _ReadsAhead, Protocol):
    pass


class _AheadMatter(Matter, _ReadsAhead, Protocol):
    pass


@dataclass(frozen=True, kw_only=True)
class LightGrounder:
    """`inner` finds things with the model that all other engines would use."""

    inner: _AheadGrounder

    def locate(self, photo: Photo, wanted: tuple[Wanted, ...], context: Context) -> tuple[Found | NotFound, ...]:
        return self.inner.locate(photo, wanted, replace(context, settings=_own(context.settings)))

    def prefetch(self, settings: Settings) -> None:
        self.inner.prefetch(_own(settings))


@dataclass(frozen=True, kw_only=True)
class LightMatter:
    """`inner` cuts things out with the model that all other engines would use."""

    inner: _AheadMatter

    def cut_out(self, photo: Photo, found: Found, context: Context) -> CutOut:
        return self.inner.cut_out(photo, found, replace(context, settings=_own(context.settings)))

    def prefetch(self, settings: Settings) -> None:
        self.inner.prefetch(_own(settings))


def _own(settings: Settings) -> Settings:
    """With this engine's models in the place of those of all others."""
    return replace(settings, search=settings.light.search.search, matte=settings.light.matte.matte)
