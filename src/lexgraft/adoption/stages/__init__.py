"""GROWS  Stages of an adoption: one file each."""
