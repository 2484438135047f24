"""The compiled loops: the very bits of the methods, window by window, or none at all."""

import shutil
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from lexgraft.weights.merge import native_library as kernel
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.native_loops import NativeLoops
from lexgraft.weights.methods import METHODS, get_method
from lexgraft.weights.methods.registry import TensorContext

ROOT = Path(__file__).parents[3]
LABELS = ("language", "domain", "third")
W = {"language": 0.7, "domain": -0.4, "third": 1.3}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("linear", {}),
    ("linear", {"weight": W, "normalize": False}),
    ("task_arithmetic", {"weight": W, "lambda": 0.7, "normalize": True}),
    ("slerp", {"t": 0.3}),
    ("sce", {}),
    ("sce", {"select_topk": 0.3}),
    ("ties", {}),
    ("ties", {"weight": W, "density": {"language": 0.5, "domain": 1.0}, "lambda": -0.6}),
    ("ties", {"weight": W, "density": 0.001, "normalize": False}),
    ("breadcrumbs", {"weight": W, "density": 0.6, "gamma": 0.1}),
    ("breadcrumbs", {"density": 0.9, "gamma": 0.5, "normalize": True}),
    ("breadcrumbs_ties", {"weight": W, "gamma": {"domain": 0.0}}),
    ("dare_linear", {"weight": W, "density": 0.3}),
    ("dare_linear", {"rescale": False, "density": {"language": 1.0, "domain": 0.9}}),
    ("dare_ties", {"weight": W, "normalize": True, "lambda": 1.1}),
    ("della", {"weight": W, "density": 0.4, "epsilon": 0.1}),
    ("della", {"density": {"language": 1.0, "domain": 0.6}, "normalize": False}),
    ("della_linear", {"weight": W, "rescale": False, "normalize": True}),
]
NAMES = [f"{name} {parameters}" for name, parameters in CASES]


@pytest.fixture(scope="session")
def build() -> Callable[..., bool]:
    """Return the function that compiles the loops."""
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    spec = spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.build


