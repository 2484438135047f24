"""Two namings of one model's parts: as files hold them, and as today's loaders call them.

A vision-language model's files say `language_model.model.layers.0` or `model.layers.0` where the
live network says `model.language_model.layers.0`. What wraps a part differs, the part does not.
"""

from collections.abc import Iterable, Mapping

_WRAPPERS = frozenset({"model", "language_model", "vision_model", "text_model"})


def unwrapped(name: str) -> str:
    """Return a module's or a tensor's name without the words that only wrap a part of a model.

    Example:
        >>> unwrapped("language_model.model.layers.0.mlp.up_proj")
        'layers.0.mlp.up_proj'
    """
    words = [word for word in name.split(".") if word not in _WRAPPERS]
    return ".".join(words)


def by_part(names: Iterable[str]) -> Mapping[str, str]:
    """Return the names by what they are without wrappers; names that two parts share are left out.

    Example:
        >>> dict(by_part(["model.norm", "visual.norm", "language_model.norm"]))
        {'visual.norm': 'visual.norm'}
    """
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(unwrapped(name), []).append(name)
    return {part: alike[0] for part, alike in found.items() if len(alike) == 1}


def named_in(names: Iterable[str], name: str, parts: Mapping[str, str]) -> str:
    """Return which of the names means what a name of the other naming does; the name if none.

    Args:
        names: those that are known.
        name: of a part, in either naming.
        parts: of the names, from `by_part`.
    """
    return name if name in names else parts.get(unwrapped(name), name)
