"""Sending and listing, and what others need for the same requests."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.request import urlopen

from tests.benchmarks.fast_pbx import LIST, STATS
from tests.benchmarks.floor import request_bytes, send_all
from tests.benchmarks.measuring import Took, fast_pbx, stopwatch
from tests.benchmarks.sheets import bodies

_HEADERS: Final = {"Authorization": "Bearer token", "Content-Type": "application/json", "Accept": "application/json"}


def floor(latency: float, rows: int, in_flight: int) -> Took:
    """The yardstick: the create of each row, as fixed bytes over a raw asyncio protocol."""
    requests = [request_bytes("POST", LIST, body) for _, body in bodies(rows)]
    with fast_pbx(latency) as port, stopwatch(requests=len(requests)) as took:
        asyncio.run(send_all(port, requests, in_flight))
    return took[0]


def aiohttp(latency: float, rows: int, in_flight: int) -> Took:
    """The yardstick: the same by aiohttp alone, with its answers read and its JSON parsed."""
    from aiohttp import ClientSession, TCPConnector

    requests = [body for _, body in bodies(rows)]

    async def work(session: ClientSession, shared: Iterator[bytes]) -> None:
        for body in shared:
            async with session.post(LIST, data=body) as answer:
                json.loads(await answer.read())

    async def send(port: int) -> None:
        connector = TCPConnector(limit=in_flight)
        async with ClientSession(f"http://127.0.0.1:{port}", connector=connector, headers=_HEADERS) as session:
            shared = iter(requests)
            await asyncio.gather(*(work(session, shared) for _ in range(in_flight)))

    with fast_pbx(latency) as port, stopwatch(requests=len(requests)) as took:
        asyncio.run(send(port))
    return took[0]


def httpx_seam(latency: float, rows: int, in_flight: int) -> Took:
    """The yardstick: the same by bulkvm's own connections alone, with httpx's requests made beforehand.

    What follows them, from paces to journals, has what is left of the goal.
    """
    import httpx

    from bulkvm import Site
    from bulkvm.pbx import in_parallel
    from bulkvm.pbx.transport import make_transport

    async def send(site: Site) -> None:
        requests = [
            httpx.Request("POST", f"{site.url}{LIST}", headers=_HEADERS, content=body) for _, body in bodies(rows)
        ]
        async with make_transport(site, in_flight, timeout=30) as transport:

            async def ask(request: httpx.Request) -> None:
                (await transport.handle_async_request(request)).json()

            with stopwatch(requests=len(requests)) as took:
                await in_parallel(requests, ask, in_flight)
        sent.extend(took)

    sent: list[Took] = []
    with fast_pbx(latency) as port:
        asyncio.run(send(Site(name="clinic", url=f"http://127.0.0.1:{port}", token="token")))
    return sent[0]


def requests_loop(latency: float, rows: int) -> Took:
    """The yardstick: a loop over the rows with requests and a session, which only creates."""
    import requests

    boxes = list(bodies(rows))
    with fast_pbx(latency) as port, stopwatch(requests=rows) as took, requests.Session() as session:
        session.headers.update(_HEADERS)
        for _, body in boxes:
            session.post(f"http://127.0.0.1:{port}{LIST}", data=body).json()
    return took[0]


def curl(latency: float, rows: int, in_flight: int) -> Took:
    """The yardstick: a curl for each row's create, so many at a time by xargs -P."""
    with fast_pbx(latency) as port, TemporaryDirectory() as folder:
        for extension, body in bodies(rows):
            (Path(folder) / extension).write_bytes(body)
        names = "\n".join(sorted(file.name for file in Path(folder).iterdir()))
        headers = [word for name, value in _HEADERS.items() for word in ("-H", f"{name}: {value}")]
        one = ["curl", "-s", "-o", "/dev/null", *headers, "-d", "@{}", f"http://127.0.0.1:{port}{LIST}"]
        with stopwatch(requests=rows) as took:
            subprocess.run(
                ["xargs", "-P", str(in_flight), "-I", "{}", *one], input=names, cwd=folder, check=True, text=True
            )
    return took[0]


