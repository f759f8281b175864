"""Sites: which PBX is meant, and what is remembered of each."""

from bulkvm.sites.choice import Choice, add_secret, choose_site
from bulkvm.sites.file import SIMULATOR, Sites, change_site, check_changeable, check_name, read_sites
from bulkvm.sites.keychain import forget_secret, read_secret, store_secret
from bulkvm.sites.passwords import expand_password_file, fetch_secret, split_command

__all__ = [
    "SIMULATOR",
    "Choice",
    "Sites",
    "add_secret",
    "change_site",
    "check_changeable",
    "check_name",
    "choose_site",
    "expand_password_file",
    "fetch_secret",
    "forget_secret",
    "read_secret",
    "read_sites",
    "split_command",
    "store_secret",
]
