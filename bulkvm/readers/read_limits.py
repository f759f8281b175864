"""Limits for reading files, far above any sheet that people or spreadsheet programs make.

They bound time and memory linearly in the size of the file, for hostile files as well. The sizes of a cell, a sheet and
a number format are Excel's own ("Excel specifications and limits").
"""

from typing import Final

MIB: Final = 2**20

# Any sheet.
CELL_CHARACTERS: Final = 32_767  # Excel's; longer text is cut, and the cell is an error
COLUMNS: Final = 16_384  # Excel's
ROWS: Final = 1_048_576  # Excel's; for workbooks only
ROWS_BASE: Final = 2**16  # rows that are not blank, regardless of the size of the file ...
BYTES_OF_ROW: Final = 8  # ... plus one for each of this many bytes of a text file
PACKED_BYTES_OF_ROW: Final = 24  # ... or of a workbook
HEADER_ROWS: Final = 20  # rows in which the header is looked for
SEARCHED_ROWS: Final = 200  # in which a message can name a header further down, or a sheet that is not read
SEARCHED_CELLS: Final = 2**16  # ... of these rows
HEADING_CHARACTERS: Final = 255  # Excel's, for the heading of a table; longer text is cut
TABLE_BYTES: Final = 640 * MIB  # of text: a million rows with all columns take half of it
TABLE_CELLS: Final = 2**25  # rows times columns, including empty cells: twice a million rows with all columns

# Text files.
RECORD_CHARACTERS: Final = MIB  # of a CSV record or a JSON box
SETTINGS: Final = 200_000  # of a voicemail.conf, mailboxes included
SEP_LINE_CHARACTERS: Final = 64  # "sep=;" and the delimiters that a spreadsheet adds after it

# The archive of a workbook. Spreadsheet programs compress at most about 15 to 1, and write less than one XML element
# per compressed byte.
FILE_BYTES: Final = 100 * MIB  # a million rows take about half of it
DIRECTORY_BYTES: Final = 4 * MIB  # the central directory of an archive: about 50,000 parts
UNPACKED_BYTES: Final = 1024 * MIB
UNPACKED_BASE: Final = 64 * MIB  # unpacked, regardless of the size of the file ...
UNPACKED_PER_BYTE: Final = 32  # ... plus this for each of its bytes
STRINGS_BYTES: Final = 192 * MIB  # the shared strings part
PART_BYTES: Final = 32 * MIB  # any other part except worksheets
RELATIONSHIPS: Final = 10_000  # of one part

# XML. A step takes about half a microsecond: an element is four steps, an attribute one.
STEPS_BASE: Final = 2_000_000  # regardless of the size of the file ...
STEPS_PER_BYTE: Final = 4  # ... plus this for each of its bytes; spreadsheet programs need one to three
ELEMENT_STEPS: Final = 4
ATTRIBUTES: Final = 256  # per element
NAMES: Final = 10_000  # distinct names of elements and attributes in a part
TOKEN_BYTES: Final = MIB  # a tag, a comment, or the text between two tags
DEPTH: Final = 256

# Parts of a workbook.
SHEETS: Final = 1_000
STYLES: Final = 2**16  # Excel's limit is slightly lower
FORMAT_CODES: Final = 2**16  # Excel allows about 250, other programs write more
FORMAT_CODE_CHARACTERS: Final = 255  # Excel's; a cell with a longer one is an error
MERGED_RANGES: Final = 100_000
CONDITIONAL_RANGES: Final = 10_000  # of a worksheet; later ones are not looked at


def max_rows(file_bytes: int, *, is_packed: bool) -> int:
    """Return the maximum number of rows for a file of this size."""
    return ROWS_BASE + file_bytes // (PACKED_BYTES_OF_ROW if is_packed else BYTES_OF_ROW)


def max_unpacked_bytes(file_bytes: int) -> int:
    """Return the maximum unpacked size for a workbook of this size."""
    return min(UNPACKED_BYTES, UNPACKED_BASE + UNPACKED_PER_BYTE * file_bytes)


def max_xml_steps(file_bytes: int) -> int:
    """Return the maximum number of XML steps for a workbook of this size."""
    return STEPS_BASE + STEPS_PER_BYTE * file_bytes
