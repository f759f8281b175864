"""Sites: the PBXs that are set up, their logins and secrets."""

from bulkvm.sites.keyring_store import forget_secret, read_secret, store_secret
from bulkvm.sites.passwords import fetch_secret, run_commands, split_command
from bulkvm.sites.site_choice import add_secret, choose_site
from bulkvm.sites.site_file import SIMULATOR, Sites, change_site, check_changeable, check_name, read_sites
from bulkvm.sites.site_lock import lock_sites

__all__ = [
    "SIMULATOR",
    "Sites",
    "add_secret",
    "change_site",
    "check_changeable",
    "check_name",
    "choose_site",
    "fetch_secret",
    "forget_secret",
    "lock_sites",
    "read_secret",
    "read_sites",
    "run_commands",
    "split_command",
    "store_secret",
]
