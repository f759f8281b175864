"""The command line: commands by name, error messages and exit codes."""

import gc
import importlib
import io
import logging
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import FrameType
from typing import Final, NoReturn

import click
from click.shell_completion import CompletionItem

from bulkvm import __version__
from bulkvm.cli.command_help import write_variables
from bulkvm.cli.completers import complete_sites
from bulkvm.cli.streams import OutputStreams, is_without_reader, open_standard_descriptors
from bulkvm.cli.suggestions import suggest
from bulkvm.model.errors import BulkvmError, FileError, Interrupted, UsageError
from bulkvm.model.exit_codes import ExitCode

# Imported when they are used, so that --help does not wait for pandas.
COMMANDS: Final = {
    "template": ("template", "Write a blank sheet to fill in."),
    "validate": ("validate", "Report every problem in a sheet, offline."),
    "plan": ("plan", "Show what a sheet would change on the PBX."),
    "import": ("import_", "Create and update boxes from a sheet."),
    "pins": ("pins", "List the new PINs of an import, for a mail merge."),
    "export": ("export", "Export all boxes of the PBX to a file."),
    "backup": ("backup", "Back up all boxes of the PBX to a new, verified file."),
    "diff": ("diff", "Compare two files, or a file and the PBX."),
    "undo": ("undo", "Undo a run."),
    "runs": ("runs", "List runs, or re-create a result file."),
    "login": ("login", "Set up a site, or change its login."),
    "logout": ("logout", "Remove a site and its password or token."),
    "sites": ("sites", "List sites."),
    "tenants": ("tenants", "List the tenants of a PBX."),
    "doctor": ("doctor", "Diagnose the connection to a PBX."),
    "simulator": ("simulator", "Run a simulated PBX on this machine."),
    "demo": ("demo", "Try every step on sample sheets, in under a minute."),
    "explain": ("explain", "Describe a problem, a status or an exit code."),
    "completion": ("shell_completion", "Print a script that completes commands in a shell."),
}


COMPLETION_VARIABLE: Final = f"_{'bulkvm'.upper()}_COMPLETE"  # as click derives it from the name of the program
_MAY_BE_EMPTY: Final = ("--domain",)  # a system administrator has none
_ENDING: Final = ("SIGTERM", "SIGHUP", "SIGBREAK")  # SIGHUP: the terminal is closed; SIGBREAK: the same on Windows
_OBJECTS_BETWEEN_COLLECTIONS: Final = 50_000  # cells, rows and problems have no cycles, and there may be millions
_SENDING: Final = ("plan", "import", "undo")  # commands that send boxes, or show what would be sent
_SUCCESS: Final = (ExitCode.DONE, ExitCode.DIFFERENCES)


