"""The door to object stores (fsspec, s3fs): listings, ranges of objects as they were, errors."""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from lexgraft.errors import LexgraftError
from lexgraft.files.direct_reads import direct_reads
from lexgraft.files.hub import is_offline
from lexgraft.files.store_errors import explained, refusal_code, replaced
from lexgraft.files.store_url import SCHEMES, StoredObject, StoreUrl

T = TypeVar("T")

_TRIES = 3  # of a range whose transfer breaks off, after the client's own tries of each request
_MOST_LISTED = 20_000  # objects of one folder
_TAGS = ("ETag", "etag", "sha256", "blob_id", "oid", "md5Hash", "generation")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "created")
_PIECE = 256 << 10  # bytes
_READ_SECONDS = 60.0  # without a byte; also for completing an upload of many parts
_CONFIG = {
    "connect_timeout": 10,  # seconds
    "read_timeout": _READ_SECONDS,
    "retries": {"max_attempts": 4, "mode": "standard"},
    "max_pool_connections": 32,
    "signature_version": "s3v4",  # of signed addresses, too
}


def list_folder(url: StoreUrl) -> dict[str, StoredObject]:
    """Return the objects of a folder by name, those of folders in it left out, sorted.

    Raises:
        LexgraftError: no bucket, no permission, no credentials, no answer, far too many objects.
    """
    entries = _entries(url)
    objects: dict[str, StoredObject] = {}
    for entry in entries:
        name = str(entry["name"]).rpartition("/")[2]
        if entry.get("type") == "file" and name:
            objects[name] = _stored(url.at(name), entry)
    return dict(sorted(objects.items()))


def names_in(url: StoreUrl) -> list[str]:
    """Return the names of all objects and folders in a folder, sorted.

    The empty object that consoles make for a folder is the folder itself.

    Raises:
        LexgraftError: as `list_folder` does.
    """
    paths = (str(entry["name"]).rstrip("/") for entry in _entries(url))
    return sorted(path.rpartition("/")[2] for path in paths if path != url.path)


def state_of(url: StoreUrl) -> StoredObject | None:
    """Return an object as it is now; None where there is none.

    Raises:
        LexgraftError: no permission, no credentials, no answer.
    """
    system = file_system(url.scheme)

    def state() -> StoredObject | None:
        system.invalidate_cache()
        try:
            return _stored(url, system.info(url.path))
        except FileNotFoundError as error:
            if refusal_code(error) == "NoSuchBucket":
                raise
            return None

    return _asked(state, url)


def read_range(stored: StoredObject, start: int, stop: int) -> bytes:
    """Return bytes [start, stop) of an object; see `read_into`."""
    data = bytearray(max(0, stop - start))
    read_into(stored, start, memoryview(data))
    return bytes(data)


def read_into(stored: StoredObject, start: int, view: memoryview) -> None:
    """Fill memory with an object's bytes from `start` on; it must still be what was listed.

    Stores of S3's protocol are asked for just this object (If-Match), and answers are looked at.
    A transfer that breaks off is tried again, a few times.

    Raises:
        LexgraftError: replaced or cut since, no permission, or no answer in the end.
    """
    if not view:
        return
    for tries_left in reversed(range(_TRIES)):
        count = _asked(lambda: _pour(stored, start, view), stored.url, again=tries_left > 0)
        if count == len(view):
            return
        time.sleep(0.2 * (_TRIES - tries_left))
    raise LexgraftError(
        f"the store ends before byte {start + len(view):,} of {stored.size:,}",
        where=str(stored.url),
        cure="the object is cut, or the line broke off each time: check it and run again",
    )


def call_s3(url: StoreUrl, method: str, **arguments: Any) -> dict[str, Any]:
    """Return what a store of S3's protocol answers to one of its methods on an object.

    Raises:
        LexgraftError: it refused, in words.
        FileNotFoundError: no such object or upload.
        FileExistsError: it was only to be made where there was none.
    """
    bucket, _, key = url.path.partition("/")
    if "Prefix" not in arguments:
        arguments["Key"] = key
    system = file_system(url.scheme)
    try:
        return system.call_s3(method, Bucket=bucket, **arguments)
    except (FileNotFoundError, FileExistsError) as error:
        if refusal_code(error) == "NoSuchBucket":
            raise explained(error, url) from error
        raise
    except Exception as error:
        raise explained(error, url) from error


