"""The help of a command: examples first, its own options before those that many commands share, and exit codes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from bulkvm.model.exit_codes import ExitCode

# Those of commands that compare and send nothing.
COMPARISON_CODES: Final = (
    ExitCode.DONE,
    ExitCode.USAGE,
    ExitCode.SHEET,
    ExitCode.LOGIN,
    ExitCode.PBX,
    ExitCode.DIFFERENCES,
    ExitCode.INTERRUPTED,
)
_OWN: Final = "Options"
_GROUPS: Final = {
    "Rows and PINs": ("--generate-pins", "--replace-pins", "--skip-invalid", "--skip-taken", "--keep-unseen"),
    "Safety limits": ("--max-changes", "--max-errors", "--force", "--verify", "--no-canary", "--with-messages"),
    "Reading the sheet": ("--sheet", "--encoding", "--map", "--from", "--fix", "--only-failed", "--pin-length"),
    "Connection": (
        "--site", "--tenant", "--timeout", "--retries", "--max-outage", "--max-rps", "--concurrency", "--ca-file",
        "--insecure", "--allow-http",
    ),
    "Output": ("--json", "--quiet", "--verbose", "--no-color", "--debug", "--help"),
}  # fmt: skip
_GROUP_OF: Final = {option: heading for heading, options in _GROUPS.items() for option in options}
_EXAMPLE_WIDTH: Final = 46
# The variables that are not options with the same name. README's table is made from this list, too.
VARIABLES: Final[Mapping[str, str]] = {
    "BULKVM_URL": "The address of a PBX without a site, such as https://pbx.example.com:8887.",
    "BULKVM_TOKEN": "A bearer token.",
    "BULKVM_USER, BULKVM_PASSWORD, BULKVM_DOMAIN": "A login; the domain is the tenant's SIP domain.",
    "BULKVM_CONFIG, BULKVM_STATE": "The folder of the sites; the folder of journals, locks and the simulator's boxes. "
    "Required for a user without a home folder.",
    "BULKVM_SIMULATOR_TOKEN, BULKVM_SIMULATOR_PASSWORD": "For scripts: the login of `bulkvm simulator`, instead of a "
    "new one at each start.",
    "NO_COLOR, CLICOLOR, FORCE_COLOR": "NO_COLOR=1 and CLICOLOR=0 disable colours; FORCE_COLOR=1 enables them where "
    "output is piped.",
}
_VARIABLE_WIDTH: Final = 20


def write_variables(formatter: click.HelpFormatter) -> None:
    """Write the environment variables of all commands."""
    with formatter.section("Environment variables"):
        formatter.write_dl([*VARIABLES.items()], col_max=_VARIABLE_WIDTH)
        formatter.write_paragraph()
        formatter.write_text(
            "Variables for options are in the help of each command. Options take precedence over variables, variables "
            "over the site's settings, and these over the defaults."
        )


class DocumentedCommand(click.Command):
    """A command with examples and exit codes in its help, and its options in groups."""

    def __init__(
        self,
        *args: Any,
        examples: Sequence[tuple[str, str]] = (),
        exit_codes: Sequence[ExitCode] = (),
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._examples = examples
        self._exit_codes = exit_codes

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does, and examples."""
        super().format_help_text(ctx, formatter)
        if self._examples:
            with formatter.section("Examples"):
                formatter.write_dl(self._examples, col_max=_EXAMPLE_WIDTH)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options: first the command's own, then those that many commands share."""
        groups = defaultdict(list)
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and (record := parameter.get_help_record(ctx)):
                groups[_GROUP_OF.get(max(parameter.opts, key=len), _OWN)].append(record)
        for heading in (_OWN, *_GROUPS):
            if groups[heading]:
                with formatter.section(heading):
                    formatter.write_dl(groups[heading])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the environment variables and exit codes."""
        super().format_epilog(ctx, formatter)
        options = {parameter.name: parameter.envvar for parameter in self.get_params(ctx) if parameter.envvar}
        if options:
            with formatter.section("Environment variables"):
                formatter.write_text(f"{', '.join(map(str, options.values()))}: as the options with these names.")
                if "timeout" in options:
                    formatter.write_text(
                        "BULKVM_URL, and BULKVM_TOKEN or BULKVM_USER, BULKVM_DOMAIN and BULKVM_PASSWORD: a PBX and a "
                        "login without a site."
                    )
        if self._exit_codes:
            with formatter.section("Exit codes"):
                formatter.write_dl([(str(int(code)), code.meaning) for code in self._exit_codes])
