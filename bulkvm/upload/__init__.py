"""From changes to outcomes: many at once, none twice."""

from bulkvm.upload.sender import RunResult, send

__all__ = ["RunResult", "send"]
