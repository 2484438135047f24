"""Whose is this? What may be written, replaced or removed: only what carries our own mark."""

import json
import os
import stat
import unicodedata
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from shutil import rmtree

from lexgraft.errors import LexgraftError
from lexgraft.files.store_places import url_of
from lexgraft.files.store_url import refuse_mangled
from lexgraft.records import is_written_here

MARKER = ".lexgraft.json"
"""Lies in a folder that we made to work in; a reader of such a folder passes over it."""
_LARGEST = 1 << 16  # bytes of a marker that is read
_LONGEST = 240  # bytes of a name, so that the record beside it has one of at most 255
_AWAY = "move it away, or choose another output: nothing that is not ours is removed"


# --- folders that are worked in: the mark lies inside ------------------------------------------


def claim(folder: Path, purpose: str, output: Path) -> Path:
    """Return the folder, made if need be and marked as ours for this purpose and output.

    Raises:
        LexgraftError: it holds what is not ours, or is a link or a file.
    """
    refuse_foreign(folder, purpose, output)
    if not is_ours(folder, purpose, output):
        _make(folder)
        _write_marker(folder / MARKER, _text(folder, purpose, output))
    return folder


def refuse_foreign(folder: Path, purpose: str, output: Path) -> None:
    """Raise when `claim` would: for a check before long work, which makes nothing."""
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or not folder.is_dir():
        raise LexgraftError(f"this name is wanted for {purpose}", where=str(folder), cure=_AWAY)
    if is_ours(folder, purpose, output):
        return
    for path in sorted(folder.iterdir()):
        if path.name != MARKER or not _is_torn(path, _text(folder, purpose, output)):
            raise LexgraftError(
                f"the folder is wanted for {purpose} and holds {path.name!a}, which is not ours",
                where=str(folder),
                cure=_AWAY,
            )


def is_ours(folder: Path, purpose: str, output: Path) -> bool:
    """Return whether a folder was made by `claim` for this purpose and this output."""
    marked = not folder.is_symlink() and folder.is_dir()
    return marked and _read_marker(folder / MARKER) == _text(folder, purpose, output)


def release(folder: Path) -> None:
    """Take the mark off a folder that is finished: it is the user's from now on."""
    if not folder.is_symlink():
        (folder / MARKER).unlink(missing_ok=True)


def remove(folder: Path, purpose: str, output: Path, inputs: Iterable[Path] = ()) -> None:
    """Remove a folder of ours; links in it are removed, not followed.

    The mark goes last: after a kill in the middle the rest is still ours.

    Raises:
        LexgraftError: it is not ours, or an input lies in it.
    """
    if not is_ours(folder, purpose, output):
        raise LexgraftError("not removed: it is not ours", where=str(folder), cure=_AWAY)
    _remove(folder, inputs)


# --- folders that are handed over: the mark lies beside -----------------------------------------


def note(folder: Path, purpose: str, content: str) -> None:
    """Put on record, beside a folder, that we write it, and with what content."""
    text = _text(folder, purpose, folder, content)
    mark = _beside(folder)
    if _read_marker(mark) != text:
        if os.path.lexists(mark) and (mark.is_symlink() or not _is_marker(mark)):
            raise LexgraftError("this name is wanted for a record", where=str(mark), cure=_AWAY)
        mark.unlink(missing_ok=True)
        _make(mark.parent)
        _write_marker(mark, text)


def is_noted(folder: Path, purpose: str, content: str) -> bool:
    """Return whether a folder is on record as written by us with this content."""
    real = not folder.is_symlink() and folder.is_dir()
    return real and _read_marker(_beside(folder)) == _text(folder, purpose, folder, content)


def remove_noted(folder: Path, purpose: str, content: str, inputs: Iterable[Path] = ()) -> None:
    """Remove a folder that is on record with this content.

    Raises:
        LexgraftError: it is not, or an input lies in it.
    """
    if not is_noted(folder, purpose, content):
        raise LexgraftError(
            "not removed: this run has not written it", where=str(folder), cure=_AWAY
        )
    _remove(folder, inputs)
    _beside(folder).unlink(missing_ok=True)


# --- files: what is replaced is what we wrote before ---------------------------------------------


