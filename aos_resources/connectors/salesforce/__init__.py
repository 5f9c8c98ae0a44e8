"""Salesforce as a source: objects whole the first time, then what changed, what was deleted and which keys there are; read only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from aos_core.errors import CredentialsRefused, FixTheSource, NotUnderstood
from aos_resources.connectors.salesforce.api import Api
from aos_resources.connectors.salesforce.describing import Described, changeable, describe, offered
from aos_resources.connectors.salesforce.login import Credentials, Login
from aos_resources.connectors.salesforce.positions import Position
from aos_resources.connectors.salesforce.reading import Habits, Reading
from aos_resources.connectors.salesforce.words import Said
from aos_resources.connectors.source import Connector, Discovery, Doors, Kind, Part, Probe, SourceStream


class Salesforce:
    """`objects`: those to read, or what people and programs work with where none is named; `whole`: read whole each time."""

    name = "salesforce"

    def __init__(self, api: Api, objects: tuple[str, ...], whole: tuple[str, ...], habits: Habits) -> None:
        self._api, self._objects, self._whole = api, objects, whole
        self._described: dict[str, Described] = {}
        self.habits = habits

    def probe(self) -> Probe:
        """Asked without regard to what is left for others: somebody waits for it, and it takes three requests."""
        api = self._api.unreserved()
        summaries = _objects(api)
        return Probe(_account(api), any(changeable(one) for one in summaries), f"{sum(map(offered, summaries))} objects may be read")

    def discover(self) -> Discovery:
        summaries = {str(one["name"]): one for one in _objects(self._api)}
        names = self._objects or tuple(name for name, one in summaries.items() if offered(one))
        problems = [(name, "there is no such object, or it may not be read") for name in names if not summaries.get(name, {}).get("queryable")]
        for name in (one for one in names if summaries.get(one, {}).get("queryable")):
            try:
                self._described[name] = self._describe(name)
            except CredentialsRefused:
                raise
            except FixTheSource as problem:
                problems.append((name, problem.sentence))
        return Discovery(tuple(self._described[name].stream for name in names if name in self._described), problems=tuple(problems))

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        one = self._described.get(stream.name) or self._describe(stream.name)
        yield from Reading(self._api, one, Position.read(cursor), self.habits).parts()

    def _describe(self, name: str) -> Described:
        said = self._api.get(f"sobjects/{_named(name)}/describe", about=name).json()
        fields = said.get("fields") if isinstance(said, dict) else None
        if not isinstance(fields, list) or not all(isinstance(one, dict) and isinstance(one.get("type"), str) for one in fields):
            raise FixTheSource("Salesforce's answer is no description of an object", culprit=name)
        return describe(name, [one for one in fields if _named(str(one.get("name")))], name in self._whole)


def _objects(api: Api) -> list[dict[str, object]]:
    said = api.get("sobjects", about="all objects").json()
    if not isinstance(said, dict) or not isinstance(said.get("sobjects"), list):
        raise FixTheSource("Salesforce's answer is no list of objects", fix="Check the login address.")
    return [one for one in said["sobjects"] if isinstance(one, dict)]


def _account(api: Api) -> str:
    """Who reads, of which organisation. Not every app may ask that of its user's own page: then the records tell."""
    try:
        said = api.get("/services/oauth2/userinfo", about="the user").json()
        return f"{said['preferred_username']} of organisation {said['organization_id']}"
    except (CredentialsRefused, Said, KeyError, TypeError):
        token = api.token
    assert token is not None
    if not token.user.isalnum():
        return token.organisation or "somebody"
    found = api.get("query", {"q": f"SELECT Username FROM User WHERE Id = '{token.user}'"}, about="User").json()
    name = next((str(one.get("Username")) for one in found.get("records", [])), token.user)
    return f"{name} of organisation {token.organisation}"


def _named(name: str) -> str:
    if not (name.isascii() and name.isidentifier()):
        raise FixTheSource("This is no object of Salesforce", culprit=name[:100])
    return name


Text = Annotated[str, StringConstraints(max_length=1_000, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(max_length=100, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class SalesforceConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: Text = Field(title="Consumer key", description="Of the connected app that the company's Salesforce administrator made for this.")
    login: Text = Field(
        default="https://login.salesforce.com", title="Login address",
        description="login.salesforce.com; test.salesforce.com for a sandbox; or the company's own My Domain, such as yours.my.salesforce.com.",
    )  # fmt: skip
    username: Text = Field(default="", title="User", description="Only with a private key: the user to read as, who should be one that may only read.")
    objects: list[Name] = Field(
        default=[], max_length=2_000, title="Objects", description="The objects to read, by their API names; where none is named, all that people and programs work with."
    )
    whole: list[Name] = Field(
        default=[], max_length=2_000, title="Read whole",
        description="Objects to read from end to end each time: those with formulas over other objects, which may change though nothing in the row does.",
    )  # fmt: skip
    reserve: int = Field(default=20, ge=0, le=95, title="Left to others (%)", description="Of the requests that Salesforce answers in a day, the share that is never used here.")
    compare_hours: int = Field(default=24, ge=1, le=720, title="Compare keys (hours)", description="How often all keys are compared, to find what was deleted for good.")
    version: str = Field(default="64.0", max_length=4, pattern=r"^[4-9][0-9]\.0$", title="API version", description="Of Salesforce's API; the one that this was built with, unless told.")


class SalesforceSecret(BaseModel):
    """Either a refresh token, with the app's secret where it asks for one, or a private key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    refresh_token: SecretStr = Field(default=SecretStr(""), max_length=2_000, title="Refresh token", description="From the app's consent page; leave it out with a private key.")
    client_secret: SecretStr = Field(default=SecretStr(""), max_length=1_000, title="Consumer secret", description="With a refresh token, where the app asks for it.")
    private_key: SecretStr = Field(
        default=SecretStr(""), max_length=20_000, title="Private key", description="RSA, as PEM, whose certificate the connected app holds; instead of a refresh token."
    )


def _make(doors: Doors, config: SalesforceConfig, secret: SalesforceSecret) -> Connector:
    token, key = secret.refresh_token.get_secret_value().strip(), secret.private_key.get_secret_value()
    if bool(token) == bool(key):
        raise NotUnderstood("The connection lacks its refresh token or private key" if not token else "The connection has both a refresh token and a private key", culprit="salesforce")
    if key and not config.username:
        raise NotUnderstood("The connection lacks its username", culprit="salesforce", fix="With a private key Salesforce asks whom to read as.")
    credentials = Credentials(config.client_id, config.username, secret.client_secret.get_secret_value().strip(), token, key)
    api = Api(doors.settings, Login(doors.settings, config.login, credentials), config.version, config.reserve / 100)
    return Salesforce(api, tuple(config.objects), tuple(config.whole), replace(Habits(), stale=timedelta(hours=config.compare_hours)))


KIND = Kind("salesforce", "Salesforce", "Objects of a Salesforce organisation, its own and the company's.", SalesforceConfig, SalesforceSecret, _make)
