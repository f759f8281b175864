"""Exports of other phone systems, read as sheets of boxes."""
