"""What a shell can complete besides commands, options and files: the names of sites and runs, and codes."""

from contextlib import suppress

import click
from click.shell_completion import CompletionItem

_LAST = "last"


def complete_sites(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The sites whose names begin with what was typed."""
    names = ["simulator"]
    with suppress(Exception):  # nothing can be reported while a line is typed
        from bulkvm.paths import sites_file
        from bulkvm.sites import read_sites

        names += read_sites(sites_file())
    return _matching(names, incomplete)


def complete_runs(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The runs whose names begin with what was typed, the last one first."""
    names = [_LAST]
    with suppress(Exception):  # as above
        from bulkvm.paths import runs_folder
        from bulkvm.runs import list_journals

        names += [file.stem for file in reversed(list_journals(runs_folder()))]
    return _matching(names, incomplete)


def complete_results(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Files, and the runs whose names begin with what was typed."""
    runs = map(CompletionItem[str], complete_runs(context, parameter, incomplete))
    return [*complete_files(context, parameter, incomplete), *runs]


def complete_files(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Files, which the shell finds itself."""
    return [CompletionItem(incomplete, type="file")]


def complete_codes(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The codes whose names begin with what was typed."""
    from bulkvm.model.explanations import EXPLANATIONS

    return _matching([entry.code.replace(" ", "-") for entry in EXPLANATIONS], incomplete)


def _matching(names: list[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
