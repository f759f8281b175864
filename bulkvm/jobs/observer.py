"""What a job reports while it runs, and what it asks before it sends anything."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from bulkvm.model.change import Plan
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import ReadAs
from bulkvm.model.tenant import Tenant

Progress = Callable[[int, int], None]


class Observer:
    """Shows nothing and approves every plan. Override what you need.

    An exception that a method raises ends the job. The journal still has every row that was sent:
    `bulkvm runs last --result FILE` writes the result.
    """

    def progress(self, phase: str) -> AbstractContextManager[Progress]:
        """Show that a phase such as "Planning" is in progress.

        Returns:
            A context manager that lasts as long as the phase. It gives a function to call with the number of items done
            and the total.
        """
        return nullcontext(_ignore_progress)

    def notice(self, text: str) -> None:
        """Show something that may need attention."""

    def export_read(self, read_as: ReadAs) -> None:
        """Show what was taken from another phone system's export."""

    def approve(self, plan: Plan, problems: Sequence[Problem], tenant: Tenant) -> bool:
        """Decide whether to send a plan, which may have no changes. `problems` are all of the sheet and the plan."""
        return True

    def stop_requests(self) -> AbstractContextManager[Callable[[], bool]]:
        """Watch for a request to stop while rows are sent and their result is written.

        Returns:
            A context manager. It gives a function that returns True once the run should stop.
        """
        return nullcontext(_never)

    def writing_result(self, run: str, rows: int) -> None:
        """Show that the rows of a run were sent, and that their result is about to be written."""


def _ignore_progress(_done: int, _total: int) -> None:
    """No-op callback."""


def _never() -> bool:
    return False


SILENT: Final = Observer()
