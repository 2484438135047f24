"""Keys of project files of earlier versions, and what to write instead."""

_ONLY_GLOSSARY = "take it out: the glossary stage judges `effect` and `target_gain` only"
_LOSSES = ("retention_loss", "everyday_loss", "bits_per_byte")
_TOGETHER = (
    "it is part of `gates.{}.general_loss` now: texts and everyday words are judged together"
)
_DONOR = "take it out: what the donor brings is judged by `gates.{}.donor_gain`"
RENAMED = {
    **{f"gates.{g}.{key}": _TOGETHER.format(g) for g in ("merge", "tune") for key in _LOSSES},
    **{f"gates.{gate}.transfer": _DONOR.format(gate) for gate in ("merge", "tune")},
    **{f"gates.glossary.{key}": _ONLY_GLOSSARY for key in ("retention_loss", "bits_per_byte")},
    "gates.glossary.transfer": "it is called `gates.glossary.effect` now",
    "limits": "its keys are part of `compute` now: `compute: {threads: 2, memory_gb: 10}`",
    "prices": "it is called `business` now, e.g. `business: {machine_hour: 0.20, currency: EUR}`",
    "terms.columns": "it is called `terms.tables.columns` now",
    "terms.separator": "it is called `terms.tables.separators` now, a list",
    "gates.tune.target_gain": "it is called `gates.tune.taught_gain` now",
}
"""Keys of earlier versions → what to do instead."""
