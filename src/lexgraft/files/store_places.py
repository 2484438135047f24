"""Which files and folders of this process stand in for places in a store."""

from pathlib import Path

from lexgraft.errors import call_place
from lexgraft.files.store_url import StoredObject, StoreUrl

_folders: dict[Path, StoreUrl] = {}
_objects: dict[Path, StoredObject] = {}


def note_folder(folder: Path, url: StoreUrl) -> None:
    """Let a folder stand for a place: messages name that, and outputs are held against it."""
    _folders[folder] = url
    call_place(folder, str(url))


def note_object(file: Path, stored: StoredObject) -> None:
    """Let a file stand for an object: weights, of which only the header lies in the file."""
    _objects[file] = stored


def url_of(folder: Path) -> StoreUrl | None:
    """Return the place that a folder stands for; None for one of this machine."""
    return _folders.get(folder)


def object_of(file: Path) -> StoredObject | None:
    """Return the object that a file stands for; None for one of this machine."""
    return _objects.get(file) if _objects else None
