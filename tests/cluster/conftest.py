"""A cluster of several raylets on this machine, each of which counts as a machine; made once for all tests here."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PATHS = [str(folder) for folder in (ROOT / "backend", ROOT / "blender_img23d" / "shared", HERE, HERE.parent / "backend")]
sys.path[:0] = PATHS
STORE_BYTES = 80 * 1024 * 1024  # of shared memory a raylet

ray = pytest.importorskip("ray", reason="Ray is in an environment of its own: build_addon.py test --cluster")


@pytest.fixture(scope="session")
def cluster() -> Iterator:
    """A head that computes nothing, and four machines with a processor each; this program has joined it."""
    from ray.cluster_utils import Cluster

    os.environ["PYTHONPATH"] = os.pathsep.join(PATHS)  # of the actors
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    quick = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 300, "health_check_failure_threshold": 3}  # a lost machine is seen in a second
    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": STORE_BYTES, "_system_config": quick}
    made = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(4):
        add_machine(made)
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


def add_machine(cluster, **resources):
    return cluster.add_node(**{"num_cpus": 1, "object_store_memory": STORE_BYTES, **resources})


def kill_machine(cluster, node_id: str) -> None:
    """Its raylet is killed, as by a power cut; the actors' processes end with it."""
    (node,) = [one for one in cluster.list_all_nodes() if one.node_id == node_id]
    for process in node.all_processes["raylet"]:
        os.kill(process.process.pid, signal.SIGKILL)
    cluster.remove_node(node, allow_graceful=False)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    picture = np.full((120, 160, 3), 230, np.uint8)
    cv2.circle(picture, (50, 60), 30, (20, 30, 200), -1)
    cv2.rectangle(picture, (100, 30), (140, 90), (40, 160, 30), -1)
    path = tmp_path / "две вещи.png"
    cv2.imencode(".png", picture)[1].tofile(path)
    return path


def until_all_are_done(pool, jobs: int, seconds: float = 120.0) -> list:
    told, deadline = [], time.monotonic() + seconds
    while sum(one.is_last for one in told) < jobs:
        one = pool.take(0.5)
        told += [one] if one else []
        assert time.monotonic() < deadline, told[-5:]
    return told
