"""A model's folder from what a user wrote: a path, or a Hub id looked up in the local cache."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import ADAPTER, CONFIG, INDEX, SIDE_PATTERNS, SINGLE
from lexgraft.files.ownership import real_path
from lexgraft.files.safe_json import read_json
from lexgraft.files.store_url import is_url, without_secrets

_REVISION = re.compile(r"[A-Za-z0-9][\w.\-/]{0,200}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FIRST = (INDEX, CONFIG, *SIDE_PATTERNS)  # small, and the index says which shards there are
_SHARD = re.compile(r"[\w\-][\w.\-]{0,240}\.safetensors")
_TRUE = frozenset({"1", "ON", "YES", "TRUE"})


def find_model(text: str, revision: str | None, near: Path, *, download: bool = False) -> Path:
    """Return the folder of a model: beside the file that names it, here, or in the Hub's cache.

    Nothing is downloaded unless asked for; HF_HUB_OFFLINE forbids it. Who can read a model where
    it lies in a store opens URLs before: here they are refused.

    Raises:
        LexgraftError: no such folder, and no such model in the cache.
    """
    if is_url(text):
        raise LexgraftError(
            "a URL where a folder on this machine is wanted",
            where=without_secrets(text),
            cure="recipes, projects, `verify` and `extract` read URLs; bring it here with a recipe "
            "of one model (`merge_method: passthrough`), `lexgraft merge recipe.yaml folder/`",
        )
    for folder in (near / text, Path(text)):
        if folder.is_dir() and revision is None:
            return real_path(folder)
    if not HUB_ID.fullmatch(text) or ".." in text:
        raise LexgraftError(
            "no such folder",
            where=text,
            cure=f"give a path, seen from {near} or from here, or a Hub id such as org/name",
        )
    revision_name = "main" if revision is None else revision
    if not _REVISION.fullmatch(revision_name) or ".." in revision_name:
        raise LexgraftError(f"{revision_name!a:.80} is not a revision", where=text)
    cached = _cached(text, revision_name)
    if download and not (cached and _COMMIT.fullmatch(revision_name) and _is_whole(cached)):
        return _downloaded(text, revision_name)
    if cached is None:
        return _downloaded(text, revision_name) if download else _refused(text, revision_name)
    return cached


def named_model(text: str, near: Path, *, download: bool = False) -> Path:
    """Return the folder of a model written as a path, `org/name` or `org/name@revision`.

    Raises:
        LexgraftError: neither a folder nor in the Hub's cache.
    """
    if (near / text).is_dir():
        return real_path(near / text)
    name, _, revision = (text, "", "") if is_url(text) else text.partition("@")
    return find_model(name, revision or None, near, download=download)


def cache_folder() -> Path:
    """Return where the Hub's libraries keep what they have downloaded.

    Raises:
        LexgraftError: a variable of the environment names the home of nobody.
    """
    environment = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    home = os.environ.get("HF_HOME") or "~/.cache/huggingface"
    try:
        return Path(environment).expanduser() if environment else Path(home).expanduser() / "hub"
    except RuntimeError as error:
        raise LexgraftError(
            f"no such home: {error}",
            where=environment or home,
            cure="write HF_HUB_CACHE or HF_HOME without ~",
        ) from error


def is_offline() -> bool:
    """Return whether HF_HUB_OFFLINE forbids to reach the Hub."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in _TRUE


def commit_of(text: str, revision: str | None) -> str:
    """Return the commit that a revision of a model on the Hub stands for now.

    Raises:
        LexgraftError: no such model or revision, no answer, or HF_HUB_OFFLINE forbids to ask.
    """
    client = _client(text, "to read it")
    try:
        commit = client.HfApi().model_info(text, revision=revision).sha
    except Exception as error:  # also those of the client's own ways to the network
        raise _no_answer("the Hub does not give it", error, text) from error
    return commit or revision or "main"


def _cached(text: str, revision: str) -> Path | None:
    """Return the snapshot of a revision in the local cache."""
    repository = cache_folder() / f"models--{text.replace('/', '--')}"
    reference = repository / "refs" / revision
    commit = reference.read_text("ascii", "replace").strip() if reference.is_file() else revision
    folder = repository / "snapshots" / commit
    return folder if _COMMIT.fullmatch(commit) and folder.is_dir() else None


def _downloaded(text: str, revision: str) -> Path:
    """Return the snapshot of a revision after fetching what of it is missing."""
    client = _client(text, "the download")
    endpoint = os.environ.get("HF_ENDPOINT")

    def fetched(patterns: Iterable[str]) -> Path:
        return Path(
            client.snapshot_download(
                text, revision=revision, allow_patterns=list(patterns), endpoint=endpoint
            )
        )

    try:
        return fetched(_weights(fetched(_FIRST)))
    except LexgraftError:
        raise
    except Exception as error:
        raise _no_answer("cannot be downloaded", error, f"{text}@{revision}") from error


def _client(text: str, wanted: str) -> ModuleType:
    """Return the Hub's client library, where it may reach the network."""
    if is_offline():
        raise LexgraftError(f"HF_HUB_OFFLINE forbids {wanted}", where=text, cure="unset it")
    try:
        import huggingface_hub
    except ImportError as error:
        raise LexgraftError(
            "huggingface_hub is not installed", where=text, cure="pip install 'lexgraft[hf]'"
        ) from error
    return huggingface_hub


def _no_answer(what: str, error: Exception, where: str) -> LexgraftError:
    """Return the error for whatever the Hub's client raised."""
    said = (str(error).splitlines() or [type(error).__name__])[0]
    return LexgraftError(
        f"{what}: {said:.300}",
        where=where,
        cure="check the name, the network and whether the model needs a licence accepted",
    )


def _weights(folder: Path) -> tuple[str, ...]:
    """Return the files of weights of a snapshot: those of its index, whatever they are called.

    Raises:
        LexgraftError: an index that is none, or one that names files elsewhere.
    """
    if not (folder / INDEX).exists():
        return (SINGLE, ADAPTER, "*-of-*.safetensors")
    index = read_json(folder / INDEX).get("weight_map")
    names = sorted({str(name) for name in index.values()}) if isinstance(index, dict) else []
    wrong = [name for name in names if not _SHARD.fullmatch(name)]
    if wrong or not names:
        raise LexgraftError(
            f"shard {wrong[0][:80]!a} is not a plain name" if wrong else "no weight_map",
            where=str(folder / INDEX),
        )
    return (*names, ADAPTER)


def _is_whole(folder: Path) -> bool:
    """Return whether a snapshot has all files of weights that it speaks of."""
    if (folder / INDEX).exists():
        return all((folder / name).exists() for name in _weights(folder)[:-1])
    return (folder / SINGLE).exists() or (folder / ADAPTER).exists()


def _refused(text: str, revision: str) -> Path:
    raise LexgraftError(
        f"neither a folder nor in the cache at {cache_folder()}",
        where=f"{text}@{revision}",
        cure="fetch it with --download, or give a path; nothing is downloaded unless asked",
    )


HUB_ID = re.compile(r"[A-Za-z0-9][\w.\-]{0,95}/[A-Za-z0-9][\w.\-]{0,95}")
