"""A cluster of several raylets on this machine, each of which counts as a machine; made once for all tests here."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from raylets import PATHS, STORE_BYTES, add_machine

sys.path[:0] = PATHS


@pytest.fixture(scope="session")
def cluster() -> Iterator:
    """A head that computes nothing, and four machines with a processor each; this program has joined it."""
    import ray
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


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    picture = np.full((120, 160, 3), 230, np.uint8)
    cv2.circle(picture, (50, 60), 30, (20, 30, 200), -1)
    cv2.rectangle(picture, (100, 30), (140, 90), (40, 160, 30), -1)
    path = tmp_path / "две вещи.png"
    cv2.imencode(".png", picture)[1].tofile(path)
    return path
