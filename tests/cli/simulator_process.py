"""`bulkvm simulator` as a process of its own."""

import shlex
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx


class Started(NamedTuple):
    process: subprocess.Popen[str]
    printed: str
    variables: dict[str, str]

    def client(self) -> httpx.Client:
        """A client made of the lines to paste."""
        ca_file = self.variables.get("BULKVM_CA_FILE")
        headers = {"Authorization": f"Bearer {self.variables['BULKVM_TOKEN']}"}
        verify = ssl.create_default_context(cafile=ca_file) if ca_file else True
        return httpx.Client(base_url=self.variables["BULKVM_URL"], verify=verify, headers=headers)


@contextmanager
def started(*options: str) -> Iterator[Started]:
    """`bulkvm simulator` on a port of its own, when it answers, with the variables that it prints."""
    command = [sys.executable, "-m", "bulkvm", "simulator", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stderr is not None
        try:
            printed = ""
            for line in process.stderr:
                printed += line
                if "BULKVM_PASSWORD" in line:
                    break
            words = [shlex.split(line)[1] for line in printed.splitlines() if line.startswith("  export ")]
            variables: dict[str, str] = {}
            for name, _, value in (word.partition("=") for word in words):
                variables[name] = value or variables.get(name, "")
            yield Started(process, printed, variables)
        finally:
            process.terminate()
