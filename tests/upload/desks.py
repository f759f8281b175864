"""A PBX with desks that have consecutive numbers, and rows for them."""

from collections.abc import Sequence

from starlette.applications import Starlette

from bulkvm.model.box import Record
from bulkvm.model.settings import SendSettings
from bulkvm.simulator import SimulatorSettings, create_app
from tests.upload.actual_boxes import ANY_ERRORS

QUICK = SendSettings(max_rps=0, max_errors=ANY_ERRORS, retries=1)


def app_with(numbers: Sequence[int], settings: SimulatorSettings | None = None) -> Starlette:
    app = create_app(settings=settings or SimulatorSettings())
    fields = {"prompt": "de-DE", "enable_pin": True, "enable_email_notify": False, "recipients": None}
    app.state.stored.replace(
        {"id": f"Q{n}==", "name": f"Desk {n}", "extension_number": str(n), "pin": "402817", "play_datetime": None}
        | fields
        for n in numbers
    )
    return app


def renamed(numbers: Sequence[int]) -> list[Record]:
    return [Record(row=row, extension_number=str(n), name=f"New {n}") for row, n in enumerate(numbers, start=2)]


def requests(app: Starlette) -> int:
    return sum(app.state.traffic.counts.values())