@contextmanager
def writing(purpose: str, files: Sequence[Path], inputs: Iterable[Path]) -> Generator[None]:
    """Check files before any work on them, and put on record afterwards what was written.

    The first of them is the output, the others lie beside it. What was written before a failure
    is on record, too, and where there is no room for that it is taken back: the same command may
    be given again.

    Raises:
        LexgraftError: one is an input, a link, no plain file, or holds what this verb has not
            written.
    """
    check_outputs(files, inputs)
    mark = _beside(files[0])
    if os.path.lexists(mark) and (mark.is_symlink() or not _is_marker(mark)):
        raise LexgraftError("this name is wanted for a record", where=str(mark), cure=_AWAY)
    for file in files:
        if file.exists() and file.stat().st_size and not _is_as_written(file, mark, purpose):
            raise LexgraftError(
                "exists already, and is not as this verb has written it",
                where=str(file),
                cure="move it away, or choose another name: nothing is overwritten",
            )
    finished = False
    try:
        yield
        finished = True
    finally:
        ours = [file for file in files if finished or _is_ours_now(file, mark, purpose)]
        if ours:
            _record(purpose, ours, mark)


def _is_ours_now(file: Path, mark: Path, purpose: str) -> bool:
    """Return whether a file was written by this process, or earlier and is as it was then."""
    return file.is_file() and (is_written_here(file) or _is_as_written(file, mark, purpose))


def _record(purpose: str, files: Sequence[Path], mark: Path) -> None:
    """Put on record what files hold; where that fails, take back what was written just now."""
    output = mark.with_name(mark.name.removeprefix(".").removesuffix(MARKER))
    try:
        text = _text(output, purpose, output, _digests(files))
        mark.unlink(missing_ok=True)
        _write_marker(mark, text)
    except OSError:
        for file in filter(is_written_here, files):
            file.unlink(missing_ok=True)
        raise


def _is_as_written(file: Path, mark: Path, purpose: str) -> bool:
    """Return whether a file still is what the record beside it says that we wrote for this."""
    fields = _fields(_read_marker(mark))
    written = f"{file.name}={_digest(file)}" in fields.get("content", "").split("\n")
    return written and fields.get("purpose") == purpose


def _digests(files: Sequence[Path]) -> str:
    return "\n".join(f"{file.name}={_digest(file)}" for file in files)


def _digest(file: Path) -> str:
    total = sha256()
    with file.open("rb") as handle:
        while block := handle.read(1 << 20):
            total.update(block)
    return total.hexdigest()


# --- outputs against inputs ---------------------------------------------------------------------


def check_outputs(
    outputs: Iterable[Path], inputs: Iterable[Path], *, folders: bool = False
) -> None:
    """Raise for an output that is an input, lies in one or holds one, whatever links lead there.

    Names that differ only by case count as one, for where they are one a file would be lost.

    Raises:
        LexgraftError: such an output; a link; a device; a URL; a file for a folder, or the reverse.
    """
    input_paths = tuple(inputs)
    for output in outputs:
        refuse_mangled(output)
        _refuse_kind(output, folders=folders)
        for path in input_paths:
            if clash(output, path):
                raise LexgraftError(
                    f"the output and the input {path} are one, or one lies in the other",
                    where=str(output),
                    cure="choose another output: inputs are never overwritten",
                )


def clash(output: Path, path: Path) -> bool:
    """Return whether two paths lead to one place, or one lies in the other."""
    urls = url_of(output), url_of(path)
    if urls[0] is not None and urls[1] is not None:
        return urls[0].overlaps(urls[1])
    first, second = real_path(output), real_path(path)
    return _is_within(first, second) or _is_within(second, first) or _is_same(first, second)


def _refuse_kind(output: Path, *, folders: bool) -> None:
    """Raise for what can be no output of this kind, whatever the inputs are."""
    kind = "a folder" if folders else "a file"
    if "\0" in str(output) or output.name in ("", ".."):
        raise LexgraftError(
            f"this names no new {kind[2:]}", where=str(output), cure="give it a name of its own"
        )
    if len(os.fsencode(output.name)) > _LONGEST:
        raise LexgraftError(
            "the name is too long: none would be left for what lies beside it",
            where=str(output),
            cure=f"take one of at most {_LONGEST} bytes",
        )
    try:
        _refuse_there(output, kind, folders=folders)
    except OSError as error:
        raise LexgraftError(
            f"cannot be written: {error.strerror}", where=str(output), cure="choose another name"
        ) from error


