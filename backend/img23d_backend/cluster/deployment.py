"""The HTTP server as an application of Ray Serve: reached at every machine of the cluster, and begun again on another one when its machine is lost.

serve run img23d_backend.cluster.deployment:application engine=trellis data=/shared/img23d

One replica answers, because the jobs are its own; Serve's proxies on the machines pass requests on to it, and what computes are workers on all of them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from img23d_protocol import ErrorCode, Img23DError

from .remote_backend import ClusterWorkers, OwnRecipe

log = logging.getLogger(__name__)

_MOST_REQUESTS = 2000  # at a time, as of the server of one machine
_LOCK_SECONDS = 60.0  # for the replica before this one to end
_STOP_SECONDS = 40.0  # the server's own 30 and what it takes to end processes


def application(arguments: Mapping[str, str] | None = None) -> Any:
    """`arguments` are settings by their names in `img23d serve --check`; without one the variables of the replica's machine count. Needs no cluster yet."""
    from ray import serve

    chosen = dict(arguments or {})

    def build() -> Any:
        return _made(chosen)

    options = {
        "name": "img23d",
        "num_replicas": 1,
        "max_ongoing_requests": _MOST_REQUESTS,
        "graceful_shutdown_timeout_s": _STOP_SECONDS,
        "ray_actor_options": {"num_cpus": 0},
    }
    return serve.deployment(**options)(serve.ingress(build)()).bind()


def _made(chosen: Mapping[str, str]) -> Any:
    """The ASGI application, on the replica's machine. Raises Img23DError."""
    from ..service.app import Service
    from ..service.run import locked, token_of
    from ..service.settings import read_settings

    settings = read_settings(None, **{"host": "0.0.0.0", **chosen})  # Serve listens, and not on this machine alone: a token is needed
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            locked(settings.data)  # until the process ends
            break
        except Img23DError as error:
            if error.code != ErrorCode.BUSY or time.monotonic() > deadline:
                raise
            time.sleep(1.0)
    token, drawn = token_of(settings)
    if drawn:
        log.warning("Clients need the token in %s.", settings.data / "token")
    made = OwnRecipe(python=settings.python, models=settings.models)
    pool = partial(ClusterWorkers, made, settings.data, engine=settings.engine, workers=settings.workers)
    return Service(settings, token, lambda warm_up: pool(warm_up=warm_up)).app
