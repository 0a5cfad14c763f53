"""The cluster that this program joins, and what machines it has."""

from __future__ import annotations

import logging
import socket

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.errors import bad_request

from .plan import Node

ANSWER_SECONDS = 10.0


def join(address: str) -> None:
    """The cluster at the address, or `auto` for the one that this machine is in. Raises Img23DError."""
    try:
        import ray
    except ImportError as error:
        raise bad_request("Ray is not installed in this Python: install the backend with its extra “cluster”.") from error
    sentence = f"There is no Ray cluster at “{address}” that this machine has joined: begin with “ray start”, and look at the address."
    try:
        _require_answer(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.WARNING)
    except (OSError, RuntimeError, ValueError) as error:  # ConnectionError is an OSError
        raise Img23DError(ErrorCode.BACKEND_START, sentence, str(error)) from error


def _require_answer(address: str) -> None:
    """Ray itself tries for minutes. Raises OSError where nobody listens at host:port."""
    host, separator, port = address.rpartition(":")
    if separator and port.isdecimal() and "/" not in host:
        socket.create_connection((host, int(port)), ANSWER_SECONDS).close()


def cluster_nodes() -> list[Node]:
    """The machines that are there now."""
    import ray

    resources = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return [Node(cpus=one.get("CPU", 0.0), gpus=one.get("GPU", 0.0)) for one in resources]
