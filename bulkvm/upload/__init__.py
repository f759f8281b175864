"""Sends the changes of a plan, and returns an outcome for each."""

from bulkvm.upload.sender import RunResult, send

__all__ = ["RunResult", "send"]
