"""Limits how many existing boxes a plan may change."""

from bulkvm.model.change import ChangeKind, Plan
from bulkvm.model.errors import LimitExceeded
from bulkvm.model.settings import Limit


def describe_excess(plan: Plan, limit: Limit) -> str | None:
    """Describe by how much a plan exceeds the limit of changed boxes; None if it does not.

    Updates of nothing but fields that the PBX does not show are not counted. Otherwise, on a PBX that shows no PINs,
    the limit would refuse to import the same sheet again, which is how a run is continued after a failure.
    """
    updates = sum(change.kind is ChangeKind.UPDATE and not change.is_unseen_only for change in plan.changes)
    if not limit.is_exceeded(updates, plan.existing):
        return None
    return f"This would change {updates} of the {plan.existing} boxes on the PBX, and {limit} are allowed."


def check_changes(plan: Plan, limit: Limit, check: str = "Check the plan.") -> None:
    """Refuse a plan that changes too many of the existing boxes.

    Args:
        plan: the plan.
        limit: how many boxes it may change.
        check: how to check the plan, for the message.

    Raises:
        LimitExceeded: the plan exceeds the limit.
    """
    if excess := describe_excess(plan, limit):
        raise LimitExceeded(
            f"{excess} Nothing was sent.\n{check} If it is right, use --force or a higher --max-changes."
        )