def import_sheet(latency: float, per_minute: int, file: str, in_flight: int, max_rps: float) -> Took:
    """What bulkvm needs for an import: read, check, compare, send with a journal, write the result.

    The seconds are those from the first request to the last; the processor's, those of everything.
    """
    from bulkvm import (
        Journal,
        RunInfo,
        RunResult,
        RunSummary,
        SendSettings,
        Site,
        Status,
        complete_outcomes,
        connect,
        plan_for,
        read_sheet,
        send,
        validate,
        write_result,
    )

    settings = SendSettings(concurrency=in_flight, max_rps=max_rps)
    with fast_pbx(latency, per_minute=per_minute) as port, TemporaryDirectory() as folder, stopwatch() as whole:
        site = Site(name="clinic", url=f"http://127.0.0.1:{port}", token="token")
        sheet = read_sheet(Path(file))
        checked = validate(sheet)
        began = datetime.now(UTC)
        facts = RunInfo(name="run", site=site.name, url=site.url, file=file, began=began, extensions=checked.extensions)

        async def execute() -> RunResult:
            async with connect(site, settings) as pbx:
                plan = await plan_for(pbx, checked.records)
                journal = Journal(Path(folder), facts)
                ending = await send(plan, pbx, settings, journal=journal)
                journal.close()
                return ending

        with stopwatch() as sent:
            ending = asyncio.run(execute())
        outcomes = complete_outcomes(checked.extensions, checked.problems, ending.outcomes)
        run = RunSummary(site=site.name, time=began, input_sha256="", exit_code=0)
        write_result(Path(folder) / "result.xlsx", sheet, outcomes, checked.problems, run)
        counts = {**_stats(port), "created": sum(o.status is Status.CREATED for o in outcomes)}
    return Took(sent[0].seconds, whole[0].cpu, whole[0].start_mib, whole[0].peak_mib, counts)


def list_boxes(latency: float, boxes: int) -> Took:
    """What bulkvm needs to list all boxes."""
    from bulkvm import SendSettings, Site, connect

    async def read(port: int) -> int:
        site = Site(name="clinic", url=f"http://127.0.0.1:{port}", token="token")
        async with connect(site, SendSettings(max_rps=0)) as pbx:
            return len(await pbx.list_boxes())

    with fast_pbx(latency, boxes=boxes) as port:
        with stopwatch() as took:
            found = asyncio.run(read(port))
        counts = {**_stats(port), "boxes": found}
    return Took(took[0].seconds, took[0].cpu, took[0].start_mib, took[0].peak_mib, counts)


def load(latency: float, knee: int, requests: int, in_flight: int) -> Took:
    """Ask as fast as may be of a PBX that slows down beyond a knee, and see at how many at once that settles."""
    from bulkvm import SendSettings, Site, connect
    from bulkvm.pbx import in_parallel

    async def ask(port: int) -> None:
        site = Site(name="clinic", url=f"http://127.0.0.1:{port}", token="token")
        async with connect(site, SendSettings(concurrency=in_flight, max_rps=0)) as pbx:

            async def count(_: int) -> None:
                await pbx.count_boxes()

            await in_parallel(range(requests), count, in_flight)

    with fast_pbx(latency, knee=knee) as port:
        with stopwatch() as took:
            asyncio.run(ask(port))
        counts = _stats(port)
    return Took(took[0].seconds, took[0].cpu, counts=counts)


def back_up_tenants(tenants: int, boxes: int) -> Took:
    """What bulkvm needs to back up all tenants of a PBX, without a limit of the pace."""
    from bulkvm import BackupSettings, Connection, SendSettings, Site, back_up_tenants

    with (
        fast_pbx(0.0, boxes=boxes, tenants=tenants) as port,
        TemporaryDirectory() as folder,
    ):
        site = Site(name="provider", url=f"http://127.0.0.1:{port}", user="sysadmin", password="secret")
        settings = BackupSettings(folder=Path(folder) / "nights", now=datetime.now(UTC))
        with stopwatch() as took:
            report = back_up_tenants(Connection(site, SendSettings(max_rps=0)), settings)
        counts = {**_stats(port), "failed": len(report.errors), "backups": len(report.by_site)}
    return Took(took[0].seconds, took[0].cpu, took[0].start_mib, took[0].peak_mib, counts)


def cancel_and_go_on(latency: float, cancelled: int, in_flight: int) -> Took:
    """Cancel requests that are in flight, and see whether the client still works: how many of 100 are answered."""
    from bulkvm import SendSettings, Site, connect

    async def go(port: int) -> int:
        site = Site(name="clinic", url=f"http://127.0.0.1:{port}", token="token")
        async with connect(site, SendSettings(concurrency=in_flight, max_rps=0)) as pbx:
            for _ in range(cancelled // in_flight):
                calls = [asyncio.create_task(pbx.count_boxes()) for _ in range(in_flight)]
                await asyncio.sleep(0.002)
                for call in calls:
                    call.cancel()
                await asyncio.gather(*calls, return_exceptions=True)
            answers = await asyncio.gather(*(pbx.count_boxes() for _ in range(100)), return_exceptions=True)
            return sum(isinstance(answer, int) for answer in answers)

    with fast_pbx(latency) as port, stopwatch() as took:
        answered = asyncio.run(go(port))
    return Took(took[0].seconds, took[0].cpu, counts={"answered": answered})


def _stats(port: int) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{port}{STATS}") as answer:
        stats: dict[str, float] = json.load(answer)
        return stats
