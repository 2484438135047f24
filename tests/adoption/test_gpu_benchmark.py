"""The script that is run where a GPU is at hand runs here, on the processor, with a tiny model."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu.py"


@pytest.fixture
def benchmark() -> Any:
    """Return the script as a module."""
    found = spec_from_file_location("gpu_benchmark", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_every_figure_is_taken_and_what_is_lacking_is_named(
    benchmark: Any, make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "COPIED", 1 << 20)
    line = ["--project", str(make_project()), "--device", "cpu", "--dtype", "float32"]
    line += ["--items", "6", "--candidates", "3", "--without-adopt"]
    figures = benchmark.main([*line, "--engines", "vllm", "no-engine", "-o", str(tmp_path / "gpu")])
    raced = figures["candidates"]
    assert raced["an hour"] > 0
    assert raced["items"] == 6
    assert raced["at the copy's bandwidth, s"] > 0
    assert raced["parents held, bytes"] > 0
    speeds = figures["items a second"]
    assert speeds["lexgraft"] > 0
    assert speeds["no-engine"] == "not installed: pip install no-engine"
    assert "vllm" in speeds["vllm"] or "needs a GPU" in speeds["vllm"]
    assert (tmp_path / "gpu" / "gpu.json").is_file()
