"""Seats on a Ray cluster: the one door to Ray, which places, restarts and carries."""

import os
import secrets
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple, TypeVar

from lexgraft.compute import ComputeSettings
from lexgraft.compute.jobs import Job, SeatAwayError, SeatLostError
from lexgraft.compute.seat_process import Greeting, SeatProcess, version_here
from lexgraft.compute.seats import Seats
from lexgraft.errors import LexgraftError
from lexgraft.records import Progress

R = TypeVar("R")

LOOPBACK = "127.0.0.2"  # an address of the loopback that Ray does not take for the machine's name
OBJECTS = 100 << 20  # bytes of Ray's object store on this machine: only names and texts travel
LOOK_AGAIN = 1.0  # seconds between looks at a process that is being started or stopped
OLD = 7 * 24 * 3600  # seconds
SEEN = ".seen-by-all-"  # how the name of the file begins that every machine must see
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent anywhere
    "RAY_DEDUP_LOGS": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
_OF_OUR_CLUSTER = {  # a cut link is noticed in 15 s, not in 7 min; both ends must know of it
    "RAY_grpc_client_keepalive_time_ms": "10000",
    "RAY_grpc_client_keepalive_timeout_ms": "5000",
    "RAY_grpc_keepalive_time_ms": "10000",
    "RAY_grpc_keepalive_timeout_ms": "5000",
}


class SeatNeeds(NamedTuple):
    """What one process takes of its machine."""

    threads: int  # of the processor; so many jobs run in it at once, on a GPU one
    memory: int  # bytes
    gpus: float = 0


@contextmanager
def ray_seats(
    settings: ComputeSettings,
    needs: SeatNeeds,
    folder: Path,
    plugins: tuple[str, ...],
    progress: Progress,
) -> Generator[Seats]:
    """Return seats on the cluster of these settings, gone again when the context ends.

    Args:
        settings: which cluster, and how many seats.
        needs: what each takes.
        folder: where the driver writes a token that every machine must read: the run's.
        plugins: files that every process runs first.
        progress: told where the cluster is.

    Raises:
        LexgraftError: Ray is not installed, there is no such cluster, or it has no room.
    """
    ray = _ray(settings.address)
    already = ray.is_initialized()
    page = "" if already else _connect(ray, settings.address)
    try:
        count = settings.workers or _room(ray.nodes(), needs)
        progress(f"Ray cluster of {_size(ray)}{page}: {count} workers", 1, 1)
        with _token(folder) as (file, token):
            greeting = Greeting(version_here(), str(file), token, plugins)
            seats = Seats([RaySeat(ray, needs, greeting) for _ in range(count)])
            try:
                yield seats
            finally:
                seats.close()
    finally:
        if not already:
            ray.shutdown()


class RaySeat:
    """An actor, restarted by Ray wherever there is room."""

    def __init__(self, ray: Any, needs: SeatNeeds, greeting: Greeting) -> None:
        self._ray, self._greeting = ray, greeting
        self.width = 1 if needs.gpus else needs.threads  # on a GPU one call at a time is as fast
        self._closing = Event()
        self._actor: Any = ray.remote(
            num_cpus=needs.threads,
            num_gpus=needs.gpus,
            memory=needs.memory,
            max_restarts=-1,
            max_task_retries=0,
            max_concurrency=self.width + 1,
            scheduling_strategy="SPREAD",
        )(SeatProcess).remote()

    def open(self) -> str:
        """Wait until there is room and the process is there; return the name of its machine."""
        return str(self._answer(self._actor.join.remote(self._greeting)))

    def call(self, job: Job[R]) -> R:
        """Return what a job returns."""
        answer: Any = self._answer(self._actor.call.remote(job.function, job.arguments))
        return answer

    def close(self) -> None:
        """End the process, whatever it does."""
        self._closing.set()
        with suppress(self._ray.exceptions.RayError):
            self._ray.kill(self._actor)

    def _answer(self, reference: Any) -> object:
        """Return the value of a reply, or raise its error."""
        done: list[Any] = []
        while not done:
            if self._closing.is_set():
                raise SeatLostError("closed")
            done, _ = self._ray.wait([reference], timeout=LOOK_AGAIN)
        try:
            reply = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError:
            raise  # what the job raised, with its own traceback
        except self._ray.exceptions.RayError as error:
            self._closing.wait(LOOK_AGAIN)  # Ray says so at once while it restarts
            away = isinstance(error, self._ray.exceptions.ActorUnavailableError)
            raise (SeatAwayError if away else SeatLostError)(str(error).splitlines()[0]) from error
        if reply.error is not None:
            raise reply.error
        return reply.value


