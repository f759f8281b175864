"""When a plan changes more than anybody is likely to mean."""

from bulkvm.model.change import ChangeKind, Plan
from bulkvm.model.errors import LimitExceeded
from bulkvm.model.settings import Limit


def describe_excess(plan: Plan, limit: Limit) -> str | None:
    """Say how a plan changes too many of the boxes that exist; None where it does not.

    An update of what the PBX does not show is not known to change anything. It does not count: else importing the same
    sheet again, which is the way to go on after any failure, would be refused by a PBX that shows no PINs.
    """
    updates = sum(change.kind is ChangeKind.UPDATE and not change.is_unseen_only for change in plan.changes)
    if not limit.is_exceeded(updates, plan.existing):
        return None
    return f"This would change {updates} of the {plan.existing} boxes on the PBX, and {limit} are allowed."


def check_changes(plan: Plan, limit: Limit) -> None:
    """Refuse a plan that changes too many of the boxes that exist.

    Raises:
        LimitExceeded: with the figures, and what overrides it.
    """
    if excess := describe_excess(plan, limit):
        raise LimitExceeded(
            f"{excess} Nothing was sent.\n"
            "Look at the plan with `bulkvm plan`. If it is what you mean, give --force, or a higher --max-changes."
        )
