"""GROWS  Readers: term-base formats → Concept, recognised by what a file says, not by its name."""

from importlib import import_module
from pkgutil import iter_modules

from lexgraft.terms.readers.import_log import FORMATS, ImportOptions
from lexgraft.terms.readers.import_terms import FileImport, TermImport, read_concepts, recognise

__all__ = ["FORMATS", "FileImport", "ImportOptions", "TermImport", "read_concepts", "recognise"]

for _name in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_name}")
