"""What to use instead of commands and options that bulkvm does not have."""

from typing import Final

import click

_IMPORT: Final = "`bulkvm import FILE` creates and updates boxes."
_UNDO: Final = "`bulkvm undo RUN` undoes a run."
_PLAN: Final = "`bulkvm plan FILE` shows what an import would change, and sends nothing."
_EXPORT: Final = "`bulkvm export FILE` writes all boxes to a file."
_LOGIN: Final = "`bulkvm login SITE` sets up a site."
_CHECK: Final = "`bulkvm validate FILE` checks a sheet."
_NO_DELETE: Final = "bulkvm deletes boxes only to undo the run that created them: `bulkvm undo RUN`."
_NO_SECRETS: Final = (
    "Passwords and tokens are not options, since other users can see options. You are prompted for them; see "
    "`bulkvm login --help` for the alternatives."
)

_COMMANDS: Final = {
    "apply": _IMPORT,
    "check": _CHECK,
    "compare": "`bulkvm diff A B` compares two files, and `bulkvm diff A` a file with the PBX.",
    "config": _LOGIN,
    "configure": _LOGIN,
    "create": _IMPORT,
    "delete": _NO_DELETE,
    "download": _EXPORT,
    "dry-run": _PLAN,
    "dump": _EXPORT,
    "history": "`bulkvm runs` lists runs.",
    "init": _LOGIN,
    "lint": _CHECK,
    "list": f"{_EXPORT} `bulkvm sites` lists sites, and `bulkvm runs` runs.",
    "preview": _PLAN,
    "push": _IMPORT,
    "remove": _NO_DELETE,
    "restore": f"To restore a backup, import its file: `bulkvm import FILE`. {_UNDO}",
    "revert": _UNDO,
    "rollback": _UNDO,
    "setup": _LOGIN,
    "status": "`bulkvm runs` lists runs, and `bulkvm doctor` checks the connection to the PBX.",
    "update": _IMPORT,
    "upload": _IMPORT,
    "verify": "`bulkvm backup verify DIR` checks backups.",
    "version": "`bulkvm --version` shows the version.",
}
_OPTIONS: Final = {
    "--dry-run": _PLAN,
    "--dryrun": _PLAN,
    "-n": _PLAN,
    "--check": _PLAN,
    "--password": _NO_SECRETS,
    "--token": _NO_SECRETS,
    "--delete": _NO_DELETE,
    "--config": "The folder of the settings is set by BULKVM_CONFIG.",
    "--state-dir": "The folder of the journals is set by BULKVM_STATE.",
}


def suggest(error: click.ClickException) -> click.ClickException:
    """The error with what to use instead of a command or an option that does not exist, if that is known."""
    match error:
        case click.exceptions.NoSuchCommand():
            hint = _COMMANDS.get(error.command_name)
        case click.NoSuchOption():
            hint = _OPTIONS.get(error.option_name)
        case _:
            return error
    return click.UsageError(f"{error.message} {hint}", error.ctx) if hint else error
