"""The choice of a site: by an option, then the variables, then the entry; no password is ever sent to another PBX."""

from collections.abc import Mapping

import pytest

from bulkvm.model.errors import UsageError
from bulkvm.model.settings import Site
from bulkvm.sites import add_secret, choose_site

CLINIC = Site(name="clinic", url="https://clinic:8887", user="admin", domain="clinic.example", fingerprint="AB")
PRACTICE = Site(name="practice", url="https://practice:8887")  # by token
BOTH = {"clinic": CLINIC, "practice": PRACTICE}
KEYRING = {"clinic": "clinic-password", "practice": "practice-token"}


def choose(
    name: str | None,
    sites: Mapping[str, Site],
    variables: Mapping[str, str] | None = None,
    *,
    keyring: Mapping[str, str] = KEYRING,
) -> tuple[str, str | None, str | None, str | None, str | None]:
    environment = {f"BULKVM_{key.upper()}": value for key, value in (variables or {}).items()}
    choice = choose_site(name, environment, sites)
    site = add_secret(choice, lambda entry: keyring.get(entry.name), lambda _: None)
    return site.url, site.user, site.domain, site.password, site.token


def test_a_site_is_chosen_by_name_with_what_the_keyring_holds() -> None:
    assert choose("clinic", BOTH) == ("https://clinic:8887", "admin", "clinic.example", "clinic-password", None)
    assert choose("practice", BOTH) == ("https://practice:8887", None, None, None, "practice-token")


def test_the_only_site_needs_no_name() -> None:
    assert choose(None, {"clinic": CLINIC}) == choose("clinic", BOTH)


def test_a_variable_that_names_a_pbx_takes_precedence_over_the_only_site_and_gets_none_of_its_secrets() -> None:
    chosen = choose(None, {"clinic": CLINIC}, {"url": "https://clinic:8887/api/", "token": "t"})

    assert chosen == ("https://clinic:8887", None, None, None, "t")
    with pytest.raises(UsageError, match="there is no login for it"):
        choose(None, {"clinic": CLINIC}, {"url": "https://clinic:8887", "user": "admin"})


def test_variables_alone_are_a_site_with_a_token_or_a_login() -> None:
    login = {"user": "admin", "domain": "clinic.example", "password": "p"}

    assert choose(None, {}, {"url": "https://pbx/", "token": " t\n"}) == ("https://pbx", None, None, None, "t")
    assert choose(None, {}, {"url": "https://pbx"} | login) == ("https://pbx", "admin", "clinic.example", "p", None)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"password": "other"}, ("admin", "clinic.example", "other", None)),
        ({"token": "t"}, ("admin", "clinic.example", None, "t")),
        ({"user": "ute", "password": "other"}, ("ute", "clinic.example", "other", None)),
        ({"domain": "b.example", "password": "other"}, ("admin", "b.example", "other", None)),
        ({"user": "admin"}, ("admin", "clinic.example", "clinic-password", None)),
        ({"url": "https://clinic:8887/"}, ("admin", "clinic.example", "clinic-password", None)),
    ],
)
def test_variables_take_precedence_over_a_sites_entry(
    variables: dict[str, str], expected: tuple[str | None, ...]
) -> None:
    assert choose("clinic", BOTH, {"site": "clinic"} | variables)[1:] == expected


@pytest.mark.parametrize("variables", [{"user": "ute"}, {"domain": "b.example"}])
def test_a_stored_password_is_not_tried_for_another_user(variables: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="No password for the site clinic"):
        choose("clinic", BOTH, variables)


def test_a_named_site_and_a_variable_that_names_another_pbx_are_refused() -> None:
    with pytest.raises(UsageError, match="BULKVM_URL names another PBX"):
        choose("clinic", BOTH, {"url": "https://elsewhere:8887", "token": "t"})


@pytest.mark.parametrize(
    ("name", "sites", "words"),
    [
        (None, {}, "There is no site yet.*bulkvm login NAME"),
        (None, BOTH, "several sites: clinic, practice"),
        ("hospital", BOTH, 'no site called "hospital". The sites are: clinic, practice'),
        ("hospital", {}, "bulkvm login hospital"),
    ],
)
def test_without_a_usable_site_the_error_explains_what_to_do(
    name: str | None, sites: dict[str, Site], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        choose(name, sites)


def test_without_a_keyring_the_variables_are_named() -> None:
    with pytest.raises(UsageError, match=r"bulkvm login clinic.*password_file.*BULKVM_SITE=clinic and BULKVM_PASSWORD"):
        choose("clinic", BOTH, keyring={})
    with pytest.raises(UsageError, match=r"No token for the site practice.*BULKVM_TOKEN"):
        choose("practice", BOTH, keyring={})


def test_how_a_site_is_trusted_stays_with_it() -> None:
    assert choose_site("clinic", {}, BOTH).site.fingerprint == "AB"


@pytest.mark.parametrize("secret", [{"password": "p"}, {"token": "t"}, {"token": "t", "password": "p"}], ids=str)
@pytest.mark.parametrize(
    ("name", "sites", "variables"),
    [
        ("clinic", BOTH, {}),
        ("practice", BOTH, {"site": "clinic"}),
        ("practice", BOTH, {"site": "clinic", "url": "https://practice:8887"}),
        ("practice", BOTH, {"user": "admin", "domain": "clinic.example"}),
        (None, {"clinic": CLINIC}, {}),
    ],
)
def test_a_secret_in_a_variable_goes_to_no_site_that_no_variable_names(
    name: str | None, sites: dict[str, Site], variables: dict[str, str], secret: dict[str, str]
) -> None:
    with pytest.raises(UsageError, match="so nothing was sent to the site"):
        choose(name, sites, variables | secret)


@pytest.mark.parametrize("variables", [{"site": "clinic"}, {"url": "https://clinic:8887/api"}])
def test_a_secret_in_a_variable_goes_to_the_site_that_a_variable_names(variables: dict[str, str]) -> None:
    assert choose("clinic", BOTH, variables | {"password": "p"})[3] == "p"


@pytest.mark.parametrize(
    ("name", "variables", "asked"),
    [
        ("clinic", {}, ("https://clinic:8887", "admin", "clinic.example", "typed", None)),
        ("clinic", {"user": "ute"}, ("https://clinic:8887", "ute", "clinic.example", "typed", None)),
        ("practice", {}, ("https://practice:8887", None, None, None, "typed")),
        (None, {"url": "https://new", "user": "ute"}, ("https://new", "ute", None, "typed", None)),
    ],
)
def test_a_missing_secret_is_prompted_for(
    name: str | None, variables: dict[str, str], asked: tuple[str | None, ...]
) -> None:
    environment = {f"BULKVM_{key.upper()}": value for key, value in variables.items()}

    site = add_secret(choose_site(name, environment, BOTH), lambda _: None, lambda _: "typed")

    assert (site.url, site.user, site.domain, site.password, site.token) == asked


def test_no_password_is_prompted_for_without_a_user() -> None:
    choice = choose_site(None, {"BULKVM_URL": "https://new"}, BOTH)

    with pytest.raises(UsageError, match="there is no login for it"):
        add_secret(choice, lambda _: "stored", lambda _: "typed")
