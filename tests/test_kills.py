"""A short run of `benchmarks/kills.py`: the long one, and what it has found, stands in the log."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "kills.py"


@pytest.mark.slow
def test_what_is_killed_and_edited_ends_in_the_same_bytes_or_a_reason() -> None:
    verbs = ("merge", "stages", "extend", "align", "tune")
    command = [sys.executable, SCRIPT, "--kills", "12", "--seed", "3", "--verbs", *verbs]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
