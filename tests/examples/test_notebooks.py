"""The notebooks run from the first cell to the last, as plain Python and without the network."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


def cells(notebook: Path, kind: str) -> list[dict[str, Any]]:
    content = json.loads(notebook.read_text(encoding="utf-8"))
    return [cell for cell in content["cells"] if cell["cell_type"] == kind]


@every_notebook
def test_a_notebook_is_kept_without_outputs_and_holds_python_alone(notebook: Path):
    for cell in cells(notebook, "code"):
        assert (cell["outputs"], cell["execution_count"]) == ([], None)
        compile("".join(cell["source"]), notebook.name, "exec")
    assert cells(notebook, "markdown")[0]["source"][0].startswith("# ")


@pytest.mark.slow
@every_notebook
def test_a_notebook_runs(notebook: Path, tmp_path: Path):
    code = "\n\n".join("".join(cell["source"]) for cell in cells(notebook, "code"))
    environment = {**os.environ, "TMPDIR": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    run = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", code],
        check=False,
        capture_output=True,
        text=True,
        cwd=FOLDER,
        env={**environment, "PYTHONPATH": os.pathsep.join([str(FOLDER), *sys.path])},
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout
