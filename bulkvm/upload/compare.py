"""A plan for the PBX as it is now."""

from collections.abc import Sequence

from bulkvm.box import Record
from bulkvm.changes import Plan
from bulkvm.pbx import Pbx, Progress
from bulkvm.planning import make_plan, unknown_fields


async def plan_for(pbx: Pbx, records: Sequence[Record], progress: Progress) -> Plan:
    """List the PBX's boxes, fetch those of which the list does not tell enough, and compare."""
    boxes = {box.extension_number: box for box in await pbx.list_boxes(progress=progress)}
    in_doubt = [
        box.id for record in records if (box := boxes.get(record.extension_number)) and unknown_fields(record, box)
    ]
    fetched = await pbx.fetch_boxes(in_doubt, progress)
    boxes.update((box.extension_number, box) for box in fetched.values())
    return make_plan(records, boxes.values())
