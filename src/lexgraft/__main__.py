"""Runs the command line as `python -m lexgraft`."""

from lexgraft.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