@lru_cache(maxsize=8)
def file_system(scheme: str) -> Any:
    """Return fsspec's file system for a scheme, one of our own with bounded waiting.

    Raises:
        LexgraftError: what it needs is not installed, or HF_HUB_OFFLINE forbids it.
    """
    import fsspec
    from fsspec.config import conf

    settings: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
    if scheme == "s3":
        settings["config_kwargs"] = _CONFIG | conf.get("s3", {}).get("config_kwargs", {})
    try:
        system = fsspec.filesystem(scheme, **settings)
    except ImportError as error:
        raise LexgraftError(
            f"{scheme}:// needs a package that is not installed",
            where=f"{scheme}://",
            cure=f"pip install '{SCHEMES[scheme]}'",
        ) from error
    system.retries = 2  # of each request, over those of the client below
    return system


def _asked(ask: Callable[[], T], url: StoreUrl, *, again: bool = False) -> T | None:
    """Return an answer; None where the line broke off and it may be asked for again.

    Raises:
        LexgraftError: why there is none.
    """
    if url.scheme == "hf" and is_offline():
        raise LexgraftError("HF_HUB_OFFLINE forbids to read it", where=str(url), cure="unset it")
    try:
        return ask()
    except LexgraftError:
        raise
    except Exception as error:
        if again and refusal_code(error) is None and not isinstance(error, FileNotFoundError):
            return None
        raise explained(error, url) from error


def _entries(url: StoreUrl) -> list[dict[str, Any]]:
    entries = _asked(lambda: _listed(url), url) or []
    if len(entries) > _MOST_LISTED:
        raise LexgraftError(
            f"{len(entries):,} objects, more than any model has",
            where=str(url),
            cure="name the folder of one model",
        )
    return entries


def _listed(url: StoreUrl) -> list[dict[str, Any]]:
    system = file_system(url.scheme)
    system.invalidate_cache()
    try:
        return system.ls(url.path, detail=True)
    except FileNotFoundError as error:
        if refusal_code(error) == "NoSuchBucket":
            raise
        return []


def _stored(url: StoreUrl, entry: dict[str, Any]) -> StoredObject:
    of_large_files = entry.get("lfs") or {}
    named = {**entry, **(of_large_files if isinstance(of_large_files, dict) else {})}
    tag = next((str(named[key]) for key in (*_TAGS, *_TIMES) if named.get(key)), "")
    return StoredObject(url, int(entry["size"] or 0), tag)


def _pour(stored: StoredObject, start: int, view: memoryview) -> int:
    """Put bytes of an object into memory; return how many came."""
    system = file_system(stored.url.scheme)
    if stored.url.scheme != "s3":
        data: bytes = system.cat_file(stored.url.path, start=start, end=start + len(view))
        view[: len(data)] = data
        return len(data)
    if direct_reads(system).fill(stored, start, view):
        return len(view)
    from fsspec.asyn import sync

    bucket, _, key = stored.url.path.partition("/")
    span = f"bytes={start}-{start + len(view) - 1}"
    answer = system.call_s3("get_object", Bucket=bucket, Key=key, Range=span, IfMatch=stored.tag)
    if answer.get("ETag", stored.tag) != stored.tag:
        raise replaced(stored.url)
    count: Any = sync(system.loop, _pour_body, answer["Body"], view)
    return count


async def _pour_body(body: Any, view: memoryview) -> int:
    """Put an answer into memory piece by piece, so that it is never in memory twice."""
    import asyncio  # not at the top: `--help` needs none of it

    done, now = 0, asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(_READ_SECONDS) as silence:
            async for piece in body.iter_chunks(_PIECE):
                end = done + len(piece)
                if end > len(view):
                    return end
                view[done:end] = piece
                done = end
                silence.reschedule(now() + _READ_SECONDS)
    finally:
        body.close()
    return done
