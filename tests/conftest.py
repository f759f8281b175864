"""Fixtures and settings of all tests."""

import os
import signal
import sys
from collections.abc import Iterator

import keyring
import pytest
from hypothesis import HealthCheck, settings

from tests.golden_files import GOLDEN, Golden
from tests.keyrings import UseKeyring

# Tests do not depend on how fast the machine is, and each run of a commit tries the same examples. Others are tried
# with HYPOTHESIS_PROFILE=random.
_UNTIMED = settings(settings.get_profile("default"), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("random", _UNTIMED)
settings.register_profile("same", _UNTIMED, derandomize=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# Programs that tests start and then stop must not inherit that signals are ignored, as a job in the background does.
for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL), ("SIGQUIT", signal.SIG_DFL)):
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)

# The programs that tests start, and the workers of pytest-xdist, compile bulkvm once, and not each of them again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-golden", action="store_true", help="write the golden files anew instead of comparing")


@pytest.fixture(autouse=True)
def no_limits_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the pauses that PBXs of other tests asked for, since a new PBX may get the port of one of them."""
    monkeypatch.setattr("bulkvm.pbx.throttling.shared_limits._rates", {})


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a whole text with its file under tests/golden; `pytest --renew-golden` renews the file."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--renew-golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        assert text == file.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def use_keyring() -> Iterator[UseKeyring]:
    """Use a keyring until the test ends."""
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)