@pytest.fixture(scope="session")
def compiled(build: Callable[..., bool], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library compiled from the present source."""
    path = tmp_path_factory.mktemp("loops") / "_kernel.so"
    assert build(path)
    return path


@pytest.fixture(autouse=True)
def _loops(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = kernel.library(compiled)
    assert found is not None
    monkeypatch.setattr(kernel, "library", lambda: found)


def models(shape: tuple[int, ...], count: int, dtype: torch.dtype, seed: int = 0) -> list[Tensor]:
    """Return base and models whose deltas have ties, zeros and very different sizes."""
    generator = torch.Generator().manual_seed(seed)
    base = (torch.randn(shape, generator=generator) * 0.02).to(dtype)
    made = [base]
    for number in range(count):
        step = torch.randn(shape, generator=generator) * 1e-3 * 4**number
        step = torch.where(torch.rand(shape, generator=generator) < 0.2, 0.0, step)
        made.append((base.float() + step).to(dtype))
    return made


def place_of(tensor: Tensor, count: int) -> TensorContext:
    return TensorContext(
        "model.layers.1.x.weight", LABELS[:count], 1, 4, tensor.numel(), 7, depth=0.5
    )


def by_method(name: str, parameters: dict[str, Any], stored: list[Tensor]) -> Tensor:
    base, *others = [tensor.float() for tensor in stored]
    place = place_of(base, len(others))
    deltas = torch.stack([other - base for other in others])
    settings = get_method(name).settings(parameters, place.labels)
    (merged,) = get_method(name).merge(lambda: iter([(base, deltas, place)]), settings)
    return merged.to(stored[0].dtype)


def raw(tensor: Tensor) -> np.ndarray[Any, Any]:
    return tensor.contiguous().view(-1).view(torch.uint8).numpy()


def by_loops(
    name: str,
    parameters: dict[str, Any],
    stored: list[Tensor],
    rows: int | None = None,
    shown: slice | None = None,
) -> Tensor:
    """Merge by the compiled loops, in windows of so many rows, a sample being the rows shown."""
    base, count = stored[0], len(stored) - 1
    place = place_of(base, count)
    settings = get_method(name).settings(parameters, place.labels)
    rule = get_method(name).native_spec(settings, place)
    assert rule is not None
    code = {torch.bfloat16: "BF16", torch.float32: "F32"}[base.dtype]
    loops = NativeLoops(rule, place, [code] * (count + 1), code, tuple(base.shape))
    step = rows or len(base)

    def windows() -> Iterator[list[np.ndarray[Any, Any]]]:
        for start in range(0, len(base), step):
            yield [raw(tensor[start : start + step]) for tensor in stored]

    def sample() -> Iterator[list[np.ndarray[Any, Any]]]:
        yield [raw(tensor[shown]) for tensor in stored]

    loops.survey(windows, sample if shown else None)
    parts: list[bytes] = []
    for views in windows():
        result = np.empty_like(views[0])
        assert loops.merge(views, result) == 0
        parts.append(result.tobytes())
    joined = torch.frombuffer(bytearray(b"".join(parts)), dtype=base.dtype)
    return joined.view(base.shape)


def given_models(parameters: dict[str, Any], count: int) -> dict[str, Any]:
    """Return parameters without the models that do not take part."""
    return {
        key: {label: one for label, one in value.items() if label in LABELS[:count]}
        if isinstance(value, dict)
        else value
        for key, value in parameters.items()
    }


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize(("name", "parameters"), CASES, ids=NAMES)
def test_give_the_methods_own_bits(
    name: str, parameters: dict[str, Any], dtype: torch.dtype
) -> None:
    least, most = METHODS[name].models
    for shape in ((40, 72), (700,), (33, 1), (3, 1500)):
        for count in {max(1, least), 2, min(3, most or 3)}:
            stored = models(shape, count, dtype, seed=count)
            chosen = given_models(parameters, count)
            expected = by_method(name, chosen, stored)
            assert torch.equal(
                expected.view(-1).view(torch.uint8),
                by_loops(name, chosen, stored).view(-1).view(torch.uint8),
            ), (shape, count)


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=NAMES)
def test_windows_do_not_show(name: str, parameters: dict[str, Any]) -> None:
    stored = models((37, 61), 2, torch.bfloat16)
    chosen = given_models(parameters, 2)
    whole = by_loops(name, chosen, stored)
    for rows in (1, 5, 36):
        assert torch.equal(by_loops(name, chosen, stored, rows), whole)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("ties", {"density": {"language": 0.3, "domain": 0.9}}),
        ("breadcrumbs", {"density": 0.6, "gamma": 0.1}),
        ("sce", {"select_topk": 0.3}),
    ],
)
def test_a_sample_that_misleads_does_not_show(name: str, parameters: dict[str, Any]) -> None:
    stored = models((300, 64), 2, torch.bfloat16)
    for delta in stored[1:]:  # row by row another size, so that no row is like the whole
        delta.copy_(stored[0] + (delta - stored[0]) * torch.linspace(0.01, 8, 300)[:, None])
    whole = by_loops(name, parameters, stored)
    assert torch.equal(whole, by_method(name, parameters, stored))
    for shown in (slice(0, 1), slice(299, 300), slice(140, 150), slice(0, 300)):
        assert torch.equal(by_loops(name, parameters, stored, 7, shown), whole), shown


def test_rows_are_ranked_whatever_lies_in_them() -> None:
    generator = torch.Generator().manual_seed(5)
    steps = torch.randn((8, 3000), generator=generator)
    steps[0] *= 10.0 ** (-30 * torch.rand(3000, generator=generator))  # over a hundred octaves
    steps[1, ::2] = steps[1, 1::2] * 1e-12
    steps[2] = 0.0
    steps[3, 17] = 1e30  # all others in the lowest place
    steps[4] = steps[4].round()
    steps[5:] = (steps[5:] * 64).round() / 64  # as differences of 16-bit numbers are, all but few
    steps[6, ::50] *= 1 + 1e-5 * torch.rand(60, generator=generator)
    steps[7, ::97] *= 1e-9
    stored = [torch.zeros(8, 3000), steps, steps.flip(1)]
    parameters = {"density": 0.6, "epsilon": 0.2}
    assert torch.equal(
        by_loops("della", parameters, stored), by_method("della", parameters, stored)
    )


@pytest.mark.parametrize("width", [1, 7, 8, 4096, 65_535, 65_536, 70_001])
def test_rows_of_any_width_are_ranked(width: int) -> None:
    stored = models((2, width), 2, torch.bfloat16)
    parameters = {"density": 0.6, "epsilon": 0.2}
    assert torch.equal(
        by_loops("della", parameters, stored), by_method("della", parameters, stored)
    )


CROWDED = st.sampled_from([0.0, -0.0, 1.0, -1.0, 1.0000001, 1e-40, -1e-30, 3e38, 0.5, 2.0])


@given(
    values=st.lists(st.tuples(CROWDED, CROWDED, CROWDED, CROWDED), min_size=1, max_size=40),
    count=st.sampled_from([2, 3]),
    dtype=st.sampled_from([torch.bfloat16, torch.float32]),
    density=st.sampled_from([0.01, 0.3, 0.5, 0.9, 1.0]),
    normalize=st.booleans(),
    name=st.sampled_from(["ties", "breadcrumbs", "della", "sce"]),
)
def test_hold_for_crowded_tiny_and_vast_values(
    values: list[tuple[float, ...]],
    count: int,
    dtype: torch.dtype,
    density: float,
    normalize: bool,  # noqa: FBT001
    name: str,
) -> None:
    stored = [torch.tensor([one], dtype=dtype) / 4 for one in zip(*values, strict=True)]
    spread = {"epsilon": min(density, 1 - density) / 2} if name == "della" else {}
    parameters = {"density": density, "normalize": normalize, **spread}
    parameters = {"select_topk": density} if name == "sce" else parameters
    expected = by_method(name, parameters, stored[: 1 + count])
    if expected.isfinite().all():
        found = by_loops(name, parameters, stored[: 1 + count])
        assert torch.equal(expected.view(torch.uint8), found.view(torch.uint8))


@pytest.mark.parametrize("count", [2, 3])
def test_ties_run_out_in_the_midst_of_a_strip(count: int) -> None:
    generator = torch.Generator().manual_seed(9)
    steps = torch.randint(-2, 3, (1 + count, 3000), generator=generator) / 4
    stored = list(steps.to(torch.bfloat16))
    for density in (0.05, 0.3, 0.7, 0.95):
        parameters = {"weight": dict(zip(LABELS, (0.7, -0.4, 1.3)[:count], strict=False))}
        parameters |= {"density": density, "lambda": 0.9}
        assert torch.equal(
            by_loops("ties", parameters, stored).view(torch.uint8),
            by_method("ties", parameters, stored).view(torch.uint8),
        )


def test_values_that_are_not_finite_are_counted() -> None:
    stored = models((4, 8), 2, torch.bfloat16)
    stored[1][2, 3] = torch.nan
    stored[2][0, 1] = torch.inf
    place = place_of(stored[0], 2)
    method = get_method("della")
    rule = method.native_spec(method.settings({}, place.labels), place)
    assert rule is not None
    loops = NativeLoops(rule, place, ["BF16"] * 3, "BF16", (4, 8))
    result = np.empty(64, np.uint8)
    assert loops.merge([raw(tensor) for tensor in stored], result) == 2


@given(
    st.sampled_from([torch.bfloat16, torch.float32]),
    st.lists(st.floats(width=16), max_size=70),
)
def test_they_see_whether_all_values_are_finite(dtype: torch.dtype, values: list[float]) -> None:
    tensor = torch.tensor(values, dtype=dtype)
    stored = memoryview(raw(tensor).tobytes())
    assert kernel.all_finite(stored, "BF16" if dtype == torch.bfloat16 else "F32") == bool(
        tensor.isfinite().all()
    )
    assert not kernel.all_finite(stored, "F16")  # it does not know, so somebody else looks


def test_what_they_do_not_know_is_left_to_the_method() -> None:
    place = place_of(torch.zeros(4, 4), 2)
    for name, parameters in (
        ("ties", {"rescale": True}),
        ("dare_ties", {"rescale_norm": "l1"}),
        ("wudi", {}),
    ):
        method = get_method(name)
        assert method.native_spec(method.settings(parameters, place.labels), place) is None


Planner = Callable[..., MergePlan]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({name for name, _ in CASES}))
def test_a_folder_is_the_same_with_and_without_them(
    name: str, plan: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_merge(plan(name), tmp_path / "with", workers=2)
    monkeypatch.setattr(kernel, "library", lambda: None)
    run_merge(plan(name), tmp_path / "without", workers=1)
    for path in sorted((tmp_path / "with").iterdir()):
        assert path.read_bytes() == (tmp_path / "without" / path.name).read_bytes()


def test_a_library_of_another_source_is_not_used(
    compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    copy = tmp_path / "_kernel.so"
    copy.write_bytes(compiled.read_bytes())
    monkeypatch.setattr(kernel, "source_digest", lambda: "another")
    assert kernel.library(copy) is None
    broken = tmp_path / "broken.so"
    broken.write_bytes(b"not a library")
    assert kernel.library(broken) is None
    assert kernel.library(tmp_path / "absent.so") is None


def test_a_compiler_that_cannot_clone_makes_the_plain_loops(
    build: Callable[..., bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    compiler = tmp_path / "cc"
    compiler.write_text('#!/bin/sh\ncase "$*" in *-DNARROW*) exec cc "$@";; esac\nexit 1\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    assert build(tmp_path / "_kernel.so")
    assert kernel.library(tmp_path / "_kernel.so") is not None


def test_without_a_compiler_nothing_is_made(
    build: Callable[..., bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert not build(tmp_path / "_kernel.so")
    assert not list(tmp_path.iterdir())
