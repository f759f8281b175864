"""The column bulkvm_pin of a result: the PINs that are not those of the cells, or that are not sent."""

from collections.abc import Iterable, Mapping

from bulkvm.columns import ID_HEADING, PIN_COLUMN, PIN_NOT_SENT, SENT_PIN_HEADING, STATUS_HEADING
from bulkvm.columns.sheet_columns import result_letters, result_texts, result_words
from bulkvm.model.box import BLANK, Box
from bulkvm.model.change import Change, Plan
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.sheet import Sheet
from bulkvm.validation import Checked


def find_kept_pins(sheet: Sheet, checked: Checked, plan: Plan) -> dict[int, str]:
    """What the column has for each row whose PIN is not sent since its box exists.

    That is "not sent"; or the PIN that an earlier run sent, unless the PBX shows another one, or shows none and it is
    another box. A cell that has it already is left as it is.
    """
    written, created, ids = _earlier_pins(sheet), _created_rows(sheet), result_texts(sheet, ID_HEADING)
    has_column = SENT_PIN_HEADING in result_letters(sheet)
    given = {record.row: record.pin for record in checked.records if record.pin is not BLANK}
    texts: dict[int, str] = {}
    for change in plan.changes:
        row = change.record.row
        if change.box is None or PIN_COLUMN.header in (*change.changed, *change.kept):
            continue
        earlier, is_given = written.get(row, ""), row in given or row in checked.refused_pins
        if earlier:
            texts |= {} if _may_have(change.box, earlier, ids.get(row, "")) else {row: PIN_NOT_SENT}
        elif is_given and (has_column or change.record.pin is BLANK):
            is_held = given.get(row) == change.box.pin
            texts |= {} if is_held else {row: PIN_NOT_SENT}
            if is_held and row in created:
                texts[row] = given[row]
    return texts


def find_cleared_rows(sheet: Sheet, plan: Plan, outcomes: Iterable[Outcome]) -> set[int]:
    """The rows of a result whose text in the column is no longer true, since the PIN in the cell was sent."""
    if SENT_PIN_HEADING not in result_letters(sheet):
        return set()
    reached = {outcome.row for outcome in outcomes if outcome.status.may_have_changed}
    return {change.record.row for change in plan.changes if change.record.row in reached and _sends_pin(change)}


def _sends_pin(change: Change) -> bool:
    return change.record.pin is not BLANK and (change.box is None or PIN_COLUMN.header in change.changed)


def _may_have(box: Box, pin: str, former_id: str) -> bool:
    """Whether a box has a PIN; if the PBX does not show it, whether it is the box to which it was sent."""
    return box.pin == pin if isinstance(box.pin, str) else former_id in {"", box.id}


def _earlier_pins(sheet: Sheet) -> Mapping[int, str]:
    """The PINs that an earlier run sent in place of those in the cells, by row of its result."""
    texts = result_words(sheet, SENT_PIN_HEADING)
    return {row: text for row, text in texts.items() if text not in {"", PIN_NOT_SENT}}


def _created_rows(sheet: Sheet) -> set[int]:
    """The rows that an earlier run created."""
    return {row for row, status in result_words(sheet, STATUS_HEADING).items() if status == Status.CREATED}
