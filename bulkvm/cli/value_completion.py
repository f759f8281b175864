"""Completion of a value after `--option=`.

Shells replace the whole word, except bash, which passes three words and replaces the last one, unless COMP_WORDBREAKS
has no `=`.
"""

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    PowerShellComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)


class _WholeWords(ShellComplete):
    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        items = super().get_completions(args, incomplete)
        option, is_joined, _ = incomplete.partition("=")
        if is_joined and option.startswith("--"):
            for item in items:
                if item.type == "plain":
                    item.value = f"{option}={item.value}"
        return items


@add_completion_class
class _Bash(_WholeWords, BashComplete):
    def get_completion_args(self) -> tuple[list[str], str]:
        args, incomplete = super().get_completion_args()
        return (args[:-1] if args[-1:] == ["="] else args), incomplete


@add_completion_class
class _Zsh(_WholeWords, ZshComplete):
    pass


@add_completion_class
class _Fish(_WholeWords, FishComplete):
    pass


@add_completion_class
class _PowerShell(_WholeWords, PowerShellComplete):
    pass
