"""How models are asked, and what they may take: `compute:` and `limits:` in the project."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class ComputeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How models are asked; a run's folder keeps what it was begun with."""

    dtype: Literal["auto", "float32", "mixed"] = "auto"  # mixed: products in bfloat16; see below
    prompt: Literal["auto", "plain", "chat"] = "auto"  # chat: within the chat template; see below
    system_prompt: str = ""  # what stands before every question in the chat template


class ResourceLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """What the run may use."""

    threads: Annotated[int, Meta(ge=1, le=1024)] = 2  # of the processor
    memory_gb: Annotated[float, Meta(gt=0, le=1e6)] = 10.0  # what models may take, in gigabytes
