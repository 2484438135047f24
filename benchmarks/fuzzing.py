"""Files out of bytes that coverage guides: refused in words, or read; headers tile their file.

    python benchmarks/fuzzing.py .cache/fuzz -max_total_time=300      # as `make fuzz` runs it

Needs the extra `fuzz` (atheris); all options are libFuzzer's. The folder keeps the inputs that
reach new code, for the next run; an input that fails is written beside as crash-*. The fast suite
has the same properties on inputs of hypothesis.
"""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
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
SEEDS = {  # first letter: what the rest is
    "header": b"h" + HEADER + bytes(4),
    "file": b"f" + len(HEADER).to_bytes(8, "little") + HEADER + bytes(4),
    "index": b"i" + MAP,
    "project": b"p" + b"name: n\nmodels: {base: b, language: g, domain: d}\n"
    b"languages: {target: ja, domain: en}\nterms: {files: [t.csv]}\n"
    b"testset: {forms: [{kind: cloze, question: en, answer: ja}]}\noutput: o\n",
    "adapter": b"a" + json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 4}).encode(),
    "run": b"r" + json.dumps({"merge": {"key": "k", "output": "o"}}).encode(),
    "table": b"t" + b"id,term en,term ja\n1,fever,x\n",
    "tbx": b"t" + b'<tbx xmlns="urn:iso:std:iso:30042:ed-2"><text><body/></text></tbx>',
    "obo": b"t" + b"format-version: 1.2\n\n[Term]\nid: X:1\nname: fever\n",
    "utx": b"t" + b"#UTX 1.11; en/ja;\n#src\ttgt\tsrc:pos\nfever\tx\tnoun\n",
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
)


def main() -> None:
    """Fuzz until the time is over or an input fails."""
    atheris = import_module("atheris")
    parts = ["weights.checkpoint", "project", "files", "terms.readers"]
    with atheris.instrument_imports(include=[*(f"lexgraft.{part}" for part in parts), "json"]):
        readers = _readers()
        header = import_module("lexgraft.weights.checkpoint.safetensors_header")
        index = import_module("lexgraft.weights.checkpoint.checkpoint_index")
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as made:
        folder = Path(made)
        shard = folder / "m.safetensors"

        def one(data: bytes) -> None:
            kind, rest, refused = data[:1], data[1:], str(folder)
            if kind in readers:
                _read(*readers[kind], folder, rest)
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

        atheris.Setup([*_first_arguments(Path(sys.argv[1]), folder), *sys.argv[2:]], one)
        atheris.Fuzz()


def _readers() -> dict[bytes, tuple[str, Callable[[Path], object]]]:
    """Return, by first letter, a file's name and what reads it: a message is all that it raises."""
    project = import_module("lexgraft.project")
    terms = import_module("lexgraft.terms.readers")
    adapter = import_module("lexgraft.weights.checkpoint.lora_config")
    run = import_module("lexgraft.files.run_folder")
    return {
        b"p": ("project.yaml", project.read_project),
        b"t": ("terms", lambda file: terms.read_concepts([file])),
        b"a": ("adapter_config.json", lambda file: adapter.read_config(file.parent)),
        b"r": ("lock.json", lambda file: run.RunFolder(file.parent)),
    }


def _read(name: str, read: Callable[[Path], object], folder: Path, content: bytes) -> None:
    """Read a file of this content; a message for the user is all that may be raised."""
    (folder / name).write_bytes(content)
    with suppress(LexgraftError):
        read(folder / name)


def _first_arguments(folder: Path, aside: Path) -> list[str]:
    """Return the first arguments of libFuzzer, with seeds and a dictionary in place."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in SEEDS.items():
        (folder / name).write_bytes(data)
    words = aside / "words.txt"
    escaped = ["".join(f"\\x{byte:02x}" for byte in word.encode()) for word in WORDS]
    words.write_text("".join(f'"{word}"\n' for word in escaped))
    return [sys.argv[0], str(folder), f"-dict={words}", f"-artifact_prefix={folder}/"]


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
