import io
import tracemalloc
from pathlib import Path

from bulkvm.readers.source import Source
from bulkvm.readers.table import Row, Table


def test_no_second_copy_of_a_table_is_made_on_the_way_to_its_frame() -> None:
    table = Table(Source(Path("a.csv"), "a.csv", io.BytesIO()), dict.fromkeys("ABCDEFGH", "heading"))
    for number in range(20_000):
        table.add(Row(number, dict.fromkeys("ABCDEFGH", "text")))

    tracemalloc.start()
    frame = table.to_frame()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1.5 * frame.memory_usage().sum()