def _refuse_there(output: Path, kind: str, *, folders: bool) -> None:
    """Raise when something of another kind has the name, or stands in the way to it."""
    if output.is_symlink():
        raise LexgraftError(
            "a link: what it leads to would be written",
            where=str(output),
            cure="name the place itself",
        )
    if os.path.lexists(output):
        mode = output.stat().st_mode
        if not (stat.S_ISDIR(mode) if folders else stat.S_ISREG(mode)):
            raise LexgraftError(f"{kind} is wanted here", where=str(output), cure="choose another")
    for parent in output.parents:
        if os.path.lexists(parent):
            if not parent.is_dir():
                raise LexgraftError(
                    f"{parent} is no folder", where=str(output), cure="choose another"
                )
            break


def real_path(path: Path) -> Path:
    """Return where a path leads, links followed; a circle of links leads to itself."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def _is_within(inner: Path, outer: Path) -> bool:
    """Return whether one path is another or lies below it, by its names or by what is there."""
    depth = len(outer.parts)
    if len(inner.parts) < depth:
        return False
    above = Path(*inner.parts[:depth])
    if _folded(above) != _folded(outer):
        return any(_is_same(folder, outer) for folder in (inner, *inner.parents))
    different = above.exists() and outer.exists() and not _is_same(above, outer)
    return not (
        different and above != inner
    )  # two folders that differ by case hold different things


def _folded(path: Path) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())


def _is_same(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except (OSError, ValueError):
        return False


# --- the mark -----------------------------------------------------------------------------------


def _text(folder: Path, purpose: str, output: Path, content: str = "") -> bytes:
    """Return a marker's text; the output is named as seen from the folder, for trees that move."""
    relative = os.path.relpath(real_path(output.parent) / output.name, real_path(folder.parent))
    fields = {"by": "lexgraft", "purpose": purpose, "folder": folder.name, "output": relative}
    return json.dumps(fields | ({"content": content} if content else {})).encode() + b"\n"


def _beside(path: Path) -> Path:
    """Return where the record of a file or folder lies that is itself left as it is."""
    return path.with_name(f".{path.name}{MARKER}")


def _read_marker(path: Path) -> bytes:
    """Return a marker's bytes; none for a link, and for what is no file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(handle, _LARGEST) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
    finally:
        os.close(handle)


def _fields(text: bytes) -> dict[str, str]:
    try:
        fields = json.loads(text)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _is_marker(path: Path) -> bool:
    """Return whether a file is a marker of ours, or the beginning of one that a kill cut off."""
    if not path.is_file():
        return False
    text = _read_marker(path)
    start = b'{"by": "lexgraft", '
    return text.startswith(start) or start.startswith(text.rstrip(b"\0"))


def _is_torn(path: Path, text: bytes) -> bool:
    """Return whether a file is the beginning of a marker: a kill came while it was written."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > len(text):
        return False
    return text.startswith(_read_marker(path).rstrip(b"\0"))


def _write_marker(path: Path, text: bytes) -> None:
    """Write a marker where none is, or a torn one; a link is never followed."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(path, flags, 0o644)
    try:
        os.write(handle, text)
        os.fsync(handle)
    finally:
        os.close(handle)
    make_durable(path.parent)


def _make(folder: Path) -> None:
    """Make a folder and those above it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LexgraftError(
            f"cannot be made: {error.strerror}", where=str(folder), cure="choose another output"
        ) from error


def _remove(folder: Path, inputs: Iterable[Path]) -> None:
    """Remove a folder, its marker last."""
    for path in inputs:
        if clash(folder, path):
            raise LexgraftError(
                f"not removed: the input {path} lies there", where=str(folder), cure=_AWAY
            )
    for path in sorted(folder.iterdir()):
        if path.name == MARKER:
            continue
        if path.is_dir() and not path.is_symlink():
            rmtree(path)
        else:
            path.unlink()
    make_durable(folder)
    (folder / MARKER).unlink(missing_ok=True)
    folder.rmdir()


def make_durable(folder: Path) -> None:
    """Make names in a folder durable, where the file system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
