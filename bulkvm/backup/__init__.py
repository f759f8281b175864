"""Nightly exports that are verified when they are written, and can be verified again."""

from bulkvm.backup.backup_folder import (
    Folder,
    check_backup,
    describe_other_tenant,
    download,
    find_former_names,
    list_backed_up,
    list_file_names,
    newest_backup,
    warn_of_other_tenant,
)
from bulkvm.backup.manifest import MAX_NAME_PART, Manifest, name_part, site_part
from bulkvm.backup.manifest import SUFFIX as MANIFEST_SUFFIX
from bulkvm.backup.nightly import BackupSettings, back_up
from bulkvm.backup.retention import KEEP_ALL, Keep
from bulkvm.backup.verification import Verified, verify, verify_all

__all__ = [
    "KEEP_ALL",
    "MANIFEST_SUFFIX",
    "MAX_NAME_PART",
    "BackupSettings",
    "Folder",
    "Keep",
    "Manifest",
    "Verified",
    "back_up",
    "check_backup",
    "describe_other_tenant",
    "download",
    "find_former_names",
    "list_backed_up",
    "list_file_names",
    "name_part",
    "newest_backup",
    "site_part",
    "verify",
    "verify_all",
    "warn_of_other_tenant",
]
