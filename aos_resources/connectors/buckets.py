"""Objects of a store that speaks S3: listed by their prefix, fetched whole into a scratch file, and only where they changed.

Requests are signed by botocore and sent by our own client: the address is checked and pinned, no redirect is followed,
nothing is read from the machine's own AWS settings. Objects are named in the path, so one checked host serves them all.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote_plus, urlencode
from xml.etree import ElementTree

from aos_core.errors import CredentialsRefused, FixTheSource, NotUnderstood, TryAgain
from aos_resources.connectors.file_settings import FilesConfig, FilesSecret
from aos_resources.connectors.stores import Held, Item
from aos_resources.outbound import Http, Refused
from aos_resources.settings import Settings

_MOST_BYTES = 5 * 1024**3  # of an object
_MOST_OBJECTS = 100_000
_PAGE = 1_000
_BEGINNING = 1_000_000
# An object's tag that tells its bytes: strong, and of a form that stores give.
_TAG = re.compile(r'"[0-9a-zA-Z+/=_.-]{1,200}"')
_NOT_PLAIN = re.compile(r"[^\w.() -]")
_SAID = re.compile(rb"<Code>([A-Za-z0-9]{1,80})</Code>")
_REFUSED = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "ExpiredToken", "InvalidToken", "AuthorizationHeaderMalformed"}
_LATER = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted", "RequestTimeTooSkewed"}


class Bucket:
    """The objects of one bucket under a prefix; their names are told without it."""

    def __init__(self, settings: Settings, config: FilesConfig, secret: FilesSecret) -> None:
        if not secret.access_key or not secret.secret_key.get_secret_value():
            raise NotUnderstood("A bucket is read with an access key and its secret key", culprit=str(config.bucket))
        endpoint = (config.endpoint or f"https://s3.{config.region}.amazonaws.com").rstrip("/")
        self._bucket, self._prefix, self._region = str(config.bucket), config.prefix, config.region
        self._secret = secret
        self._base = f"{endpoint}/{self._bucket}"
        self._settings, self._http = settings, Http(settings, self._base)
        self._keys: dict[str, str] = {}  # by the name that is told

    @property
    def account(self) -> str:
        return f"{self._bucket}/{self._prefix}"

    def items(self) -> list[Item]:
        found, after = list[Item](), ""
        while True:
            asked = {"list-type": "2", "max-keys": str(_PAGE), "prefix": self._prefix, "encoding-type": "url"} | ({"continuation-token": after} if after else {})
            page = _read_page(self._ask("", asked), self.account)
            found += [one for one in map(self._item, page.findall("Contents")) if one is not None]
            after = page.findtext("NextContinuationToken", "")
            if len(found) > _MOST_OBJECTS:
                raise FixTheSource(f"There are more than {_MOST_OBJECTS:,} objects under this prefix", culprit=self.account, fix="Choose a longer prefix.")
            if page.findtext("IsTruncated") != "true":
                return sorted(found, key=lambda one: one.name)
            if not after:
                raise FixTheSource("The store's list of objects has no end", culprit=self.account)

    @contextmanager
    def held(self, item: Item) -> Iterator[Held]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / _NOT_PLAIN.sub("_", PurePosixPath(item.name).name)[-100:]
            self._fetch(item, path)
            yield Held(path, _is_a_copy)

    @contextmanager
    def beginning(self, item: Item) -> Iterator[Held]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / _NOT_PLAIN.sub("_", PurePosixPath(item.name).name)[-100:]
            if item.size <= _BEGINNING:
                self._fetch(item, path)
            else:
                path.write_bytes(self._ask(self._key(item), {}, {"Range": f"bytes=0-{_BEGINNING - 1}"})[:_BEGINNING])
            yield Held(path, _is_a_copy)

    def _fetch(self, item: Item, path: Path) -> None:
        """One version of it, whole: the one whose tag was listed, or else the one of that size.

        Raises:
            TryAgain: it was replaced meanwhile.
        """
        if item.size > _MOST_BYTES:
            raise FixTheSource(f"An object is larger than {_MOST_BYTES // 1024**3} GB", culprit=item.name, fix="Part it into smaller ones.")
        tag = item.tag.partition(" ")[0]
        headers = {"If-Match": tag} if tag else {}
        try:
            self._http_save(self._key(item), path, headers)
        except Refused as refused:
            if refused.status in (404, 412):
                raise TryAgain("The object was replaced while it was read", culprit=item.name, fix="It is read again.") from None
            raise self._in_words(refused, item.name) from None
        if not tag and path.stat().st_size != item.size:
            raise TryAgain("The object was replaced while it was read", culprit=item.name, fix="It is read again.")

    def _http_save(self, key: str, path: Path, headers: Mapping[str, str]) -> None:
        place = f"{self._base}/{key}"
        with Http(self._settings, self._base, headers=self._signed(place, headers)) as http:
            http.save(place, path, limit_bytes=_MOST_BYTES)

    def _ask(self, key: str, asked: Mapping[str, str], headers: Mapping[str, str] = {}) -> bytes:
        place = f"{self._base}/{key}" if key else self._base
        place += f"?{urlencode(sorted(asked.items()), quote_via=quote)}" if asked else ""
        try:
            return self._http.get(place, headers=self._signed(place, headers)).body
        except Refused as refused:
            raise self._in_words(refused, key or self.account) from None

    def _signed(self, place: str, headers: Mapping[str, str]) -> dict[str, str]:
        from botocore.auth import S3SigV4Auth  # noqa: PLC0415 (heavy, and the API imports this package)
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import Credentials  # noqa: PLC0415

        request = AWSRequest("GET", place, headers=dict(headers))
        credentials = Credentials(self._secret.access_key, self._secret.secret_key.get_secret_value())
        S3SigV4Auth(credentials, "s3", self._region).add_auth(request)
        return {name: str(value) for name, value in request.headers.items()}

    def _key(self, item: Item) -> str:
        key = self._keys[item.name]
        if {".", ".."} & set(key.split("/")):
            raise FixTheSource("An object's name leads elsewhere", culprit=item.name, fix="Rename it: no part of its name may be . or ..")
        return quote(key, safe="/~")

    def _item(self, said: ElementTree.Element) -> Item | None:
        key, tag = unquote_plus(said.findtext("Key", "")), said.findtext("ETag", "")
        size, when = said.findtext("Size", ""), said.findtext("LastModified", "")
        name = key.removeprefix(self._prefix).lstrip("/")
        if not name or not size.isdigit():
            return None
        self._keys[name] = key
        return Item(name, int(size), f"{tag} {size} {when}" if _TAG.fullmatch(tag) else "")

    def _in_words(self, refused: Refused, culprit: str) -> Exception:
        said = _SAID.search(refused.body)
        code = said[1].decode() if said else str(refused.status)
        if code in _LATER or refused.status >= 500:
            return TryAgain("The object store asks for patience", culprit=f"{culprit}: {code}")
        if code in _REFUSED:
            return CredentialsRefused("The object store does not let us in", culprit=f"{self._bucket}: {code}", fix="Enter the access key anew, or let it list and read this bucket.")
        return FixTheSource("The object store refused", culprit=f"{culprit}: {code}", fix="Correct the bucket, its region or the address of the store.")


def _is_a_copy() -> None:
    """Of one version: whatever becomes of the object, it stays what it is."""


def _read_page(body: bytes, culprit: str) -> Any:
    if b"<!DOCTYPE" in body[:1_000] or b"<!ENTITY" in body:
        raise FixTheSource("The answer is none of an object store", culprit=culprit, fix="Correct its address.")
    try:
        page = ElementTree.fromstring(re.sub(rb'\sxmlns="[^"]*"', b"", body, count=1))
    except ElementTree.ParseError as odd:
        raise FixTheSource("The answer is none of an object store", culprit=culprit, fix="Correct its address.") from odd
    if page.tag != "ListBucketResult":
        raise FixTheSource("The answer is none of an object store", culprit=culprit, fix="Correct its address.")
    return page
