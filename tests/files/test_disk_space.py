"""Work that will not fit on a disk is refused before it begins."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files.disk_space import SLACK, bytes_below, check_space, free_bytes

MakeDisk = Callable[[str], Path]


def test_what_fits_passes_and_what_does_not_is_told_part_by_part(make_disk: MakeDisk) -> None:
    disk = make_disk("100m")
    room = free_bytes(disk / "not" / "yet") - SLACK
    check_space(disk, {"model/": room * 98 // 100})
    with pytest.raises(LexgraftError, match=r"model/ 0\.02, tuned/ 0\.02\), 0\.10 are free"):
        check_space(disk, {"model/": 20_000_000, "tuned/": 20_000_000, "none": 0})


def test_what_is_there_already_counts(make_disk: MakeDisk) -> None:
    disk = make_disk("100m")
    (disk / "model").mkdir()
    (disk / "model" / "weights").write_bytes(bytes(20 << 20))
    (disk / "model" / "link").symlink_to("weights")
    present = bytes_below([disk / "model", disk / "none"])
    assert 20 << 20 <= present < 21 << 20
    with pytest.raises(LexgraftError, match="not enough space"):
        check_space(disk, {"model/": 20 << 20})
    check_space(disk, {"model/": 20 << 20}, present)
