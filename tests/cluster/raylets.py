"""Machines of a cluster that are raylets on this machine: made, and killed for real."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TESTS = HERE.parent / "backend"
PATHS = [str(folder) for folder in (ROOT / "backend", ROOT / "blender_img23d" / "shared", HERE, TESTS, TESTS / "workers", TESTS / "service")]
STORE_BYTES = 80 * 1024 * 1024  # of shared memory a raylet


def add_machine(cluster, **resources):
    return cluster.add_node(**{"num_cpus": 1, "object_store_memory": STORE_BYTES, **resources})


def kill_machine(cluster, node_id: str) -> None:
    """Its raylet is killed, as by a power cut; the actors' processes end with it."""
    (node,) = [one for one in cluster.list_all_nodes() if one.node_id == node_id]
    for process in node.all_processes["raylet"]:
        os.kill(process.process.pid, signal.SIGKILL)
    cluster.remove_node(node, allow_graceful=False)


def until_all_are_done(pool, jobs: int, seconds: float = 120.0) -> list:
    told, deadline = [], time.monotonic() + seconds
    while sum(one.is_last for one in told) < jobs:
        one = pool.take(0.5)
        told += [one] if one else []
        assert time.monotonic() < deadline, told[-5:]
    return told
