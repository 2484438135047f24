"""Writing to a store of S3's protocol: objects that appear whole, once, or not at all."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Semaphore
from typing import Any

from lexgraft.errors import LexgraftError
from lexgraft.files.object_store import call_s3
from lexgraft.files.store_errors import endpoint, refusal_code
from lexgraft.files.store_url import StoreUrl

PART = 5 << 20  # bytes of a part, as the protocol wants at least; it takes 10,000 parts
_MOST_PARTS = 9_000
_RUN = "lexgraft"  # the key of an object's metadata that says which run wrote it
_UNKNOWN = frozenset({"NotImplemented", "501"})
Part = dict[str, Any]
"""What completing an upload asks for of a part: number, ETag, checksum."""


def part_size(size: int) -> int:
    """Return the bytes of each part of an object but the last, in whole MiB."""
    if size <= PART * _MOST_PARTS:
        return PART
    return -(-size // (_MOST_PARTS << 20)) << 20


def begin_upload(url: StoreUrl, run: str) -> str:
    """Return the name of a new upload of many parts; nothing is seen of it until it is complete."""
    upload = call_s3(url, "create_multipart_upload", Metadata={_RUN: run}).get("UploadId")
    if not upload:
        raise _no_store(url)
    return str(upload)


def upload_part(url: StoreUrl, upload: str, number: int, data: bytearray) -> Part:
    """Return what is to be known of a part, once the store has it; the same number replaces it."""
    answer = call_s3(url, "upload_part", UploadId=upload, PartNumber=number, Body=data)
    sums = {key: value for key, value in answer.items() if key.startswith("Checksum")}
    return {"PartNumber": number, "ETag": answer["ETag"], **sums}


def uploaded_parts(url: StoreUrl, upload: str) -> dict[int, tuple[str, int]] | None:
    """Return ETag and size of the parts that the store has; None: there is no such upload."""
    held: dict[int, tuple[str, int]] = {}
    marker = 0
    while True:
        try:
            page = call_s3(url, "list_parts", UploadId=upload, PartNumberMarker=marker)
        except FileNotFoundError:
            return None
        for entry in page.get("Parts", ()):
            held[int(entry["PartNumber"])] = str(entry["ETag"]), int(entry["Size"])
        marker = page.get("NextPartNumberMarker")
        if not page.get("IsTruncated") or not marker:
            return held


def complete_upload(url: StoreUrl, upload: str, uploaded: list[Part], run: str) -> None:
    """Let an object appear, made of its parts; where this run's stands already it is left.

    Raises:
        LexgraftError: somebody else has put an object there, or the upload was taken away.
    """

    def complete(**only: str) -> None:
        content = {"Parts": uploaded}
        call_s3(url, "complete_multipart_upload", UploadId=upload, MultipartUpload=content, **only)

    try:
        _only_new(url, run, complete)
    except (FileExistsError, FileNotFoundError) as error:
        if not is_of_run(url, run):
            raise _taken(url) from error
        abort_upload(url, upload)  # the same run, begun twice: its bytes are there


def abort_upload(url: StoreUrl, upload: str) -> bool:
    """Take an unfinished upload away; return whether there was one."""
    try:
        call_s3(url, "abort_multipart_upload", UploadId=upload)
    except FileNotFoundError:
        return False
    return True


def put_new(url: StoreUrl, data: bytes, run: str) -> None:
    """Write a small object where there is none, or where this run has written it before.

    Raises:
        LexgraftError: there is one of somebody else.
    """

    def put(**only: str) -> None:
        call_s3(url, "put_object", Body=data, Metadata={_RUN: run}, **only)

    try:
        _only_new(url, run, put)
    except FileExistsError as error:
        if not is_of_run(url, run):
            raise _taken(url) from error
        put()


def replace_own(url: StoreUrl, data: bytes, run: str) -> None:
    """Write an object under a name that only this run uses."""
    call_s3(url, "put_object", Body=data, Metadata={_RUN: run})


def remove_own(url: StoreUrl, run: str) -> None:
    """Remove an object that this run has written; another's is left."""
    if is_of_run(url, run):
        call_s3(url, "delete_object")


def claim_prefix(url: StoreUrl, data: bytes, run: str) -> None:
    """Write the object that marks a prefix as this run's, and see that it is there.

    Raises:
        LexgraftError: another's is there, or the store does not give back what was put.
    """
    put_new(url, data, run)
    if not is_of_run(url, run):
        raise _no_store(url)


def is_of_run(url: StoreUrl, run: str) -> bool:
    """Return whether an object is there that a run of this key has written."""
    return _writer(url) == run


class UploadQueue:
    """Parts on their way, a few at once; who brings more waits, so that memory is bounded."""

    def __init__(self, at_once: int = 3) -> None:
        self._room = Semaphore(at_once)
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="upload")

    def put(self, work: Callable[[], Part]) -> Future[Part]:
        """Begin to upload a part, as soon as there is room."""
        self._room.acquire()
        future = self._pool.submit(work)
        future.add_done_callback(lambda _: self._room.release())
        return future

    def close(self) -> None:
        """Wait for what is on its way."""
        self._pool.shutdown()


def _writer(url: StoreUrl) -> str | None:
    """Return the run that has written an object, empty for another's; None: there is none."""
    try:
        return call_s3(url, "head_object").get("Metadata", {}).get(_RUN, "")
    except FileNotFoundError:
        return None


def _only_new(url: StoreUrl, run: str, write: Callable[..., None]) -> None:
    """Write where there is nothing yet; stores that do not see to that are asked before.

    Raises:
        FileExistsError: there is an object already.
    """
    if _writer(url) not in {None, run}:
        raise FileExistsError(url.path)
    try:
        write(IfNoneMatch="*")
    except LexgraftError as error:
        if error.__cause__ is None or refusal_code(error.__cause__) not in _UNKNOWN:
            raise
        write()


def _no_store(url: StoreUrl) -> LexgraftError:
    """Return the error for an endpoint that answers, and is no store."""
    return LexgraftError(
        "this is no store of S3's protocol: it does not keep what is put there",
        where=str(url),
        cure=f"check the endpoint ({endpoint(url)})",
    )


def _taken(url: StoreUrl) -> LexgraftError:
    return LexgraftError(
        "another object was put here while this run was writing",
        where=str(url),
        cure="choose another prefix: nothing that is not ours is replaced",
    )
