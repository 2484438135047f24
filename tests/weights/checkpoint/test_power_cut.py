"""Power cuts at every file operation, simulated: old or new, never half."""

import shutil
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from power_cuts import cut, traced

from lexgraft.weights.checkpoint.file_layout import plan_layout
from lexgraft.weights.checkpoint.folder_writer import open_folder
from lexgraft.weights.checkpoint.journal import JOURNAL
from lexgraft.weights.checkpoint.manifest_file import MANIFEST

SIZES = {"a": 700, "b": 5000, "c": 3, "d": 900}  # bytes: parts of a sector, and many sectors
LAYOUT = plan_layout([(n, "U8", (size,)) for n, size in SIZES.items()], shard_limit=6000)
DATA = {name: bytes(range(1, 101)) * (size // 100 + 1) for name, size in SIZES.items()}
Files = dict[str, bytes]


def run(folder: Path) -> None:
    """Write the folder, synced after every tensor; go on with what is there."""
    with open_folder(folder, LAYOUT, "key", []) as writer:
        for name, size in SIZES.items():
            if name not in writer.done:
                data = DATA[name][:size]
                writer.note(name, writer.write(name, [data[:600], data[600:]]))
                writer.sync()
        writer.finish({"config.json": b"{}"}, b'{"finished": true}')


def content(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def check(folder: Path, reference: Files) -> bool:
    """Return whether the folder is the finished one; what looks finished must be right."""
    found = content(folder)
    for name, data in found.items():
        if name.endswith(".safetensors"):
            assert data == reference[name]
    if MANIFEST in found:
        assert {name: data for name, data in found.items() if name in reference} == reference
    return found == reference


@pytest.fixture
def memory_disk(tmp_path: Path) -> Generator[Path]:
    """Return a folder in memory where there is one: nothing of it need reach a real disk."""
    if not Path("/dev/shm").is_dir():
        yield tmp_path
        return
    with TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seeds: int, second: int) -> int:
    """Cut the power after every operation, resume, cut again, resume; return the cuts played."""
    played = 0
    with traced(tmp_path / "first", monkeypatch) as first:
        run(tmp_path / "first")
    reference = content(tmp_path / "first")
    for after in range(len(first.operations) + 1):
        for seed in range(seeds):
            folder = tmp_path / f"{after}-{seed}"
            cut(first, after, seed, folder)
            played += 1
            if check(folder, reference):
                shutil.rmtree(folder)
                continue
            with traced(folder, monkeypatch) as resumed:
                run(folder)
            assert content(folder) == reference, f"cut after {first.operations[:after][-1:]}"
            for again in range(seed % second, len(resumed.operations), second):
                twice = tmp_path / f"{after}-{seed}-{again}"
                cut(resumed, again, seed, twice)
                played += 1
                if not check(twice, reference):
                    with traced(twice, monkeypatch):
                        run(twice)
                    assert content(twice) == reference
                shutil.rmtree(twice)
            shutil.rmtree(folder)
    return played


@pytest.mark.slow
def test_a_power_cut_at_any_operation_leaves_old_or_new_and_goes_on(
    memory_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert play(memory_disk, monkeypatch, seeds=1, second=1000) > 40


@pytest.mark.slow
def test_many_power_cuts_and_second_ones_during_the_resume(
    memory_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert play(memory_disk, monkeypatch, seeds=12, second=9) > 500


def test_a_disk_that_forgets_shows_what_syncing_is_for(
    memory_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its fsyncs the same run leaves wrong bytes under final names."""
    with traced(memory_disk / "first", monkeypatch) as first:
        run(memory_disk / "first")
    reference, wrong = content(memory_disk / "first"), 0
    first.operations = [one for one in first.operations if one[0] != "sync"]
    for seed in range(10):
        cut(first, len(first.operations), seed, memory_disk / str(seed))
        wrong += content(memory_disk / str(seed)) != reference
    assert wrong == 10
    assert JOURNAL not in reference
