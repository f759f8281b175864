"""How much of a file is read. No sheet that people or spreadsheet programs make comes near these limits.

They keep the time and the memory that reading takes linear in the size of the file, and small for a small one, however
it was made. The sizes of a cell, a sheet and a number format are Excel's own ("Excel specifications and limits").
"""

from typing import Final

KIB: Final = 2**10
MIB: Final = 2**20

# Any sheet.
CELL_CHARACTERS: Final = 32_767  # Excel's; the rest is not read, and the cell is an error
COLUMNS: Final = 16_384  # Excel's
ROWS: Final = 1_048_576  # Excel's, and of workbooks alone
ROWS_BASE: Final = 2**17  # rows with something in them whatever the size of the file ...
BYTES_OF_ROW: Final = 8  # ... and besides one for so many of its bytes: longer extensions are needed for more boxes
HEADER_ROWS: Final = 20  # title rows above the headings, the headings included
HEADING_CHARACTERS: Final = 255  # Excel's, of a table's heading; the rest is not read
TABLE_BYTES: Final = 640 * MIB  # of text: a million rows of all our columns take half of it
TABLE_CELLS: Final = 2**25  # rows times columns, empty cells included: twice a million rows of all our columns

# Text files.
RECORD_CHARACTERS: Final = MIB  # of a CSV record or a box in JSON: a hundred in each column of a very wide sheet
SEP_LINE_CHARACTERS: Final = 64  # "sep=;" and the delimiters that a spreadsheet adds for the other columns

# The archive that a workbook is. Spreadsheet programs pack about 15 to 1 at most, and write less than one element of
# XML for each packed byte.
FILE_BYTES: Final = 100 * MIB  # a million rows take about half of it
DIRECTORY_BYTES: Final = 4 * MIB  # the list of an archive's parts: some 50,000 of them
UNPACKED_BYTES: Final = 1024 * MIB
UNPACKED_BASE: Final = 64 * MIB  # what may be unpacked whatever the size of the file ...
UNPACKED_PER_BYTE: Final = 32  # ... and besides for each of its bytes
STRINGS_BYTES: Final = 192 * MIB  # the part with the texts that cells share
PART_BYTES: Final = 32 * MIB  # any other part but worksheets
RELATIONS: Final = 10_000  # of one part to others

# The XML in it. A step is about half a microsecond: an element takes four, an attribute one.
STEPS_BASE: Final = 8_000_000  # steps whatever the size of the file ...
STEPS_PER_BYTE: Final = 4  # ... and besides for each of its bytes; spreadsheet programs need one to three
ELEMENT_STEPS: Final = 4
ATTRIBUTES: Final = 256  # of an element
NAMES: Final = 10_000  # different names of elements and attributes in a part
TOKEN_BYTES: Final = MIB  # a tag, a comment, or the text between two tags
DEPTH: Final = 256

# What a workbook's parts say.
SHEETS: Final = 1_000
STYLES: Final = 2**16  # Excel's is a little below
FORMAT_CODES: Final = 2**16  # Excel takes some 250, other programs write more
FORMAT_CODE_CHARACTERS: Final = 255  # Excel's; a cell with a longer one is an error
MERGED_RANGES: Final = 100_000


def rows(file_bytes: int) -> int:
    """How many rows a file of this size may have."""
    return ROWS_BASE + file_bytes // BYTES_OF_ROW


def unpacked_bytes(file_bytes: int) -> int:
    """How many bytes a workbook of this size may unpack to."""
    return min(UNPACKED_BYTES, UNPACKED_BASE + UNPACKED_PER_BYTE * file_bytes)


def xml_steps(file_bytes: int) -> int:
    """How many steps the XML of a workbook of this size may take."""
    return STEPS_BASE + STEPS_PER_BYTE * file_bytes
