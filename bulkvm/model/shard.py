"""The share of the PBXs that one of several machines takes."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from bulkvm.model.errors import UsageError
from bulkvm.model.url import normalize_host, read_ip

_LOCALHOST: Final = ("127.0.0.1", "::1")
_SHARD: Final = re.compile(r"([0-9]{1,6})/([0-9]{1,6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shard:
    """A share of the PBXs, counted from 1. Each PBX is in one share, by a hash of the host in its address."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def of_same_count(self, url: str) -> "Shard":
        """The share that a PBX is in. It is the same with every version of bulkvm and Python."""
        try:
            host = _host(urlsplit(url).hostname or "")
        except ValueError:  # the address is not valid, which its share reports
            host = ""
        number = int.from_bytes(sha256(host.encode()).digest()[:8], "big") % self.count
        return Shard(number + 1, self.count)

    def has(self, url: str) -> bool:
        """Whether a PBX is in this share."""
        return self.of_same_count(url) == self


def _host(written: str) -> str:
    """A host in one spelling. Other loopback addresses than the usual ones can be PBXs of their own."""
    address = read_ip(written)
    is_own = address and address.is_loopback and str(address) not in _LOCALHOST
    return str(address) if is_own else normalize_host(written).strip("[]")


def parse_shard(text: str) -> Shard:
    """Parse a share, such as 3/20.

    Raises:
        UsageError: it is not one.
    """
    found = _SHARD.fullmatch(text.strip())
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise UsageError(f'"{text}" is not a shard. Write it as 3/20: the third of 20, which are counted from 1.')
    return Shard(int(found[1]), int(found[2]))