@dataclass(slots=True)
class CliContext:
    """The state of one command.

    Attributes:
        needs_document: until the document that `--json` asks for is printed.
        command: its name, once that is known.
        has_sent: whether a run has begun, so that rows may have been sent.
    """

    streams: OutputStreams = field(default_factory=OutputStreams)
    debug: bool = False
    needs_document: bool = False
    command: str = ""
    has_sent: bool = False


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        ctx.ensure_object(CliContext).command = cmd_name
        module = importlib.import_module(f"bulkvm.cli.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        help_ = [CompletionItem("help", help="Show the help of a command.")] if "help".startswith(incomplete) else []
        return [*super().shell_complete(ctx, incomplete), *help_]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from error
        site = ctx.params.get("site")
        _refuse_empty([*([] if site is None else ["--site", site]), *rest])
        return name, command, rest if site is None or command is None else _with_site(site, command, rest)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args[:1] == ["help"]:
            args = [*args[1:], "--help"]
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (the same)
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (the same)
        write_variables(formatter)


def _with_site(site: str, command: click.Command, arguments: list[str]) -> list[str]:
    """The arguments of a command, with the site that was given before its name.

    Raises:
        click.UsageError: the command uses no site.
    """
    subcommands = command.commands if isinstance(command, click.Group) else {}
    parameters = {parameter.name: parameter for parameter in command.params}
    if "site" not in parameters or (arguments[:1] and arguments[0] in subcommands):
        raise click.UsageError(f"`bulkvm {' '.join([str(command.name), *arguments[:1]])}` uses no site. Omit --site.")
    return [*(["--site"] if isinstance(parameters["site"], click.Option) else []), site, *arguments]


def _refuse_empty(arguments: Sequence[str]) -> None:
    """Refuse an empty argument, as an unset variable of a script gives it.

    Raises:
        click.UsageError: an argument is empty.
    """
    for before, argument in pairwise(("", *arguments)):
        option, is_pair, value = argument.partition("=") if argument.startswith("--") else (before, "", argument)
        if value or (argument and not is_pair) or option in _MAY_BE_EMPTY:
            continue
        what = f"The value of {option}" if option.strip("-") and option.startswith("-") else "An argument"
        raise click.UsageError(f"{what} is empty. Is a variable unset?")


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--site", metavar="NAME", shell_complete=complete_sites, help="The site, for a command that uses one.")
def bulkvm(site: str | None) -> None:
    """Bulk import and export of shared voicemail boxes on a PortSIP PBX, with CSV and Excel sheets.

    To see every step, run `bulkvm demo`. To import your own sheet: `bulkvm template boxes.xlsx`, fill it in,
    `bulkvm validate boxes.xlsx`, `bulkvm import boxes.xlsx`.

    `bulkvm help COMMAND` has examples, `bulkvm explain CODE` describes a problem, a status or an exit code.
    """


def main() -> NoReturn:
    """Run the command line and exit with its exit code."""
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves SIGHUP
            signal.signal(number, _raise_sigint)
    open_standard_descriptors()
    if "--debug" not in sys.argv:
        _silence_libraries()
    if COMPLETION_VARIABLE in os.environ:
        importlib.import_module("bulkvm.cli.value_completion")
    code = run()
    gc.freeze()  # at its exit, Python would search all objects of pandas for cycles, which takes longer than a command
    for name in ("SIGINT", *_ENDING):  # while Python shuts down, a signal would replace the exit code
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    sys.exit(code)


def _silence_libraries() -> None:
    """Suppress warnings, logs and unraisable exceptions of libraries, which are not meant for users."""
    warnings.simplefilter("ignore")
    logging.getLogger().addHandler(logging.NullHandler())
    sys.unraisablehook = lambda _: None


def _raise_sigint(_number: int, frame: FrameType | None) -> None:
    """Handle a signal as Ctrl-C is handled at the moment; a background job of a script ignores SIGINT."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.default_int_handler(signal.SIGINT, frame)
    signal.raise_signal(signal.SIGINT)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command, report its error if any, and return its exit code."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    with OutputStreams() as streams:
        code = run_command(sys.argv[1:] if arguments is None else arguments, streams)
        lost = streams.lost_output
        if lost is None or is_without_reader(lost):  # a reader that stops early, such as `head`, is not an error
            return code
        streams.write_error(f"Standard output could not be written ({lost.strerror}), so the output is incomplete.")
        return UsageError.exit_code if code in _SUCCESS else code  # another error takes precedence


def run_command(given: Sequence[str], streams: OutputStreams) -> int:
    """Run one command on the given streams, report its error if any, and return its exit code."""
    context = CliContext(streams, needs_document="--json" in given)
    try:
        return bulkvm.main(given, standalone_mode=False, obj=context, prog_name="bulkvm") or 0
    except (click.exceptions.Abort, KeyboardInterrupt):
        warnings.simplefilter("ignore", RuntimeWarning)  # about a coroutine that was never awaited
        return _report_error(_stopped(context), Interrupted.exit_code, context)
    except click.ClickException as raised:
        error = suggest(raised)
        usage = io.StringIO()
        error.show(usage)
        streams.write_error(usage.getvalue().rstrip("\n").replace("\t", "  "))  # click indents a list of values
        return _end(error.format_message(), error.exit_code, context)
    except Exception as error:  # noqa: BLE001  (users see a traceback only with --debug)
        if context.debug:
            streams.write_error("".join(traceback.format_exception(error)).rstrip("\n"))
        return _report_error(*_describe(error), context)


def _stopped(context: CliContext) -> str:
    """The message of a command that was interrupted, also while its modules are imported."""
    if context.has_sent:
        return "Stopped. `bulkvm runs last` shows what was sent."
    return "Stopped. Nothing was sent." if context.command in _SENDING else "Stopped."


def current_streams() -> OutputStreams:
    """The streams of the current command."""
    return click.get_current_context().ensure_object(CliContext).streams


def _describe(error: Exception) -> tuple[str, int]:
    """The message and the exit code for an error."""
    match error:
        case BulkvmError():
            return str(error), error.exit_code
        case OSError():
            where = f" ({error.filename})" if error.filename else ""
            return f"Operating system error: {error.strerror or error}{where}.", FileError.exit_code
        case _:
            return (
                f"Internal error ({type(error).__name__}); this is a bug in bulkvm.\n"
                "Run the command again with --debug, and report the traceback."
            ), 1


def _report_error(text: str, code: int, context: CliContext) -> int:
    context.streams.write_error(text, fg="red")
    return _end(text, code, context)


def _end(text: str, code: int, context: CliContext) -> int:
    """Print the error as a JSON document if one is still needed, and return the exit code."""
    if context.needs_document:
        from bulkvm.cli.json_output import error_document, format_json

        context.streams.write_data(format_json(error_document(text, code)))
    return code
