"""`bulkvm simulator`."""

import os
import re
import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkvm.cli.console import Console, console_options
from bulkvm.cli.number_types import WholeNumber
from bulkvm.cli.simulator_rules import CommandWithRules
from bulkvm.model.errors import UsageError
from bulkvm.model.exit_codes import ExitCode

if TYPE_CHECKING:
    from bulkvm.simulator import Running, SimulatorSettings


def _parse_latency(_context: click.Context, _parameter: click.Parameter, text: str) -> float:
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s)", text.strip()):
        return float(found[1]) / (1000 if found[2] == "ms" else 1)
    raise click.BadParameter(f'"{text}" is not a duration. Write 50ms or 0.5s.')


@click.command(
    "simulator",
    cls=CommandWithRules,
    examples=(
        ("bulkvm simulator --state boxes.sqlite3 --tls", "A PBX that keeps its boxes."),
        ("bulkvm simulator --seed boxes.csv --latency 50ms", "One with these boxes and slow responses."),
        ("bulkvm simulator --fault 503:create:every=5", "One in which every fifth create fails."),
    ),
)
@click.option(
    "--port",
    type=WholeNumber(0, 65535, example=8887),
    default=8887,
    show_default=True,
    help="The port; 0 for any free one.",
)
@click.option("--state", type=click.Path(path_type=Path), metavar="FILE", help="Keep the boxes in FILE.")
@click.option(
    "--seed", type=click.Path(path_type=Path), metavar="FILE", help="Start with the boxes of an exported file."
)
@click.option("--tls", is_flag=True, help="Serve https with a self-signed certificate, kept beside --state.")
@click.option("--latency", callback=_parse_latency, default="0ms", show_default=True, help="The response time.")
@click.option(
    "--knee", type=WholeNumber(1), metavar="N", help="Respond more slowly to more than N concurrent requests."
)
@click.option(
    "--page-cap",
    type=WholeNumber(1, 100),
    default=100,
    show_default=True,
    help="The maximum number of boxes per page.",
)
@click.option("--summary-lists", is_flag=True, help="List only the id, name and extension of boxes.")
@click.option(
    "--numbers",
    type=WholeNumber(0, 50_000),
    default=0,
    metavar="N",
    help="Add N users, ring groups, call queues, conference rooms and virtual receptionists, from number 20000 on.",
)
@click.option(
    "--tenants",
    type=WholeNumber(1, 5_000),
    default=1,
    show_default=True,
    metavar="N",
    help="The number of tenants. With several, the login of a system administrator is printed too.",
)
@click.option("--boxes", type=WholeNumber(0, 100_000), default=0, metavar="N", help="Start each tenant with N boxes.")
@click.option(
    "--fault", "faults", metavar="RULE", multiple=True, help="Inject a fault, such as 503:create:3. May be repeated."
)
@click.option(
    "--behave",
    metavar="RULE",
    multiple=True,
    help="Change the behaviour, such as hide:pin:list. May be repeated.",
)
@console_options
def command(
    *,
    port: int,
    state: Path | None,
    seed: Path | None,
    tls: bool,
    latency: float,
    knee: int | None,
    page_cap: int,
    summary_lists: bool,
    numbers: int,
    tenants: int,
    boxes: int,
    faults: tuple[str, ...],
    behave: tuple[str, ...],
    console: Console,
) -> int:
    """Run a simulated PBX on this machine, for trials and training. Stop it with Ctrl-C.

    Without --state, its boxes are kept in memory. `--site simulator` does not need a running simulator.
    The token and password change at each start, unless BULKVM_SIMULATOR_TOKEN and BULKVM_SIMULATOR_PASSWORD are set.
    """
    from bulkvm.simulator import SimulatorError, SimulatorSettings, create_app, serve

    password = os.environ.get("BULKVM_SIMULATOR_PASSWORD") or secrets.token_urlsafe(24)
    settings = SimulatorSettings(
        token=os.environ.get("BULKVM_SIMULATOR_TOKEN") or secrets.token_urlsafe(24),
        password=password,
        system_password=password,
        latency=latency,
        knee=knee,
        page_cap=page_cap,
        summary_lists=summary_lists,
        numbers=numbers,
        tenants=tenants,
        boxes=boxes,
        behave=behave,
    )
    try:
        app = create_app(state, seed=seed, settings=settings, faults=faults)
        serve(app, port=port, tls=tls, state=state, on_ready=lambda running: _show_access(running, settings, console))
    except SimulatorError as error:
        raise UsageError(str(error)) from error
    return ExitCode.DONE


def _show_access(running: "Running", settings: "SimulatorSettings", console: Console) -> None:
    """Print the variables to set, as lines to paste."""
    # BULKVM_SITE would take precedence over BULKVM_URL.
    where = {"BULKVM_SITE": "", "BULKVM_URL": running.url}
    if running.certificate:
        where["BULKVM_CA_FILE"] = str(running.certificate.resolve())
    login = {"BULKVM_TOKEN": "", "BULKVM_USER": settings.user, "BULKVM_DOMAIN": settings.domain}
    console.always(
        f"The simulator is running at {running.url}. To use it, paste these lines into another terminal:\n"
        f"{_exports(where | {'BULKVM_TOKEN': settings.token})}\n"
        "To log in with a password instead, paste these lines as well:\n"
        f"{_exports(login | {'BULKVM_PASSWORD': settings.password})}"
    )
    if settings.tenants > 1:
        system = {"BULKVM_USER": settings.system_user, "BULKVM_DOMAIN": "", "BULKVM_TENANT": settings.domain}
        console.always(
            f"To log in as the system administrator of {settings.tenants} tenants, paste these instead:\n"
            f"{_exports({'BULKVM_TOKEN': ''} | system | {'BULKVM_PASSWORD': settings.system_password})}"
        )


def _exports(variables: dict[str, str]) -> str:
    return "\n".join(f"  export {name}={shlex.quote(value) if value else ''}" for name, value in variables.items())
