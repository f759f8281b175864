"""The commands by name, and the way out of each: its exit code, and its errors in words."""

import importlib
import io
import logging
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

from bulkvm import __version__
from bulkvm.cli.streams import OutputStreams, is_without_reader, open_standard_descriptors
from bulkvm.model.errors import BulkvmError, FileError, Interrupted, UsageError

# Imported when they are used, so that --help does not wait for pandas and its friends.
COMMANDS: Final = {
    "template": ("template", "Write the blank sheet to hand out."),
    "validate": ("validate", "Check a sheet, offline: every problem of every row."),
    "plan": ("plan", "Show what a sheet would change on the PBX; send nothing."),
    "import": ("import_", "Create and update boxes from a sheet."),
    "export": ("export", "Write all boxes of the PBX to a file."),
    "backup": ("backup", "Write a nightly export that proves itself."),
    "diff": ("diff", "Show how two files, or a file and the PBX, differ."),
    "undo": ("undo", "Put a run back."),
    "runs": ("runs", "List runs, or write a result anew."),
    "login": ("login", "Set up a site, or give it a new password."),
    "logout": ("logout", "Forget a site."),
    "sites": ("sites", "List the sites."),
    "doctor": ("doctor", "Check the way to a PBX, step by step."),
    "simulator": ("simulator", "Run a PBX on this machine, to try things on."),
    "demo": ("demo", "Tour the whole job on sample sheets, in under a minute."),
}


_MAY_BE_EMPTY: Final = ("--domain",)  # of a system administrator
_ENDING: Final = ("SIGTERM", "SIGHUP", "SIGBREAK")  # SIGHUP: the terminal is closed; SIGBREAK: the same on Windows
_GOOD: Final = (0, 10)  # exit codes: done, and differences found


@dataclass(slots=True)
class CliContext:
    """What the command line asks of the way out; `document` is the JSON document that is not printed yet."""

    streams: OutputStreams = field(default_factory=OutputStreams)
    debug: bool = False
    document: bool = False


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (the same)
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"bulkvm.cli.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        _refuse_empty(rest)
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (the same)
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _refuse_empty(arguments: Sequence[str]) -> None:
    """Refuse an argument of no characters: a script's variable is not set, and much could be meant by it.

    Raises:
        click.UsageError: there is one.
    """
    for before, argument in pairwise(("", *arguments)):
        option, is_pair, value = argument.partition("=") if argument.startswith("--") else (before, "", argument)
        if value or (argument and not is_pair) or option in _MAY_BE_EMPTY:
            continue
        what = f"The value of {option}" if option.strip("-") and option.startswith("-") else "An argument"
        raise click.UsageError(f"{what} is empty. Is a variable not set?")


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s")
def bulkvm() -> None:
    """Put shared voicemail boxes on a PortSIP PBX, from CSV and Excel sheets.

    Start with `bulkvm demo`. Then: `bulkvm template boxes.xlsx`, fill it in, `bulkvm validate boxes.xlsx`,
    `bulkvm import boxes.xlsx`.
    """


def main() -> NoReturn:
    """Run the command line and exit with the code that says how it ended."""
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves SIGHUP
            signal.signal(number, _press_ctrl_c)
    open_standard_descriptors()
    if "--debug" not in sys.argv:
        _silence_libraries()
    code = run()
    for name in ("SIGINT", *_ENDING):  # the code stands: while Python ends, a signal would replace it
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    sys.exit(code)


def _silence_libraries() -> None:
    """What libraries warn of is for us, not for users: no warning, log or lost exception of theirs is printed."""
    warnings.simplefilter("ignore")
    logging.getLogger().addHandler(logging.NullHandler())
    sys.unraisablehook = lambda _: None


def _press_ctrl_c(_number: int, frame: FrameType | None) -> None:
    """SIGTERM is Ctrl-C, whatever Ctrl-C means at the moment; to a script's background job that is nothing."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.default_int_handler(signal.SIGINT, frame)
    signal.raise_signal(signal.SIGINT)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command, say what went wrong in words, and return its exit code."""
    with OutputStreams() as streams:
        code = run_command(sys.argv[1:] if arguments is None else arguments, streams)
        lost = streams.lost_output
        if lost is None or is_without_reader(lost):  # a reader that has enough, such as `head`, is no fault
            return code
        streams.info(f"Standard output could not be written ({lost.strerror}), so what is there is not complete.")
        return UsageError.exit_code if code in _GOOD else code  # what else went wrong is worse


def run_command(given: Sequence[str], streams: OutputStreams) -> int:
    """Run one command on a console, say what went wrong in words, and return its exit code."""
    wishes = CliContext(streams, document="--json" in given)
    try:
        return bulkvm.main(given, standalone_mode=False, obj=wishes, prog_name="bulkvm") or 0
    except (click.exceptions.Abort, KeyboardInterrupt):
        warnings.simplefilter("ignore", RuntimeWarning)  # Python's, of a coroutine that was about to begin
        return _say("Stopped.", Interrupted.exit_code, wishes)
    except click.ClickException as error:
        usage = io.StringIO()
        error.show(usage)
        streams.info(usage.getvalue().rstrip("\n"))
        return _end(error.format_message(), error.exit_code, wishes)
    except Exception as error:  # noqa: BLE001  (no traceback reaches a user who did not ask for it)
        if wishes.debug:
            streams.info("".join(traceback.format_exception(error)).rstrip("\n"))
        return _say(*_in_words(error), wishes)


def current_streams() -> OutputStreams:
    """The console of the command that runs."""
    return click.get_current_context().ensure_object(CliContext).streams


def _in_words(error: Exception) -> tuple[str, int]:
    """What an error means to the user, and the exit code for it."""
    match error:
        case BulkvmError():
            return str(error), error.exit_code
        case OSError():
            where = f" ({error.filename})" if error.filename else ""
            return f"The computer could not do that: {error.strerror or error}{where}.", FileError.exit_code
        case _:
            return (
                f"bulkvm met something that it was not made for ({type(error).__name__}). This is a fault of bulkvm, "
                "not yours.\nRun the same with --debug, and report what it shows."
            ), 1


def _say(text: str, code: int, wishes: CliContext) -> int:
    wishes.streams.info(text, fg="red")
    return _end(text, code, wishes)


def _end(text: str, code: int, wishes: CliContext) -> int:
    """Print the error as the document of a command that ends without one of its own, if one is asked for."""
    if wishes.document:
        from bulkvm.cli.json_output import error_form, format_json

        wishes.streams.write(format_json(error_form(text, code)))
    return code
