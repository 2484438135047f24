"""What comes of strangers, damaged by hypothesis: read, or refused in words, soon."""

import json
from typing import Any

import pytest
from fuzz_targets import survive, targets
from hypothesis import example, given, settings
from hypothesis import strategies as st

within = settings(max_examples=20)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["\ud800", "../x", "NaN", "en", "ja", "false", "a" * 300, "{}", "%s", "\0"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
NOISE = st.sampled_from(
    [b"\0", b"\xff", b"\n", b"\t", b'"', b"<", b">", b"&a;", b"]]>", b"[" * 40, b"<a>" * 200]
) | st.binary(max_size=6)
CHANGES = st.lists(
    st.tuples(st.integers(0, 999), st.integers(0, 20), NOISE), min_size=1, max_size=4
)
SAMPLES = [(kind, name) for kind, target in targets().items() for name in target.samples]
OBJECTS = [
    (kind, name)
    for kind, target in targets().items()
    for name, content in target.samples.items()
    if content.startswith(b"{")
]


@st.composite
def changed(draw: st.DrawFn, content: Any) -> Any:
    """Return nested settings of which some are something else, gone, or new."""
    if isinstance(content, dict) and content and draw(st.integers(0, 9)):
        copy = dict(content)
        key = draw(st.sampled_from(sorted(copy)))
        fate = draw(st.integers(0, 5))
        if fate == 0:
            del copy[key]
        elif fate == 1:
            copy[draw(st.text(max_size=6))] = draw(VALUES)
        else:
            copy[key] = draw(changed(copy[key]))
        return copy
    if isinstance(content, list) and content and draw(st.integers(0, 9)):
        place = draw(st.integers(0, len(content) - 1))
        return [*content[:place], draw(changed(content[place])), *content[place + 1 :]]
    return draw(VALUES)


def mutated(content: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Return bytes with some taken out and others put in: places are thousandths of the length."""
    for place, count, noise in changes:
        start = len(content) * place // 1000
        content = content[:start] + noise + content[start + count :]
    return content


@pytest.mark.parametrize(("kind", "name"), SAMPLES)
def test_bytes_that_were_damaged_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, name: str
) -> None:
    target, folder = targets()[kind], tmp_path_factory.mktemp("damaged")
    target.read(folder, target.samples[name])  # the sample itself is sound

    @within
    @given(changes=CHANGES)
    def damage(changes: list[tuple[int, int, bytes]]) -> None:
        survive(target, folder, mutated(target.samples[name], changes))

    damage()


@pytest.mark.parametrize(("kind", "name"), OBJECTS)
def test_settings_that_were_changed_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, name: str
) -> None:
    target, folder = targets()[kind], tmp_path_factory.mktemp("changed")

    @within
    @given(content=changed(json.loads(target.samples[name])))
    @example(content={"name": "\ud800"})
    def change(content: Any) -> None:
        survive(target, folder, json.dumps(content).encode())

    change()
