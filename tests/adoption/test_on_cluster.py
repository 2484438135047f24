"""On a cluster of three machines, each a process group of its own on the loopback."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import psutil
import pytest
from adopt_project import MakeProject
from safetensors.numpy import save_file

from lexgraft.adoption.adopt import run_project
from lexgraft.adoption.merge_models import merge
from lexgraft.cli import main
from lexgraft.compute import ComputeSettings
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.cost_log import CostLog
from lexgraft.files.file_digest import file_digest
from lexgraft.project import Project, read_project
from lexgraft.records import Progress
from lexgraft.weights.merge.manifest import read_manifest

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

OBJECTS = 100 << 20  # bytes of each machine's object store
NOTICED = {"health_check_period_ms": 500, "health_check_timeout_ms": 500}


class Machines:
    """Three raylets of one processor each, beside a head that does no work."""

    def __init__(self) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        from ray.cluster_utils import Cluster

        self._own = {
            "node_ip_address": "127.0.0.2",
            "object_store_memory": OBJECTS,
            "include_dashboard": False,
        }
        settings = {**NOTICED, "health_check_failure_threshold": 4}
        head = {**self._own, "num_cpus": 0, "_system_config": settings}
        self._cluster: Any = Cluster(initialize_head=True, head_node_args=head)
        self.address: str = self._cluster.address
        self._nodes = [self._added() for _ in range(3)]

    def _added(self) -> Any:
        return self._cluster.add_node(num_cpus=1, memory=4 << 30, **self._own)

    def kill(self, number: int = 0) -> None:
        """End a machine as a power cut would; another takes its place."""
        self.end(number)
        self.replenish()

    def end(self, number: int) -> None:
        """End a machine; none takes its place."""
        os.kill(self._pid(self._nodes.pop(number)), signal.SIGKILL)

    def replenish(self) -> None:
        """Have three machines again; only the main thread may."""
        self._nodes += [self._added() for _ in range(3 - len(self._nodes))]

    def busiest(self, seconds: float) -> tuple[int, float]:
        """Return which machine's workers compute most for a while, and for how much of it."""
        nodes = list(self._nodes)  # the main thread may add some meanwhile, at the end
        before = [self._spent(node) for node in nodes]
        time.sleep(seconds)
        shares = [
            (self._spent(node) - earlier) / seconds
            for node, earlier in zip(nodes, before, strict=True)
        ]
        return max(enumerate(shares), key=lambda pair: pair[1])

    def _pid(self, node: Any) -> int:
        return node.all_processes["raylet"][0].process.pid

    def _spent(self, node: Any) -> float:
        """Return the processor seconds of a machine's workers that have joined."""
        total = 0.0
        with suppress(psutil.Error):
            for process in psutil.Process(self._pid(node)).children(recursive=True):
                if "SeatProcess" in " ".join(process.cmdline()):
                    total += sum(process.cpu_times()[:2])
        return total

    def close(self) -> None:
        self._cluster.shutdown()


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    started = Machines()
    yield started
    started.close()


def contents(folder: Path) -> dict[str, str]:
    """Return what identifies every file of records and weights in a run's folder."""
    files = [*folder.glob("answers/*/*.jsonl"), *folder.glob("model/*")]
    return {str(file.relative_to(folder)): file_digest(file) for file in sorted(files)}


def killer(machines: Machines, mark: str) -> Progress:
    """Return a progress that ends a machine when it is first told this."""
    heard: list[str] = []

    def tell(what: str, done: int, _total: int) -> None:
        if mark in what and done and not heard:
            heard.append(what)
            machines.kill()

    return tell


class KillerInEveryStage:
    """Ends the machine that computes most, once in every stage of a run, while it computes."""

    def __init__(self, machines: Machines, run: Path) -> None:
        self._machines, self._run, self._over = machines, run, Event()
        self.killed: dict[str, int] = {}
        self._thread = Thread(target=self._watch)

    def __enter__(self) -> dict[str, int]:
        self._thread.start()
        return self.killed

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            number, share = self._machines.busiest(0.2)
            stage = CostLog(self._run).latest() if (self._run / "costs.jsonl").exists() else ""
            if stage and stage not in self.killed and share > 0.4:
                self.killed[stage] = number
                self._machines.end(number)


