"""Models of a store fetched once to this disk, for what loads them: resumed, checked, whole or not.

A folder in the cache is named by the place and by every object's size and tag: what is replaced in
the store is another model. `fetched.json` is written last; without it the folder is unfinished.
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.files.disk_space import check_space
from lexgraft.files.folder_lock import locked
from lexgraft.files.model_files import ADAPTER, CONFIG, is_side_file
from lexgraft.files.object_store import read_range
from lexgraft.files.ownership import real_path
from lexgraft.files.stand_ins import objects_of, pinned
from lexgraft.files.store_url import StoredObject, StoreUrl, local_folder, parse_url
from lexgraft.records import Progress, digest, silent, write_bytes

RECORD = "fetched.json"
_BLOCK = 8 << 20  # bytes of a request
_AHEAD = 4  # requests at once
_SHA256 = 64  # hexadecimal digits: the tag of a large file on the Hub is its content's


class FetchedFile(Struct, frozen=True, forbid_unknown_fields=True):
    """One object as it was fetched."""

    size: int
    tag: str
    sha256: str


class FetchRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """What a folder of the cache was fetched from."""

    url: str
    files: dict[str, FetchedFile]


def cache_of_models() -> Path:
    """Return where fetched models lie: `LEXGRAFT_CACHE`, or `~/.cache/lexgraft`."""
    named = os.environ.get("LEXGRAFT_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return real_path(Path(named) if named else Path(home) / "lexgraft") / "models"


def fetched_model(text: str, *, download: bool, progress: Progress = silent) -> Path:
    """Return the folder on this disk of a model that a URL names, fetched once.

    Args:
        text: the URL; `file://` names a folder that is here.
        download: whether what is not here may be fetched.
        progress: is told the bytes.

    Raises:
        LexgraftError: it is not here and may not be fetched (with the bytes it would be), no such
            place, no room, another run that fetches it, or what the store refuses.
    """
    local = local_folder(text)
    if local is not None:
        return local
    url = pinned(parse_url(text))
    wanted = {name: stored for name, stored in objects_of(url).items() if _is_wanted(name)}
    if not any(name.endswith(".safetensors") for name in wanted):
        raise LexgraftError("no safetensors model here", where=str(url), cure="check the name")
    states = [(name, stored.size, stored.tag) for name, stored in wanted.items()]
    folder = cache_of_models() / f"{url.name}-{digest('fetched', str(url), states)[:16]}"
    if (folder / RECORD).is_file():
        _check_sizes(folder)
        return folder
    total = sum(stored.size for stored in wanted.values())
    if not download:
        raise LexgraftError(
            f"{total / 1e9:.2f} GB in {len(wanted)} files are not here: what is asked or trained "
            "is loaded from this disk",
            where=str(url),
            cure=f"give --download: they are fetched once, into {folder.parent} "
            "(LEXGRAFT_CACHE names another), and a killed run goes on; `merge` reads them there",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        _fetch_all(url, folder, wanted, total, progress)
    return folder


def _is_wanted(name: str) -> bool:
    index = name.endswith(".safetensors.index.json")
    weights = name.endswith(".safetensors")
    return is_side_file(name) or index or weights or name in (ADAPTER, CONFIG)


def _fetch_all(
    url: StoreUrl,
    folder: Path,
    wanted: Mapping[str, StoredObject],
    total: int,
    progress: Progress,
) -> None:
    """Fetch what a folder lacks, file by file."""
    present = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    check_space(folder, {"model": total}, present)
    files: dict[str, FetchedFile] = {}
    before, title = 0, f"fetching {url}, {total / 1e9:.2f} GB"
    with ThreadPoolExecutor(_AHEAD) as pool:
        for name, stored in wanted.items():
            progress(title, before >> 20, max(1, total >> 20))
            files[name] = _fetch(pool, stored, folder / name, before, total, title, progress)
            before += stored.size
    write_bytes(folder / RECORD, msgspec.json.encode(FetchRecord(str(url), files)))
    progress(title, max(1, total >> 20), max(1, total >> 20))


def _fetch(
    pool: ThreadPoolExecutor,
    stored: StoredObject,
    target: Path,
    before: int,
    total: int,
    title: str,
    progress: Progress,
) -> FetchedFile:
    """Fetch one object, from where an earlier run has come to; return what it is."""
    target.parent.mkdir(exist_ok=True)
    hasher, unfinished = hashlib.sha256(), target.with_name(f"{target.name}.part")
    source = target if target.is_file() else unfinished
    with source.open("r+b" if source.is_file() else "w+b") as file:
        start = _taken_over(file, hasher.update, stored.size)
        for block in _blocks(pool, stored, start):
            file.write(block)
            hasher.update(block)
            start += len(block)
            progress(title, before + start >> 20, max(1, total >> 20))
        file.flush()
        os.fsync(file.fileno())
    if len(stored.tag) == _SHA256 and hasher.hexdigest() != stored.tag.lower():
        source.unlink()
        raise LexgraftError(
            "what came is not what the store says it holds", where=str(stored.url), cure="run again"
        )
    source.replace(target)
    return FetchedFile(stored.size, stored.tag, hasher.hexdigest())


def _taken_over(file: BinaryIO, look: Callable[[bytes], object], size: int) -> int:
    """Return how many bytes of a file are there, whole blocks, and show them; the rest goes."""
    have = min(file.seek(0, os.SEEK_END), size)
    have = have if have == size else have // _BLOCK * _BLOCK
    file.seek(0)
    for start in range(0, have, _BLOCK):
        look(file.read(min(_BLOCK, have - start)))
    file.truncate(have)
    return have


def _blocks(pool: ThreadPoolExecutor, stored: StoredObject, start: int) -> Iterator[bytes]:
    """Yield an object's bytes from `start` on in order, a few requests ahead."""
    waiting: deque[Future[bytes]] = deque()
    for first in range(start, stored.size, _BLOCK):
        waiting.append(pool.submit(read_range, stored, first, min(first + _BLOCK, stored.size)))
        if len(waiting) >= _AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _check_sizes(folder: Path) -> None:
    """Raise for a fetched folder of which a file is gone or cut; digests are taken when it is read.

    Raises:
        LexgraftError: it is not as it was fetched.
    """
    record = msgspec.json.decode((folder / RECORD).read_bytes(), type=FetchRecord)
    for name, fetched in record.files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != fetched.size:
            raise LexgraftError(
                f"a fetched model has lost `{name}`, or some of it",
                where=str(folder),
                cure=f"delete {folder / RECORD} and give --download: it is fetched again",
            )
