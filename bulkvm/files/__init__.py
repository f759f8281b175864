"""Files: atomic and private writes, who else can change them, locks, and files in a store."""

from bulkvm.files.atomic_writes import (
    DISK_FULL,
    NewFile,
    Reservation,
    check_kind,
    check_local,
    check_target,
    flush_folder,
    make_private_folder,
    rename_exclusively,
    reserve,
    writing,
)

__all__ = [
    "DISK_FULL",
    "NewFile",
    "Reservation",
    "check_kind",
    "check_local",
    "check_target",
    "flush_folder",
    "make_private_folder",
    "rename_exclusively",
    "reserve",
    "writing",
]
