"""One record of all that was found, and its faces: page (HTML), model card, tables."""

from lexgraft.adoption.report.report_files import read_report, read_viewer, write_report

__all__ = ["read_report", "read_viewer", "write_report"]
