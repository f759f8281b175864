"""When a plan changes more than anybody is likely to mean."""

from dataclasses import dataclass
from typing import Final

from bulkvm.changes import ChangeKind, Plan
from bulkvm.errors import LimitExceeded, UsageError

FEW_BOXES: Final = 10  # below that, a share of the boxes says nothing


@dataclass(frozen=True, slots=True)
class ChangeLimit:
    """How many of the existing boxes may change: a number, or a share between 0 and 1 of at least FEW_BOXES."""

    count: int | None = None
    share: float = 0.3


def parse_change_limit(text: str) -> ChangeLimit:
    """Read `--max-changes`: `50` or `40%`.

    Raises:
        UsageError: it is neither.
    """
    number, percent, rest = text.strip().partition("%")
    if rest or not number.strip().isdecimal() or (percent and int(number) > 100):  # noqa: PLR2004  (per cent)
        raise UsageError(f'"{text}" is neither a number of boxes nor a share of them. Write 50 or 40%.')
    return ChangeLimit(share=int(number) / 100) if percent else ChangeLimit(count=int(number))


def check_limits(plan: Plan, limit: ChangeLimit) -> None:
    """Refuse a plan that changes too many of the boxes that exist.

    Raises:
        LimitExceeded: with the figures, and what overrides it.
    """
    updates = plan.counts[ChangeKind.UPDATE]
    if limit.count is not None:
        if updates > limit.count:
            raise _too_many(plan, f"{limit.count} are allowed")
    elif plan.existing >= FEW_BOXES and updates > limit.share * plan.existing:
        raise _too_many(plan, f"{limit.share:.0%} are allowed")


def _too_many(plan: Plan, allowed: str) -> LimitExceeded:
    updates = plan.counts[ChangeKind.UPDATE]
    return LimitExceeded(
        f"This would change {updates} of the {plan.existing} boxes on the PBX, and {allowed}. Nothing was sent.\n"
        "Look at the plan with `bulkvm plan`. If it is what you mean, give --force, or a higher --max-changes."
    )
