"""`bulkvm explain`."""

from collections.abc import Sequence
from dataclasses import asdict
from difflib import get_close_matches
from typing import Final

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.completers import complete_codes
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.json_output import SCHEMA, print_json
from bulkvm.cli.options import JSON_OPTION
from bulkvm.model.errors import UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.explanations import EXPLANATIONS, Explanation

_MOST: Final = 5  # suggestions
_HEADINGS: Final = {"problem": "Problems", "status": "Statuses of a row", "exit code": "Exit codes"}


@click.command(
    "explain",
    cls=DocumentedCommand,
    examples=(
        ("bulkvm explain pin-repeats", "A problem: the code in brackets."),
        ("bulkvm explain unknown", "A status."),
        ("bulkvm explain 7", "An exit code."),
        ("bulkvm explain", "All of them."),
    ),
)
@click.argument("code", nargs=-1, shell_complete=complete_codes)
@JSON_OPTION
@console_options
def command(*, code: tuple[str, ...], as_json: bool, console: Console) -> int:
    """Describe each problem, status or exit code CODE: its meaning, the reason, and what to do."""
    found = _find_all(code) if code else EXPLANATIONS
    if as_json:
        print_json({"schema": SCHEMA, "codes": [asdict(entry) for entry in found]})
    else:
        console.output("\n\n".join(map(_describe, found)) if code else _list())
    return ExitCode.DONE


def _find_all(names: Sequence[str]) -> list[Explanation]:
    """Find codes, each as messages or the shell show it, or one whose words are separate arguments.

    Raises:
        UsageError: there is no such code.
    """
    if found := _find(" ".join(names)):
        return found
    for name in names:
        if not _find(name):
            codes = {_key(entry.code): entry.code for entry in EXPLANATIONS}
            near = get_close_matches(_key(name), codes) or [key for key in codes if _key(name) in key]
            advice = f"Did you mean {' or '.join(codes[key] for key in near[:_MOST])}? " if near else ""
            raise UsageError(f'There is no code "{name}". {advice}`bulkvm explain` lists all codes.')
    return [entry for name in names for entry in _find(name)]


def _find(name: str) -> list[Explanation]:
    return [entry for entry in EXPLANATIONS if _key(entry.code) == _key(name)]


def _key(code: str) -> str:
    return code.strip("[] ").casefold().replace(" ", "-")


def _describe(entry: Explanation) -> str:
    kind = f"{entry.kind}, {entry.severity}" if entry.severity else entry.kind
    remedy = _sentence(entry.remedy) if entry.remedy not in {"", "none"} else "No action is needed."
    return (
        f"{entry.code} ({kind})\n  meaning  {_sentence(entry.meaning)}\n  reason   {entry.reason}\n  remedy   {remedy}"
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _list() -> str:
    width = max(len(entry.code) for entry in EXPLANATIONS)
    sections = (
        [f"{heading}:", *(f"  {e.code:{width}}  {e.meaning}" for e in EXPLANATIONS if e.kind == kind)]
        for kind, heading in _HEADINGS.items()
    )
    return "\n\n".join(map("\n".join, sections))
