"""The part of `bulkvm simulator --help` about the rules of `--fault` and `--behave`, and about filters.

It is not in the simulator's package, which takes too long to import for a help text.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

import click

from bulkvm.cli.command_help import DocumentedCommand

Entries: TypeAlias = Sequence[tuple[str, str]]

FAULTS: Final[Entries] = (
    ("503, 503-after", "This or any other error status, without performing the operation, or after it."),
    ("429(retry-after=2), 429(retry-date=2)", "The same with Retry-After, in seconds or as a date."),
    ("html, html-after", "The error page of a proxy (502), without performing the operation, or after it."),
    ("reset, reset-after", "The connection is reset before, or after the operation."),
    ("late(seconds=5)", "The response is sent 5 seconds after the operation."),
    ("slow(seconds=5)", "The operation starts 5 seconds later, even if the client has disconnected."),
    ("down(seconds=5)", "For 5 seconds, beginning with this call, every connection is reset."),
    ("truncated", "The JSON of the response is cut off."),
    ("expire", "All tokens expire before this call."),
    ("admin-add, admin-remove, admin-rename", "Someone adds a box, or removes or renames the first one, before it."),
    ("message", "A caller leaves a message in the box of this call, after it."),
    ("other-box", "The operation applies to the next box instead of the one with the given id."),
    ("other-tenant", "The response describes another tenant."),
    ("no-switch, other-switch", "A switch has no effect, or is to another tenant than the one with the given id."),
    ("unswitch", "All switches of the token of this call, or of the one that a login gives, are undone."),
    ("unswitch(requests=3)", "The same, and the token ends after this call and 2 more requests with it."),
    ("random", "A random fault from which a client should recover."),
)
TIMES: Final[Entries] = (
    ("3", "The third such call."),
    ("2-5", "The second to the fifth."),
    ("every=5", "Every fifth."),
    ("rate=0.1", "One in ten, at random."),
    ("rate=0.1,seed=7", "One in ten, the same ones each time."),
)
BEHAVIOURS: Final[Entries] = (
    ("hide:FIELD:WHERE, omit:FIELD:WHERE", "FIELD is null, or missing, in responses. WHERE is list, single or both."),
    ("mask-stars:FIELD:WHERE, mask-digits:FIELD:WHERE", "FIELD is ****** or 000000 unless it is null."),
    (
        "updates:replace",
        "A field that an update omits is set to its default, or else kept if required, or else removed. The default.",
    ),
    ("updates:merge", "A field that an update omits is kept."),
    ("updates:erase", "A field that an update omits is kept if it is documented, and removed otherwise."),
    ("extra:NAME=VALUE", "Boxes have an undocumented field, in a new box with this value (JSON, or else text)."),
    ("ignore:PARAMETER", "Lists ignore filter, search, orderby, skip or top."),
    ("nulls:owner", "A free number is answered with 200 and nulls."),
    ("nulls:list, nulls:messages", "The items are null if there are none."),
    ("nulls:policy, nulls:tenant", "All values of the password policy, or of the tenant, are null."),
    ("pins:MIN-MAX, pins:any", "The number of digits in a PIN, also in the password policy; any digits are accepted."),
    ("system:first", "A system administrator's login begins in the first tenant instead of none."),
    ("switch:token", "A switch gives a new token for the tenant, as before PBX 22.1; the old one keeps its tenant."),
    ("policy:MIN-MAX", "The password policy that is returned, whichever PINs are accepted."),
)
FILTERS: Final[Entries] = (
    ("name eq 'Sales'", "Also ne, gt, ge, lt and le. Compares by code point; '' is an apostrophe."),
    ("enable_pin eq true", "Also false and null, and ne."),
    ("startswith(name, 'Sa')", "Also endswith and contains."),
    ("A and B or (C and D)", "`and` has precedence."),
)


_SECTIONS: Final[Sequence[tuple[str, str, Entries]]] = (
    (
        "Faults",
        (
            "A rule of --fault is WHAT:CALL:WHEN. CALL is an operationId of /openapi.json, such as list, create or "
            "update, or any. The first rule that matches a call applies. WHAT is one of these:"
        ),
        FAULTS,
    ),
    ("When", "WHEN counts the calls since the start:", TIMES),
    ("Behaviours", "A rule of --behave decides what the API's documentation leaves open:", BEHAVIOURS),
    ("Filters", "Lists can be filtered, as by `bulkvm export FILE --filter TEXT`:", FILTERS),
)


class CommandWithRules(DocumentedCommand):
    """A command whose help ends with the rules."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the rules below the options."""
        super().format_epilog(ctx, formatter)
        for heading, text, entries in _SECTIONS:
            with formatter.section(heading):
                formatter.write_text(text)
                formatter.write_paragraph()
                formatter.write_dl(entries, col_max=26)
