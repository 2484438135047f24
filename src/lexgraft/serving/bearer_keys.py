"""Bearer keys: random, shown once, stored as SHA-256, compared in constant time."""

import fcntl
import hmac
import os
import re
import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from lexgraft.errors import LexgraftError, nearest
from lexgraft.files.ownership import check_outputs
from lexgraft.records import read_lines, write_lines

_BYTES = 32
_HASH = re.compile(r"[0-9a-f]{64}")
_NAME = 100  # characters
PER_MINUTE = 1_000_000  # requests that a key may be allowed at most


class BearerKey(Struct, frozen=True, forbid_unknown_fields=True):
    """A key's name and hash, the last day on which it opens, and how often a minute."""

    name: str
    sha256: str
    expires: str = ""  # ISO 8601; empty: always
    per_minute: Annotated[int, Meta(ge=0, le=PER_MINUTE)] = (
        0  # requests; 0: what the gateway allows each key
    )


def add_key(path: Path, name: str, days: int | None = None, per_minute: int = 0) -> str:
    """Make a random key, add its hash to a file and return it; it cannot be read again.

    Raises:
        LexgraftError: the name is there already, or no name; a limit out of range.
    """
    secret = secrets.token_urlsafe(_BYTES)
    last = "" if days is None else (_today() + timedelta(days=days)).isoformat()
    added = BearerKey(name, _hash(secret), last, per_minute)
    if fault := _fault(added):
        raise LexgraftError(f"no key can be made: {fault}", where=ascii(name)[:_NAME])
    with _locked(path):
        keys = read_lines(path, BearerKey) if path.exists() else []
        if any(key.name == name for key in keys):
            raise LexgraftError(
                f"there is a key `{name}` already", where=str(path), cure="take another"
            )
        write_lines(path, [*keys, added])
        path.chmod(0o600)
    return secret


def drop_key(path: Path, name: str) -> None:
    """Remove a key from a file.

    Raises:
        LexgraftError: there is no key of this name.
    """
    with _locked(path):
        keys = read_lines(path, BearerKey)
        if not any(key.name == name for key in keys):
            names = [key.name for key in keys]
            raise LexgraftError(
                f"there is no key `{name}`", where=str(path), cure=nearest(name, names)
            )
        write_lines(path, [key for key in keys if key.name != name])
        path.chmod(0o600)


@contextmanager
def _locked(path: Path) -> Generator[None]:
    """Lock a file of keys for this process; the empty lock file stays beside it.

    The file itself is replaced by every writer, so a lock on it would be one on what is gone.

    Raises:
        LexgraftError: the file is no plain file, or its lock cannot be made.
    """
    check_outputs([path], ())
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path.with_name(f".{path.name}.lock"), flags, 0o600)
    except OSError as error:
        raise LexgraftError(f"cannot be written: {error.strerror}", where=str(path)) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def read_keys(path: Path) -> tuple[BearerKey, ...]:
    """Return the keys of a file.

    Raises:
        LexgraftError: the file is missing, empty, or holds a line that is not a key.
    """
    keys = tuple(read_lines(path, BearerKey))
    if not keys:
        raise LexgraftError(
            "no key in this file", where=str(path), cure=f"lexgraft key {path} NAME"
        )
    for key in keys:
        if fault := _fault(key):
            raise LexgraftError(
                f"the key `{key.name}` is damaged: {fault}", where=str(path), cure="make it anew"
            )
    for once in ({key.name for key in keys}, {key.sha256 for key in keys}):
        if len(once) < len(keys):
            raise LexgraftError(
                "two keys have one name, or one hash", where=str(path), cure="drop one of them"
            )
    return keys


def _fault(key: BearerKey) -> str:
    """Return what makes a key unusable; empty if nothing does."""
    if not 0 < len(key.name) <= _NAME or not key.name.isprintable():
        return f"a name has 1 to {_NAME} printable signs"
    if not _HASH.fullmatch(key.sha256):
        return "its hash is not 64 hexadecimal digits"
    if not _is_day(key.expires):
        return f"`{key.expires[:20]}` is not a day such as 2026-12-31"
    return "" if 0 <= key.per_minute <= PER_MINUTE else f"at most {PER_MINUTE:,} requests a minute"


def matching_key(keys: Sequence[BearerKey], header: str) -> BearerKey | None:
    """Return the key that an Authorization header holds; None without a valid one.

    Every key is compared whatever came, so that the time taken says nothing.
    """
    scheme, _, secret = header.partition(" ")
    hashed, today, match = _hash(secret.strip()), _today().isoformat(), None
    for key in keys:
        same = hmac.compare_digest(hashed, key.sha256)
        valid = not key.expires or today <= key.expires
        if same and valid and scheme.lower() == "bearer":
            match = key
    return match


def _hash(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _today() -> date:
    return datetime.now().astimezone().date()  # the day where the gateway runs


def _is_day(text: str) -> bool:
    try:
        return not text or date.fromisoformat(text).isoformat() == text  # compared as text
    except ValueError:
        return False
