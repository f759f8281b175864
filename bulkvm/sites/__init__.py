"""Sites: which PBX is meant, and what is remembered of each."""

from bulkvm.sites.choice import choose_site
from bulkvm.sites.file import SIMULATOR, check_name, read_sites, write_sites
from bulkvm.sites.keychain import forget_secret, read_secret, store_secret

__all__ = [
    "SIMULATOR",
    "check_name",
    "choose_site",
    "forget_secret",
    "read_secret",
    "read_sites",
    "store_secret",
    "write_sites",
]
