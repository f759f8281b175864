"""A command that has subcommands, and does something without one."""

from typing import Any

import click
from click.shell_completion import CompletionItem

from bulkvm.cli.command_help import DocumentedCommand


class ArgumentOrSubcommand(click.Argument):
    """The first argument of a group. A shell completes the names of subcommands, too, unless an option precedes it."""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """The values that begin with what was typed."""
        sources = map(ctx.get_parameter_source, ctx.params)
        is_first = click.core.ParameterSource.COMMANDLINE not in sources
        names = ctx.command.commands if isinstance(ctx.command, click.Group) and is_first else {}
        return [
            *super().shell_complete(ctx, incomplete),
            *(CompletionItem(name) for name in names if name.startswith(incomplete)),
        ]


class CommandGroup(DocumentedCommand, click.Group):
    """Runs a subcommand if the first argument names one, and else itself with all arguments."""

    allow_extra_args = False
    allow_interspersed_args = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options | {"invoke_without_command": True, "subcommand_metavar": ""})

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the arguments of the subcommand, or the command's own."""
        if subcommand := self.commands.get(next(iter(args), "")):
            return subcommand.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options and the subcommands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The arguments for the usage line, without those of subcommands."""
        return [piece for piece in super().collect_usage_pieces(ctx) if piece]
