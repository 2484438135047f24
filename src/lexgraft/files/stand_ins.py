"""Folders that stand in for those of a store: small files are there, of weights the headers."""

import atexit
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from lexgraft.errors import LexgraftError, path_of
from lexgraft.files.disk_space import check_space
from lexgraft.files.hub import commit_of
from lexgraft.files.model_files import ADAPTER, HEADER_LIMIT, TEMPLATES, is_side_file
from lexgraft.files.object_store import list_folder, read_range
from lexgraft.files.ownership import real_path
from lexgraft.files.safe_json import LIMIT
from lexgraft.files.store_errors import endpoint
from lexgraft.files.store_places import note_folder, note_object
from lexgraft.files.store_url import (
    StoredObject,
    StoreUrl,
    is_url,
    local_folder,
    parse_url,
    refuse_mangled,
)

REQUESTS = 8  # at once
HEAD = 128 << 10  # bytes of a file of weights that are fetched first: most headers are shorter
_NAME = re.compile(r"[A-Za-z0-9_\-][\w.\-]{0,240}")
_ADAPTER_LIMIT = 8 << 30  # bytes: an adapter is fetched whole, as each block needs all of it
_BLOCK = 8 << 20
_WEIGHTS = ".safetensors"
_numbers = count(1)


def place_of(value: Path | str) -> Path:
    """Return the folder to read: a path as it is, or a new folder that stands in for a URL.

    Of a model in a store configuration, tokenizer and headers are fetched, and what holds an
    adapter; other weights stay where they are. Nothing is fetched that no URL names.

    Raises:
        LexgraftError: no such place, nothing there, or all that the store refuses.
    """
    if not isinstance(value, str) or not is_url(value):
        path = path_of(value, "a model")
        refuse_mangled(path)
        return path
    return local_folder(value) or stand_in(pinned(parse_url(value)))


def output_of(value: Path | str) -> Path:
    """Return the folder to write: a path as it is, or one that stands for the prefix of a URL.

    Raises:
        LexgraftError: the URL is none, or one of a store that cannot be written to.
    """
    if not isinstance(value, str) or not is_url(value):
        path = path_of(value, "output")
        refuse_mangled(path)
        return path
    folder = local_folder(value)
    if folder is not None:
        return folder
    url = parse_url(value)
    if url.scheme != "s3":
        cure = {
            "gs": "Google's stores speak S3's protocol, too: with HMAC keys and AWS_ENDPOINT_URL="
            "https://storage.googleapis.com write s3://bucket/folder",
            "hf": "merge to a folder, then `hf upload org/name folder/`",
        }
        raise LexgraftError(
            f"{url.scheme}:// is read, not written", where=str(url), cure=cure[url.scheme]
        )
    folder = _new_place(url)
    note_folder(folder, url)
    return folder


def pinned(url: StoreUrl) -> StoreUrl:
    """Return a place on the Hub at the commit that its revision stands for now."""
    if url.scheme != "hf":
        return url
    organisation, name, *rest = url.path.split("/")
    name, _, revision = name.partition("@")
    model = f"{organisation}/{name}"
    commit = commit_of(model, revision or None)
    return StoreUrl("hf", "/".join((f"{model}@{commit}", *rest)))


def stand_in(url: StoreUrl) -> Path:
    """Return a folder with the small files of a store's folder, and the headers of its weights.

    Files of other kinds are there by name, empty. It is gone with this process.

    Raises:
        LexgraftError: nothing there, a file far too large, or what the store refuses.
    """
    objects = objects_of(url)
    if not objects:
        raise LexgraftError(
            "no such folder, or nothing in it",
            where=str(url),
            cure=f"check the name and the endpoint ({endpoint(url)}); a model's folder has "
            "config.json and safetensors",
        )
    folder = _new_place(url)
    folder.mkdir(parents=True)
    note_folder(folder, url)
    with ThreadPoolExecutor(REQUESTS) as pool:
        for future in [pool.submit(_fetch, folder / name, o) for name, o in objects.items()]:
            future.result()
    return folder


def objects_of(url: StoreUrl) -> dict[str, StoredObject]:
    """Return the objects of a model's folder by name, its further chat templates among them."""
    objects = list_folder(url)
    if any(is_side_file(name) for name in objects):
        templates = list_folder(url.at(TEMPLATES))
        objects |= {f"{TEMPLATES}/{name}": stored for name, stored in templates.items()}
    return {
        name: stored
        for name, stored in objects.items()
        if all(_NAME.fullmatch(word) for word in name.split("/"))
    }


def _fetch(file: Path, stored: StoredObject) -> None:
    """Write what is needed of an object to the file that stands for it."""
    name = file.name if file.parent.name != TEMPLATES else f"{TEMPLATES}/{file.name}"
    file.parent.mkdir(exist_ok=True)
    if name == ADAPTER:
        _fetch_whole(file, stored)
    elif name.endswith(_WEIGHTS):
        note_object(file, stored)
        file.write_bytes(_header(stored))
    elif is_side_file(name) or name.endswith(".json"):
        if stored.size > LIMIT:
            raise LexgraftError(f"larger than {LIMIT:,} bytes", where=str(stored.url))
        file.write_bytes(read_range(stored, 0, stored.size))
    else:
        file.touch()


def _header(stored: StoredObject) -> bytes:
    """Return the beginning of a file of weights, as far as its header goes."""
    data = read_range(stored, 0, min(HEAD, stored.size))
    end = 8 + int.from_bytes(data[:8], "little")
    if end > min(stored.size, HEADER_LIMIT + 8):
        return data[:8]  # whoever reads the header says what is wrong with it
    return data[:end] + read_range(stored, len(data), end)


def _fetch_whole(file: Path, stored: StoredObject) -> None:
    if stored.size > _ADAPTER_LIMIT:
        raise LexgraftError(
            f"an adapter of {stored.size:,} bytes; at most {_ADAPTER_LIMIT:,} are fetched",
            where=str(stored.url),
            cure="copy it to a folder and name that",
        )
    check_space(file.parent, {"adapter": stored.size})
    note_object(file, replace(stored, fetched=True))
    with file.open("wb") as handle:
        for start in range(0, stored.size, _BLOCK):
            handle.write(read_range(stored, start, min(start + _BLOCK, stored.size)))


def _new_place(url: StoreUrl) -> Path:
    """Return a path for a new folder that ends as the URL does, for labels."""
    return _working_folder() / f"{next(_numbers)}" / (re.sub(r"[^\w.\-]", "_", url.name) or "model")


@lru_cache(maxsize=1)
def _working_folder() -> Path:
    folder = TemporaryDirectory(prefix="lexgraft-")
    atexit.register(folder.cleanup)
    return real_path(Path(folder.name))
