"""From changes to outcomes: many at once, none twice."""

from bulkvm.upload.account import account_for
from bulkvm.upload.compare import plan_for
from bulkvm.upload.run import Ending, send

__all__ = ["Ending", "account_for", "plan_for", "send"]
