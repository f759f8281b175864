"""Nightly exports that are verified when they are written, and can be verified again."""

from bulkvm.backup.backup_folder import check_backup, download, list_backed_up, newest_backup, warn_of_other_tenant
from bulkvm.backup.manifest import SUFFIX as MANIFEST_SUFFIX
from bulkvm.backup.manifest import Manifest, name_part, site_part
from bulkvm.backup.nightly import BackupSettings, back_up
from bulkvm.backup.retention import KEEP_ALL, Keep
from bulkvm.backup.verification import Verified, verify, verify_all

__all__ = [
    "KEEP_ALL",
    "MANIFEST_SUFFIX",
    "BackupSettings",
    "Keep",
    "Manifest",
    "Verified",
    "back_up",
    "check_backup",
    "download",
    "list_backed_up",
    "name_part",
    "newest_backup",
    "site_part",
    "verify",
    "verify_all",
    "warn_of_other_tenant",
]
