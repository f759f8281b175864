"""When a plan changes more than anybody is likely to mean."""

from bulkvm.changes import ChangeKind, Plan
from bulkvm.errors import LimitExceeded
from bulkvm.settings import Limit


def check_changes(plan: Plan, limit: Limit) -> None:
    """Refuse a plan that changes too many of the boxes that exist.

    Raises:
        LimitExceeded: with the figures, and what overrides it.
    """
    updates = plan.counts[ChangeKind.UPDATE]
    if limit.is_exceeded(updates, plan.existing):
        raise LimitExceeded(
            f"This would change {updates} of the {plan.existing} boxes on the PBX, and {limit} are allowed. "
            "Nothing was sent.\n"
            "Look at the plan with `bulkvm plan`. If it is what you mean, give --force, or a higher --max-changes."
        )
