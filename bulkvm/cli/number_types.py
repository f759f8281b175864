"""Types of options that are numbers or durations. Their errors show the allowed range and an example."""

import math
import re
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import click

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION: Final = re.compile(r"([0-9]{1,5})([smhd])")


class WholeNumber(click.IntRange):
    """A whole number in a range."""

    def __init__(self, least: int, most: int | None = None, *, example: int | None = None) -> None:
        super().__init__(least, most)
        self._range = f"of at least {least}" if most is None else f"from {least} to {most}"
        self._example = example or least or most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse it."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f'"{value}" is not a whole number {self._range}. Example: {self._example}.', param, ctx)


class Number(click.FloatRange):
    """A number in a range, which may have a fraction."""

    def __init__(self, least: float, most: float, *, example: str) -> None:
        super().__init__(least, most)
        self._least, self._most, self._example = least, most, example
        self._what = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse it."""
        try:
            number = self.parse(str(value).strip())
        except ValueError:
            number = math.nan
        if not self._least <= number <= self._most:
            between = f"from {self._least:g} to {self._most:.0f}"
            self.fail(f'"{value}" is not a {self._what} {between}. Example: {self._example}.', param, ctx)
        return number

    def parse(self, text: str) -> float:
        """Parse a text, in any range.

        Raises:
            ValueError: it is not a number.
        """
        return float(text)


class NumberOrNone(Number):
    """A number in a range, or 0 for none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse it."""
        with suppress(ValueError):
            if self.parse(str(value).strip()) == 0:
                return 0.0
        return super().convert(value, param, ctx)


class Seconds(Number):
    """A number of seconds, or a duration as of `Duration`."""

    def __init__(self, least: float, most: float, *, example: str) -> None:
        super().__init__(least, most, example=example)
        self._what = "number of seconds"

    def parse(self, text: str) -> float:
        """Parse a text, in any range."""
        duration = _parse_duration(text)
        return duration.total_seconds() if duration is not None else float(text)


class Duration(click.ParamType[timedelta]):
    """A duration: 90s, 10m, 36h or 90d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse it."""
        duration = value if isinstance(value, timedelta) else _parse_duration(value.strip())
        if duration is None:
            self.fail(f'"{value}" is not a duration, up to 99999d. Write it as 90s, 10m, 36h or 7d.', param, ctx)
        return duration


def _parse_duration(text: str) -> timedelta | None:
    found = _DURATION.fullmatch(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