def _ray(address: str) -> Any:
    """Return the package, told before it is imported to be quiet and whom to let in."""
    for name, value in (_QUIET | (_OF_OUR_CLUSTER if address == "local" else {})).items():
        os.environ.setdefault(name, value)
    if address == "local" and "ray" not in sys.modules:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    try:
        import ray
    except ImportError as error:
        raise LexgraftError(
            "`engine: ray` needs the package ray", cure="pip install 'lexgraft[ray]'"
        ) from error
    return ray


def _connect(ray: Any, address: str) -> str:
    """Join a cluster that is there, or begin one on this machine's loopback; return its page."""
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == "local":
        context = ray.init("local", _node_ip_address=LOOPBACK, object_store_memory=OBJECTS, **quiet)
        return _page(context)
    bound = {"_node_ip_address": LOOPBACK} if address.startswith(LOOPBACK) else {}
    try:
        return _page(ray.init(address, **quiet, **bound))
    except (ConnectionError, ValueError, RuntimeError, ImportError) as error:
        raise LexgraftError(
            f"no Ray cluster can be joined: {str(error).splitlines()[0]}",
            where=f"compute.address: {address}",
            cure="`ray start --head` begins one, on the others `ray start --address=HOST:6379`; "
            "`address: local` begins one for this run alone; `ray://` needs `ray[client]`",
        ) from error


def _room(nodes: list[dict[str, Any]], needs: SeatNeeds) -> int:
    """Return how many seats there is room for.

    Raises:
        LexgraftError: not for one.
    """
    resources = [node["Resources"] for node in nodes if node["Alive"]]
    room = sum(
        int(
            min(
                of_node.get("CPU", 0) // needs.threads,
                of_node.get("memory", 0) // needs.memory,
                of_node.get("GPU", 0) // needs.gpus if needs.gpus else float("inf"),
            )
        )
        for of_node in resources
    )
    if room:
        return room
    gpus = f", {needs.gpus:g} GPUs" if needs.gpus else ""
    raise LexgraftError(
        f"no machine of the cluster has room for a worker: {needs.threads} processors, "
        f"{needs.memory / 1e9:.3g} GB of memory{gpus}",
        where=f"{len(resources)} machines",
        cure="lower `compute.threads` or `compute.memory_gb`, or add a larger machine; where "
        "machines come when they are asked for, say with `compute.workers` how many",
    )


def _size(ray: Any) -> str:
    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    return f"{len(nodes)} machines" if len(nodes) != 1 else "1 machine"


def _page(context: Any) -> str:
    """Return where Ray's own pages are, if there are any."""
    return f", dashboard http://{context.dashboard_url}" if context.dashboard_url else ""


@contextmanager
def _token(folder: Path) -> Generator[tuple[Path, str]]:
    """Return a file in a folder, with its content; gone when the context ends."""
    for file in folder.glob(f"{SEEN}*"):
        if time.time() - file.stat().st_mtime > OLD:  # of a run that was killed
            file.unlink(missing_ok=True)
    token = secrets.token_hex(16)
    file = folder / f"{SEEN}{token[:8]}"
    file.write_text(token, encoding="utf-8")
    try:
        yield file, token
    finally:
        file.unlink(missing_ok=True)
