"""`bulkvm completion`."""

from typing import Final

import click
from click.shell_completion import get_completion_class

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.main import COMPLETION_VARIABLE, bulkvm
from bulkvm.model.exit_codes import ExitCode

# What is replaced in click's scripts.
_CORRECTIONS: Final = {
    "bash": {
        "local response": "local response completion type value",  # else they change variables of the user
        "compopt -o dirnames": "compopt -o plusdirs",  # folders beside subcommands
    },
    "zsh": {"_path_files": "[[ $PREFIX != --*=* ]] || compset -P '*='; _path_files"},  # files after `--output=`
    "fish": {'string split ","': 'string split -m 1 ","'},  # else descriptions end at their first comma
    "powershell": {  # paths are inserted as they are, and a space would end the argument
        "$_.FullName, $_.Name,": (
            """$(if ($_.FullName -match '[^\\w\\\\/:.~-]') { "'" + $_.FullName.Replace("'", "''") + "'" }"""
            " else { $_.FullName }), $_.Name,"
        )
    },
}


@click.command(
    "completion",
    cls=DocumentedCommand,
    examples=(
        ('eval "$(bulkvm completion bash)"', "In ~/.bashrc."),
        ('eval "$(bulkvm completion zsh)"', "In ~/.zshrc, after compinit."),
        ("bulkvm completion fish | source", "In ~/.config/fish/config.fish."),
        ("bulkvm completion powershell | Out-String | Invoke-Expression", "In the file that $PROFILE names."),
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
@console_options
def command(*, shell: str, console: Console) -> int:
    """Print a script for SHELL that completes commands, options, files, sites, runs and codes."""
    shell_class = get_completion_class(shell)
    assert shell_class
    script = shell_class(bulkvm, {}, "bulkvm", COMPLETION_VARIABLE).source()
    for before, after in _CORRECTIONS[shell].items():
        script = script.replace(before, after)
    console.data(script.encode())
    return ExitCode.DONE
