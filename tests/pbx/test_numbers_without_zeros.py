"""Answers that give JSON numbers where texts are documented: leading zeros are lost, and that is not passed over."""

import json
from typing import Any

import pytest
from starlette.applications import Starlette

from bulkvm.model.box import NOT_KNOWN, Record
from bulkvm.model.errors import OutcomeUnknown
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import connect
from bulkvm.simulator import SimulatorSettings, create_app
from tests.altered_pbx import AlteredPbx, Answer, Asked

SITE = Site(name="test", url="http://simulator", token=SimulatorSettings().token)
ONCE = SendSettings(retries=1, max_rps=0)
RECORD = Record(row=2, extension_number="0101", name="0042", pin="024680")


def as_numbers(*fields: str, where: str = "") -> Any:
    """Answers with numbers for these fields."""

    def convert(value: Any) -> Any:
        if isinstance(value, list):
            return [convert(item) for item in value]
        if isinstance(value, dict):
            return {n: int(v) if n in fields and isinstance(v, str) else convert(v) for n, v in value.items()}
        return value

    def change(asked: Asked, answer: Answer) -> None:
        if asked.method == "GET" and asked.path.endswith(where):
            answer.body = json.dumps(convert(answer.json)).encode()

    return change


async def app_with_a_box() -> Starlette:
    app = create_app()
    async with connect(SITE, ONCE, app=app) as pbx:
        await pbx.create_box(RECORD)
    return app


@pytest.mark.parametrize("how", ["list", "find", "fetch"])
async def test_an_extension_that_is_given_as_a_number_is_refused_since_it_may_be_another_box(how: str) -> None:
    app = await app_with_a_box()
    async with connect(SITE, ONCE, app=AlteredPbx(app, change=as_numbers("extension_number"))) as pbx:
        (box_id,) = app.state.stored.db.execute("SELECT id FROM box").fetchone()
        calls: dict[str, Any] = {
            "list": pbx.list_boxes, "find": lambda: pbx.find_box("0101"), "fetch": lambda: pbx.fetch_box(box_id)
        }  # fmt: skip

        with pytest.raises(OutcomeUnknown, match="malformed: the extension_number of a box is not a string"):
            await calls[how]()


async def test_a_name_and_a_pin_that_are_given_as_numbers_are_not_known() -> None:
    async with connect(SITE, ONCE, app=AlteredPbx(await app_with_a_box(), change=as_numbers("name", "pin"))) as pbx:
        (box,) = await pbx.list_boxes()

    assert (box.extension_number, box.name, box.pin) == ("0101", NOT_KNOWN, NOT_KNOWN)