@pytest.fixture
def projects(
    machines: Machines, make_project: MakeProject, tmp_path: Path
) -> Callable[[str], Project]:
    """Return a maker of a small project by its output: `cluster` is asked on the machines."""

    def make(output: str) -> Project:
        def smaller(values: dict[str, Any]) -> None:
            values["compute"] |= {"threads": 1, "memory_gb": 3}
            values["merge"]["search"] = None
            values["merge"]["candidates"][1]["share"] = 0.5
            values["output"] = str(tmp_path / output)
            if output == "cluster":
                values["compute"] |= {"engine": "ray", "address": machines.address}

        return read_project(make_project(smaller))

    return make


def test_an_adoption_that_loses_a_machine_ends_as_on_one_machine(
    machines: Machines, projects: Callable[[str], Project], tmp_path: Path
):
    here, _ = run_project(projects("run"), underpowered=True)
    mark = killer(machines, "confirm terms")
    there, _ = run_project(projects("cluster"), mark, underpowered=True)
    assert there.digest == here.digest
    assert contents(tmp_path / "cluster") == contents(tmp_path / "run")


@pytest.mark.skipif("EVERY_STAGE" not in os.environ, reason="EVERY_STAGE=1 kills in each: minutes")
def test_an_adoption_that_loses_a_machine_in_every_stage_ends_as_on_one_machine(
    machines: Machines,
    projects: Callable[[str], Project],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    here, _ = run_project(projects("run"), underpowered=True)

    def replace_lost(*_: object) -> None:
        machines.replenish()

    with KillerInEveryStage(machines, tmp_path / "cluster") as killed:
        there, _ = run_project(projects("cluster"), replace_lost, underpowered=True)
    with capsys.disabled():
        sys.stdout.write(f"machines killed in: {', '.join(killed)}\n")
    assert {"headroom", "merge", "measure", "tune"} <= set(killed)
    assert there.digest == here.digest
    assert contents(tmp_path / "cluster") == contents(tmp_path / "run")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """Return a recipe over three models of a few tensors each."""
    for number, name in enumerate(("base", "a", "b")):
        rng = np.random.default_rng(number)
        tensors = {f"w{n}": rng.normal(size=(256, 1024)).astype(np.float32) for n in range(24)}
        (tmp_path / name).mkdir()
        save_file(tensors, tmp_path / name / "model.safetensors")
        (tmp_path / name / "config.json").write_text('{"model_type": "x"}')
    file = tmp_path / "recipe.yaml"
    values = {
        "merge_method": "ties",
        "base_model": "base",
        "models": [{"model": name, "parameters": {"density": 0.5}} for name in ("a", "b")],
        "dtype": "bfloat16",
    }
    file.write_text(json.dumps(values))
    return file


def test_a_merge_on_a_cluster_is_the_same_bytes_whoever_is_killed(
    machines: Machines, recipe: Path, tmp_path: Path
):
    merge(recipe, tmp_path / "alone")
    compute = ComputeSettings(engine="ray", address=machines.address)
    command = ["merge", str(recipe), str(tmp_path / "shared"), "--engine", "ray"]
    with subprocess.Popen(
        [sys.executable, "-m", "lexgraft", *command, "--address", machines.address],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as driver:
        assert driver.stderr
        assert any(line.startswith("merge") for line in driver.stderr)
        driver.kill()
    manifest = merge(recipe, tmp_path / "shared", compute=compute)
    assert manifest == read_manifest(tmp_path / "alone")
    for name in ("model.safetensors", "manifest.json"):
        expected = (tmp_path / "alone" / name).read_bytes()
        assert (tmp_path / "shared" / name).read_bytes() == expected


def test_an_error_of_a_worker_arrives_with_what_to_do_about_it(
    machines: Machines, recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "b" / "model.safetensors"
    weights = bytearray(file.read_bytes())
    weights[-4:] = np.float32(np.nan).tobytes()
    file.write_bytes(weights)
    command = ["merge", str(recipe), str(tmp_path / "out"), "--engine", "ray"]
    assert main([*command, "--address", machines.address]) == 2
    said = capsys.readouterr().err
    assert "is not finite" in said
    assert "--allow-nonfinite" in said
    assert "Traceback" not in said


def test_no_cluster_and_no_room_are_named(machines: Machines, recipe: Path, tmp_path: Path):
    nowhere = ComputeSettings(engine="ray", address="ray://127.0.0.1:1")
    with pytest.raises(LexgraftError, match="no Ray cluster can be joined"):
        merge(recipe, tmp_path / "out", compute=nowhere)
    compute = ComputeSettings(engine="ray", address=machines.address)
    with pytest.raises(LexgraftError, match="no machine of the cluster has room"):
        merge(recipe, tmp_path / "out", compute=compute, memory=64 << 30)
