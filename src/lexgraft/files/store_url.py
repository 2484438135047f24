"""Places in an object store as a user writes them: `s3://bucket/folder`, without any secret."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from lexgraft.errors import LexgraftError, nearest

SCHEMES = {"s3": "lexgraft[s3]", "gs": "gcsfs", "hf": "lexgraft[hf]"}
"""What is read through fsspec, with what pip installs for it."""

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://")
_MANGLED = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:/(?!/)")  # what a path makes of a URL
_KEYS = re.compile(r"[^/@]*:(?!\d{1,5}/)[^@]*@")  # a key and its secret, which may hold a slash
_PLAIN = re.compile(r"[^\x00-\x1f\x7f?#\\]{1,1024}")


@dataclass(frozen=True)
class StoreUrl:
    """A folder or an object of a store: no user, no password, no query."""

    scheme: str
    path: str  # bucket/key, without a slash at either end

    def __str__(self) -> str:
        return f"{self.scheme}://{self.path}"

    @property
    def name(self) -> str:
        """The last part of the path, without a revision."""
        return self.path.rpartition("/")[2].partition("@")[0]

    def at(self, name: str) -> "StoreUrl":
        """Return the object of this name in the folder."""
        return StoreUrl(self.scheme, f"{self.path}/{name}")

    def overlaps(self, url: "StoreUrl") -> bool:
        """Return whether two folders are one, or one lies in the other."""
        first, second = f"{self}/", f"{url}/"
        return first.startswith(second) or second.startswith(first)


@dataclass(frozen=True)
class StoredObject:
    """An object as it was when it was listed: bytes, and what changes with its content."""

    url: StoreUrl
    size: int  # bytes
    tag: str  # ETag, or what the store has in its place
    fetched: bool = False  # its bytes lie in a file here


def is_url(text: str) -> bool:
    """Return whether text is a URL rather than a path or a Hub id.

    Example:
        >>> [is_url(text) for text in ("s3://bucket/model", "org/name", "/models/base")]
        [True, False, False]
    """
    return _URL.match(text) is not None


def parse_url(text: str) -> StoreUrl:
    """Return the place that a URL names.

    Raises:
        LexgraftError: another scheme, no bucket, a user or a query in it; what might be a secret
            is not repeated.
    """
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    if scheme not in SCHEMES:
        raise LexgraftError(
            f"scheme `{scheme}` is not read",
            where=without_secrets(text),
            cure=nearest(scheme, [*SCHEMES, "file"]),
        )
    if without_secrets(text) != text:
        raise LexgraftError(
            "a user, a password or a query in a URL",
            where=without_secrets(text),
            cure="leave it out: credentials are taken from the environment, never from a URL",
        )
    path = rest.strip("/")
    names = path.split("/")
    if not _PLAIN.fullmatch(path) or {"", ".", ".."} & {*names}:
        raise LexgraftError(
            "not the place of a folder in a store",
            where=f"{text!a:.200}",
            cure="write it as s3://bucket/folder",
        )
    if len(names) < len(("organisation or bucket", "folder")):
        raise LexgraftError(
            "a whole bucket is not a model's folder",
            where=text,
            cure="name a folder in it: org/name for hf, bucket/folder for others",
        )
    return StoreUrl(scheme, path)


def without_secrets(text: str) -> str:
    """Return a URL without user, password, query and fragment.

    Example:
        >>> without_secrets("s3://key:secret@bucket/model?token=1")
        's3://bucket/model'
    """
    scheme, sign, rest = text.partition("://")
    rest = _KEYS.sub("", rest, count=1) if _KEYS.match(rest) else rest
    host, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    return f"{scheme}{sign}{host.rpartition('@')[2]}{slash}{path}"


def local_folder(text: str) -> Path | None:
    """Return the path that a `file://` URL names; None for what is another place.

    Raises:
        LexgraftError: it names another machine, or no whole path.
    """
    if not text.lower().startswith("file://"):
        return None
    path = unquote(text[len("file://") :])
    if not path.startswith("/"):
        raise LexgraftError(
            "a file URL names a whole path on this machine",
            where=text,
            cure="write file:///path/to/folder, or the path alone",
        )
    return Path(path)


def refuse_mangled(path: Path) -> None:
    """Raise for a URL that was made a path, which has lost one of its slashes.

    Raises:
        LexgraftError: it was.
    """
    if _MANGLED.match(str(path)):
        raise LexgraftError(
            "a URL as a path",
            where=str(path),
            cure="write it with two slashes, from Python as text (str, not pathlib.Path); only "
            "`merge` writes to a store",
        )
