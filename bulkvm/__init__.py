"""Shared voicemail boxes on a PortSIP PBX, in bulk, from spreadsheets."""

__version__ = "0.1.0"
