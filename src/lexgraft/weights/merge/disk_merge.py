"""Merging on this machine: block by block to a folder or a store, bounded memory, resumable."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Any, Protocol, runtime_checkable

import numpy as np

from lexgraft import __version__
from lexgraft.arrays.lazy_torch import torch
from lexgraft.compute.jobs import Job
from lexgraft.compute.seats import Seats
from lexgraft.errors import LexgraftError
from lexgraft.files.folder_lock import locked
from lexgraft.files.store_places import url_of
from lexgraft.records import Progress, digest, silent
from lexgraft.weights.checkpoint.assets import read_assets
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint, Shard
from lexgraft.weights.checkpoint.file_layout import Layout
from lexgraft.weights.checkpoint.folder_writer import open_folder, refuse_inputs
from lexgraft.weights.checkpoint.journal import JOURNAL, Record
from lexgraft.weights.checkpoint.manifest_file import MANIFEST
from lexgraft.weights.checkpoint.tensor_digests import remember
from lexgraft.weights.checkpoint.written_folder import digests_of_files, told_changed
from lexgraft.weights.merge.manifest import Manifest, manifest_text, read_manifest, verify
from lexgraft.weights.merge.memory_budget import (
    HELD,
    MEMORY,
    WIDER,
    BufferPool,
    WorkerBudget,
    plan_budget,
)
from lexgraft.weights.merge.merge_plan import ENGINE, MergePlan
from lexgraft.weights.merge.merge_share import ShareOrder, shares, write_share
from lexgraft.weights.merge.native_dispatch import needs_torch
from lexgraft.weights.merge.tensor_merge import CHANGED, INPUT, NONFINITE, TensorMerge


@runtime_checkable
class ResultWriter(Protocol):
    """Where a merge goes: any tensor by any thread, those that an earlier run finished left out."""

    done: dict[str, Record]

    def ordered(self, names: Iterable[str]) -> list[str]:
        """Return tensors in the order in which they are best written."""
        ...

    def write(self, name: str, windows: Iterable[bytes | memoryview]) -> str:
        """Write a tensor, again if need be, and return its digest."""
        ...

    def note(self, name: str, digest: str, record: Mapping[str, str] | None = None) -> None:
        """Take a tensor as finished."""
        ...

    def digests(self) -> dict[str, str]:
        """Return the digest of every tensor."""
        ...

    def records(self) -> dict[str, Record]:
        """Return what was noted of every tensor."""
        ...

    def finish(self, assets: Mapping[str, bytes], manifest: bytes) -> None:
        """Write all else; the manifest comes last."""
        ...


def run_merge(
    plan: MergePlan,
    output: Path,
    progress: Progress = silent,
    *,
    memory: int | None = None,
    workers: int | None = None,
    allow_nonfinite: bool = False,
    device: str = "cpu",
    seats: Seats | None = None,
) -> Manifest:
    """Write the merged model to a folder, or what it stands for, and return its manifest.

    A run that was killed goes on where it stopped, to the same bytes; a folder that already
    holds this very merge is checked and kept. Neither memory nor workers show in the bytes, nor
    `seats`: processes of a cluster that see the folder as this one does. On another `device` than
    the processor whole matrices are merged there: its sums may round otherwise, so the manifest
    names it.

    Raises:
        LexgraftError: the folder is not free, the disk too small, an input changed or not finite.
    """
    _check_device(plan, device)
    inputs = plan.folders
    refuse_inputs(output, inputs)
    finished = _finished_folder(output)
    if finished is not None:
        return _finished(plan, finished, device)
    names = plan.base.tensors
    torches = any(needs_torch(plan, name, allow_nonfinite=allow_nonfinite) for name in names)
    remote = _in_store(output, inputs)
    if seats is not None:
        check_shared(output, inputs, device)
    usual = MEMORY if torches else MEMORY + (WIDER if remote else HELD)
    budget = plan_budget(plan, memory, workers, usual)
    threads = torch.get_num_threads() if torches else 0
    assets = _assets(plan)
    how = {"allow_nonfinite": allow_nonfinite, "device": device}
    with _opened(output, plan.layout, _run_key(plan, device), inputs, progress) as writer:
        if seats is None:
            _execute(plan, writer, budget, threads, progress, how)
        else:
            order = ShareOrder(plan, output, memory or usual, torches, allow_nonfinite)
            _execute_on(seats, plan, writer, order, progress)
        plan.check_unchanged()
        _recall(plan, writer)
        manifest = _manifest(plan, writer, assets, device)
        writer.finish(assets, manifest_text(manifest))
    return manifest


def check_shared(output: Path, inputs: Sequence[Path], device: str) -> None:
    """Refuse a merge that cannot be shared out among the machines of a cluster.

    Raises:
        LexgraftError: a model or the result lies in a store, or another device is to compute.
    """
    remote = _in_store(output, inputs)
    if remote or device != "cpu":
        what = "these lie in a store" if remote else f"`device: {device}` is given"
        raise LexgraftError(
            f"a cluster merges folders that all its machines see, on their processors; {what}",
            where=str(output),
            cure="merge on one machine (`engine: local`), or take shared folders and `device: cpu`",
        )


def _in_store(output: Path, inputs: Sequence[Path]) -> bool:
    return any(url_of(place) is not None for place in (output, *inputs))


def _finished_folder(output: Path) -> Path | None:
    """Return the folder of a merge that is finished already, or what stands in for it."""
    url = url_of(output)
    if url is not None:
        from lexgraft.weights.checkpoint.prefix_writer import finished_place  # of stores alone

        return finished_place(url)
    unfinished = (output / JOURNAL).exists()
    return output if (output / MANIFEST).is_file() and not unfinished else None


@contextmanager
def _opened(
    output: Path, layout: Layout, key: str, inputs: Sequence[Path], progress: Progress
) -> Generator[ResultWriter]:
    """Return a writer for a folder, or for the prefix of a store that it stands for."""
    url = url_of(output)
    if url is None:
        with open_folder(output, layout, key, inputs) as writer:
            yield writer
        return
    from lexgraft.weights.checkpoint.prefix_writer import open_prefix  # of stores alone

    with open_prefix(url, layout, key) as prefix_writer:
        for note in prefix_writer.notes:
            progress(note, 1, 1)
        yield prefix_writer


def _execute(
    plan: MergePlan,
    writer: ResultWriter,
    budget: WorkerBudget,
    threads: int,  # of torch; 0 where it is not needed
    progress: Progress,
    how: Mapping[str, Any],
) -> None:
    """Write every tensor that an earlier run has not finished, in the order of the writer."""
    names = _unwritten(plan, writer)
    idle: SimpleQueue[BufferPool] = SimpleQueue()
    for _ in range(budget.workers):
        idle.put(BufferPool(budget))
    stop = Event()

    def make(name: str) -> None:
        buffers = idle.get()
        try:
            merge = TensorMerge(plan, name, buffers, **how)
            written = merge.write(lambda windows: writer.write(name, _until(stop, windows)))
            writer.note(name, *written)
        finally:
            idle.put(buffers)

    count = len(plan.layout.slots)
    done = count - len(names)
    progress("merge", done, count)
    pool = ThreadPoolExecutor(budget.workers, initializer=_alone if threads else None)
    try:
        for future in as_completed([pool.submit(make, name) for name in names]):
            future.result()
            done += 1
            progress("merge", done, count)
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
        if threads:
            torch.set_num_threads(threads)


def _unwritten(plan: MergePlan, writer: ResultWriter) -> list[str]:
    """Return the tensors that an earlier run has not finished, in the order of the writer."""
    return writer.ordered(name for name in plan.layout.slots if name not in writer.done)


def _execute_on(
    seats: Seats, plan: MergePlan, writer: ResultWriter, order: ShareOrder, progress: Progress
) -> None:
    """Write on a cluster every tensor that an earlier run has not finished.

    Each belongs to one share, and a share to one process at a time, which has it on the disk
    before it is noted here; done twice, it is the same bytes.
    """
    names = _unwritten(plan, writer)
    count = len(plan.layout.slots)
    done = count - len(names)
    progress("merge", done, count)
    lengths = {name: plan.layout.slots[name].length for name in names}
    futures = [
        seats.submit(Job(write_share, (order, share), f"merge of {share[0]}", "merge"))
        for share in shares(lengths, seats.width)
    ]
    for future in as_completed(futures):
        for name, (digest_of_bytes, record) in future.result().items():
            writer.note(name, digest_of_bytes, record)
            done += 1
        progress(f"merge{seats.where()}", done, count)


def _alone() -> None:
    """Let torch use one thread in this worker: the workers are the threads."""
    torch.set_num_threads(1)


def _until(stop: Event, windows: Iterator[memoryview]) -> Iterator[memoryview]:
    """Yield windows until the run is stopped."""
    for window in windows:
        if stop.is_set():
            raise _StoppedError
        yield window


class _StoppedError(Exception):
    """A worker was told to stop; whoever told it raises the reason."""


def _check_device(plan: MergePlan, device: str) -> None:
    """Raise for a method that is not called on a device.

    Raises:
        LexgraftError: its arithmetic is the processor's; a merge of it waits for the disk anyway.
    """
    if device != "cpu" and (not plan.method.anywhere or plan.method.native is not None):
        raise LexgraftError(
            f"`{plan.method.name}` is merged on the processor, as fast as files are read",
            where=f"--device {device}",
            cure="leave --device out: it is for methods of whole matrices (tsv_m, iso_c, iso_cts, "
            "wudi, karcher)",
        )


def _run_key(plan: MergePlan, device: str) -> str:
    """Return what an unfinished folder must have been begun with, from headers only."""
    shards = [*plan.base.shards]
    for model in plan.input_models:
        shards += model.shards
    elsewhere = [device] * (device != "cpu")
    return digest("run", ENGINE, __version__, plan.recipe(), _states(shards), *elsewhere)


def _states(shards: Sequence[Shard]) -> list[tuple[object, ...]]:
    """Return the state of every file of weights."""
    return [(shard.path.name, shard.size, *shard.identity) for shard in shards]


def _recall(plan: MergePlan, writer: ResultWriter) -> None:
    """Take over the digests of inputs that an earlier run has read."""
    folders = {"base": plan.base.tensors}
    for model in plan.input_models:
        if isinstance(model.source, Checkpoint):
            folders[model.label] = model.source.tensors
    for name, record in sorted(writer.records().items()):
        for label, tensors in folders.items():
            if INPUT + label in record:
                remember(tensors[name], record[INPUT + label])


def _manifest(
    plan: MergePlan, writer: ResultWriter, assets: Mapping[str, bytes], device: str
) -> Manifest:
    """Return the manifest of a finished merge."""
    versions = {
        "lexgraft": __version__,
        "engine": str(ENGINE),
        "torch": version("torch"),
        "numpy": np.__version__,
    }
    versions |= {"device": device} if device != "cpu" else {}
    records = writer.records()
    return Manifest(
        plan=plan.digest,
        recipe=plan.recipe(),
        inputs=plan.inputs(),
        versions=versions,
        tensors=writer.digests(),
        changed=tuple(name for name, record in records.items() if CHANGED in record),
        nonfinite={
            name: int(record[NONFINITE]) for name, record in records.items() if NONFINITE in record
        },
        files=digests_of_files(plan.layout.headers, plan.layout.index(), assets),
    )


def _finished(plan: MergePlan, output: Path, device: str) -> Manifest:
    """Return the manifest of a folder that holds this merge already, its bytes verified."""
    manifest = read_manifest(output)
    if manifest.plan != plan.digest:
        raise LexgraftError(
            "the folder holds another merge", where=str(output), cure="choose a new folder"
        )
    made_on = manifest.versions.get("device", "cpu")
    if made_on.partition(":")[0] != device.partition(":")[0]:
        raise LexgraftError(
            f"the folder holds this merge as `{made_on}` has rounded it, not `{device}`",
            where=str(output),
            cure=f"choose a new folder, or give --device {made_on}",
        )
    with locked(output):
        check = verify(output)
    if not check.intact:
        raise LexgraftError(
            told_changed([*check.missing, *check.added, *check.different]),
            where=str(output),
            cure="`lexgraft verify` lists all; move the folder away and merge again",
        )
    return manifest


def _assets(plan: MergePlan) -> dict[str, bytes]:
    """Return configuration and tokenizer of the result: as planned, or G's if it is whole."""
    if plan.assets is not None:
        return read_assets(
            plan.assets.config,
            plan.dtype,
            tokenizer=plan.assets.tokenizer,
            edits=plan.assets.edits,
            chat_template=plan.assets.chat_template,
        )
    return read_assets(plan.home, plan.dtype, edits=plan.edits, spare=plan.base.folder)
