"""Files out of bytes that coverage guides: refused in words, or read; headers tile their file.

    python benchmarks/fuzzing.py .cache/fuzz -max_total_time=300      # as `make fuzz` runs it

Headers, indexes, configurations, tokenizers, adapters, recipes, projects, term files of every
format, run folders, reports, requests and event streams. Needs the extra `fuzz` (atheris); all
options are libFuzzer's, and an input that takes 10 seconds or a process of 1 GB fails. The folder
keeps the inputs that reach new code, for the next run; an input that fails is written beside as
crash-*. The fast suite has the same properties on inputs of hypothesis.
"""

import json
import sys
from collections.abc import Mapping
from importlib import import_module
from itertools import pairwise
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lexgraft.errors import LexgraftError

MEMORY = Path("/dev/shm")  # where the disk is not asked
ENTRY = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
HEADER = json.dumps({"a": ENTRY, "__metadata__": {"format": "pt"}}).encode()
MAP = json.dumps({"metadata": {"total_size": 4}, "weight_map": {"a": "m.safetensors"}}).encode()
SEEDS = {  # first letter: what the rest is; those of `tests/fuzz_targets.py` begin with a number
    "header": b"h" + HEADER + bytes(4),
    "file": b"f" + len(HEADER).to_bytes(8, "little") + HEADER + bytes(4),
    "index": b"i" + MAP,
}
WORDS = (
    '"dtype":',
    '"shape":',
    '"data_offsets":',
    '"__metadata__":',
    '"weight_map":',
    '"metadata":',
    '"F32"',
    '"BF16"',
    '"BOOL"',
    '"m.safetensors"',
    '"../m.safetensors"',
    "1e999",
    "NaN",
    "-1",
    "4611686018427387904",
    "\\u0000",
    "\\ud800",
    "[[",
    "{}",
    "weight:",
    "density:",
    "models:",
    "slices:",
    "\\x1b[2J",
    "<!ENTITY",
    "<term>",
    "[Term]",
    "- *a",
    "&a ",
    "!!python",
)


def main() -> None:
    """Fuzz until the time is over or an input fails."""
    atheris = import_module("atheris")
    sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
    import_module("torch")  # not instrumented: nothing of a stranger's is parsed there
    with (
        TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as made,
        atheris.instrument_imports(include=["lexgraft", "json", "yaml"]),
    ):
        folder, fuzz = Path(made), import_module("fuzz_targets")
        targets = [*fuzz.targets().values()]
        for number, target in enumerate(targets):
            (folder / str(number)).mkdir()
            for content in target.samples.values():  # imports what reads it
                target.read(folder / str(number), content)
        header = import_module("lexgraft.weights.checkpoint.safetensors_header")
        index = import_module("lexgraft.weights.checkpoint.checkpoint_index")
        shard = folder / "m.safetensors"

        def one(data: bytes) -> None:
            kind, rest, refused = data[:1], data[1:], str(folder)
            if kind and kind[0] < len(targets):
                fuzz.survive(targets[kind[0]], folder / str(kind[0]), rest)
                return
            if kind == b"i":
                shard.write_bytes(_with_length(json.dumps({"a": ENTRY}).encode(), bytes(4)))
                (folder / index.INDEX).write_bytes(rest)
            else:
                shard.write_bytes(rest if kind == b"f" else _with_length(*_split(rest)))
            try:
                if kind == b"i":
                    assert list(index.open_checkpoint(folder).tensors) == ["a"]
                else:
                    _check_tiles(header.read_header(shard), shard.stat().st_size, header.WIDTHS)
            except LexgraftError as error:
                refused = str(error)
            assert str(folder) in refused, "the error names no file"

        seeds = SEEDS | {
            f"{number}-{name}": bytes([number]) + content
            for number, target in enumerate(targets)
            for name, content in target.samples.items()
        }
        given = _first_arguments(Path(sys.argv[1]), folder, seeds)
        atheris.Setup([*given, *sys.argv[2:]], one)
        atheris.Fuzz()


def _first_arguments(folder: Path, aside: Path, seeds: Mapping[str, bytes]) -> list[str]:
    """Return the first arguments of libFuzzer, with seeds and a dictionary in place."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (folder / name.replace("/", "-")).write_bytes(data)
    words = aside / "words.txt"
    escaped = ["".join(f"\\x{byte:02x}" for byte in word.encode()) for word in WORDS]
    words.write_text("".join(f'"{word}"\n' for word in escaped))
    limits = ["-timeout=10", "-rss_limit_mb=1024", "-max_len=65536"]
    places = [f"-dict={words}", f"-artifact_prefix={folder}/"]
    return [sys.argv[0], str(folder), *places, *limits]


def _split(data: bytes) -> tuple[bytes, bytes]:
    """Return header and data: what follows the last brace is data."""
    end = data.rfind(b"}") + 1
    return data[:end], data[end:]


def _with_length(header: bytes, data: bytes = b"") -> bytes:
    """Return a file of a header and data."""
    return len(header).to_bytes(8, "little") + header + data


def _check_tiles(entries: list[Any], total: int, widths: dict[str, int]) -> None:
    """Assert that tensors have the bytes of their shapes and lie side by side up to the end."""
    for entry in entries:
        assert entry.end - entry.start == prod(entry.shape) * widths[entry.dtype], entry
    for before, after in pairwise(entries):
        assert before.end == after.start, (before, after)
    assert not entries or entries[-1].end == total, entries[-1]


if __name__ == "__main__":
    main()
