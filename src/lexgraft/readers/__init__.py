"""GROWS  Readers: term-base formats → Concept, recognised by what a file says, not by its name."""

from importlib import import_module
from pkgutil import iter_modules

from lexgraft.readers.importing import Import, Reading, read_concepts, recognise
from lexgraft.readers.intake import FORMATS, Asked

__all__ = ["FORMATS", "Asked", "Import", "Reading", "read_concepts", "recognise"]

for _name in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_name}")
