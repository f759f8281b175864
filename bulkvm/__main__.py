"""`bulkvm` and `python -m bulkvm`."""

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line. Ctrl-C while it is imported is reported as later."""
    try:
        from bulkvm.cli.main import main as run_program  # noqa: PLC0415  (so that an interruption is caught)
    except KeyboardInterrupt:
        os.write(2, b"Stopped. Nothing was sent.\n")
        sys.exit(130)
    run_program()


if __name__ == "__main__":
    main()
