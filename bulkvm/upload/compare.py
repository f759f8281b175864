"""A plan for the PBX as it is now."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bulkvm.box import BLANK, Record
from bulkvm.changes import Plan
from bulkvm.pbx import Pbx, Progress, no_progress
from bulkvm.planning import make_plan, unknown_fields
from bulkvm.upload.owners import find_taken


async def plan_for(
    pbx: Pbx,
    records: Sequence[Record],
    *,
    progress: Progress = no_progress,
    make_pin: Callable[[str], str] | None = None,
) -> Plan:
    """List the PBX's boxes, fetch those of which the list does not tell enough, and compare.

    Args:
        pbx: where the boxes are to be.
        records: what a sheet wants.
        progress: hears how many boxes are read, of how many.
        make_pin: gives an extension that is to be created, and comes without a PIN, one.
    """
    boxes = {box.extension_number: box for box in await pbx.list_boxes(progress=progress)}
    in_doubt = [
        box.id for record in records if (box := boxes.get(record.extension_number)) and unknown_fields(record, box)
    ]
    fetched = await pbx.fetch_boxes(in_doubt, progress)
    boxes.update((box.extension_number, box) for box in fetched.values())
    if make_pin:
        records = [
            replace(record, pin=make_pin(record.extension_number))
            if record.pin is BLANK and record.extension_number not in boxes
            else record
            for record in records
        ]
    new = [record.extension_number for record in records if record.extension_number not in boxes]
    wanted = {record.extension_number for record in records}
    return make_plan(records, boxes.values(), await find_taken(pbx, new, boxes.keys() | wanted, progress))
