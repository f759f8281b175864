"""`import bulkvm` does not wait for pandas."""

import subprocess
import sys

import bulkvm


def test_import_bulkvm_imports_no_heavy_library_until_a_name_is_used() -> None:
    program = (
        "import sys, bulkvm\n"
        "print([name for name in ('pandas', 'httpx', 'openpyxl') if name in sys.modules], bulkvm.__version__)\n"
        "bulkvm.import_sheet\n"
        "print('pandas' in sys.modules)"
    )

    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert out == f"[] {bulkvm.__version__}\nTrue\n"


def test_every_public_name_exists_and_no_other_one() -> None:
    assert all(getattr(bulkvm, name) for name in bulkvm.__all__)
    assert not hasattr(bulkvm, "no_such_name")
    assert not hasattr(bulkvm, "_private")
