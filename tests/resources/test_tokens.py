"""Tokens: what is accepted, what never is, and when one ends."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from aos_core.errors import NotSignedIn
from aos_resources.passwords import hash_password, is_outdated, verify_password
from aos_resources.people import User, add_member, create_user, memberships
from aos_resources.settings import Settings
from aos_resources.signing_keys import SigningKeys
from aos_resources.tokens import AUDIENCE, ISSUER, TYPE, Claims, Session, Tokens
from tests.scenario import PASSWORD, World


@pytest.fixture(scope="module")
def tokens(world: World) -> Tokens:
    return Tokens(world.settings, world.database)


def good(world: World) -> dict[str, Any]:
    """The claims of a token that is in force: its session is there."""
    now, session = int(time.time()), uuid4()
    with world.database.people() as transaction:
        transaction.run(
            "insert into aos.sessions (id, user_id, workspace, expires_at) values (:id, :user, :tenant, now() + interval '10 minutes')",
            id=session, user=world.users["owner@acme.example"], tenant=world.acme.id,
        )  # fmt: skip
    return {
        "iss": ISSUER, "aud": AUDIENCE, "sub": str(world.users["owner@acme.example"]), "tid": str(world.acme.id), "role": "owner",
        "jti": str(session), "iat": now, "nbf": now, "exp": now + 600,
    }  # fmt: skip


def signed(world: World, claims: dict[str, Any], headers: dict[str, Any] | None = None, key: Any = None, alg: str = "EdDSA") -> str:
    ours = SigningKeys(world.settings).current
    given = {"typ": TYPE, "kid": ours.id} | (headers or {})
    return jwt.encode(claims, ours.private if key is None else key, algorithm=alg, headers=given)


def by_hand(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    def part(said: bytes) -> str:
        return base64.urlsafe_b64encode(said).decode().rstrip("=")

    body = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}"
    return f"{body}.{part(sign(body.encode()))}"


def attacks(world: World) -> dict[str, str]:
    """Every way we know in which a token can be wrong; all but one detail is as it should be."""
    ours = SigningKeys(world.settings).current
    claims, header = good(world), {"alg": "EdDSA", "typ": TYPE, "kid": ours.id}
    stranger, right = Ed25519PrivateKey.generate(), signed(world, claims)
    head, body, signature = right.split(".")
    pem = ours.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    raw = ours.public.public_bytes(Encoding.Raw, PublicFormat.Raw)

    def changed(**said: Any) -> str:
        return signed(world, claims | said)

    def without(name: str) -> str:
        return signed(world, {one: value for one, value in claims.items() if one != name})

    def edited(**said: Any) -> str:
        new = base64.urlsafe_b64encode(json.dumps(claims | said).encode()).decode().rstrip("=")
        return f"{head}.{new}.{signature}"

    def mac(key: bytes) -> Callable[[bytes], bytes]:
        return lambda text: hmac.new(key, text, hashlib.sha256).digest()

    now = int(time.time())
    return {
        "alg none": by_hand(header | {"alg": "none"}, claims, lambda _: b""),
        "alg None": by_hand(header | {"alg": "None"}, claims, lambda _: b""),
        "alg nOnE with the signature kept": by_hand(header | {"alg": "nOnE"}, claims, ours.private.sign),
        "HS256 with the public key as text": by_hand(header | {"alg": "HS256"}, claims, mac(pem)),
        "HS256 with the raw public key": by_hand(header | {"alg": "HS256"}, claims, mac(raw)),
        "HS256 with an empty key": by_hand(header | {"alg": "HS256"}, claims, mac(b"")),
        "HS256 with the key id": by_hand(header | {"alg": "HS256"}, claims, mac(ours.id.encode())),
        "RS256 of a stranger": signed(world, claims, key=rsa.generate_private_key(65537, 2048), alg="RS256"),
        "ES256 of a stranger": signed(world, claims, key=ec.generate_private_key(ec.SECP256R1()), alg="ES256"),
        "no alg": by_hand({"typ": TYPE, "kid": ours.id}, claims, ours.private.sign),
        "a stranger's key under our id": signed(world, claims, key=stranger),
        "a stranger's key under its own id": signed(world, claims, {"kid": "stranger"}, key=stranger),
        "a kid that is a path": signed(world, claims, {"kid": "../../../../dev/null"}),
        "a kid that is SQL": signed(world, claims, {"kid": "' or 1=1 --"}),
        "no kid": by_hand({"alg": "EdDSA", "typ": TYPE}, claims, ours.private.sign),
        "a kid that is a list": by_hand(header | {"kid": [ours.id]}, claims, ours.private.sign),
        "a jku header": signed(world, claims, {"jku": "https://evil.example/keys"}),
        "an x5u header": signed(world, claims, {"x5u": "https://evil.example/cert"}),
        "a jwk header": signed(world, claims, {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"}}, key=stranger),
        "a crit header": signed(world, claims, {"crit": ["exp"]}),
        "typ JWT": signed(world, claims, {"typ": "JWT"}),
        "another typ": signed(world, claims, {"typ": "refresh+jwt"}),
        "no typ": by_hand({"alg": "EdDSA", "kid": ours.id}, claims, ours.private.sign),
        "another audience": changed(aud="autonomos-other"),
        "a list of audiences": changed(aud=[AUDIENCE, "other"]),
        "no audience": without("aud"),
        "another issuer": changed(iss="somebody"),
        "no issuer": without("iss"),
        "expired": changed(iat=now - 700, nbf=now - 700, exp=now - 1),
        "no expiry": without("exp"),
        "an expiry that is text": changed(exp=str(now + 600)),
        "an expiry far away": changed(exp=now + 10**9),
        "an endless expiry": changed(exp=float("inf")),
        "not before tomorrow": changed(nbf=now + 86400),
        "no nbf": without("nbf"),
        "issued tomorrow": changed(iat=now + 86400, exp=now + 86400 + 600),
        "no iat": without("iat"),
        "no tenant": without("tid"),
        "a tenant that is no id": changed(tid="globex"),
        "the neighbour's tenant, edited": edited(tid=str(world.globex.id)),
        "the neighbour's tenant, signed": changed(tid=str(world.globex.id)),
        "another user, edited": edited(sub=str(world.users["owner@globex.example"])),
        "another role, edited": edited(role="admin"),
        "another role, signed": changed(role="admin"),
        "a role that is none": changed(role="operator"),
        "no role": without("role"),
        "no subject": without("sub"),
        "a user that is not there": changed(sub=str(uuid4())),
        "no id": without("jti"),
        "an id that is none": changed(jti="1"),
        "unsigned": f"{head}.{body}.",
        "without a third part": f"{head}.{body}",
        "with a fourth part": f"{right}.x",
        "another token's signature": f"{head}.{body}.{changed(role='admin').split('.')[2]}",
        "a bit of the signature turned": f"{head}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}",
        "claims that are a list": by_hand(header, [claims], ours.private.sign),  # type: ignore[arg-type]
        "empty": "",
        "dots": "..",
        "endless": "a" * 100_000,
        "not text of ours": "é.é.é",
    }


def test_no_attack_is_accepted_and_the_same_token_unchanged_is(world: World, tokens: Tokens) -> None:
    tried = attacks(world)
    assert len(tried) >= 40
    accepted = []
    for name, token in tried.items():
        try:
            tokens.session(token)
        except NotSignedIn:
            continue
        accepted.append(name)
    assert accepted == []
    assert tokens.session(signed(world, good(world))).user.email == "owner@acme.example"


def test_no_attack_is_accepted_at_the_door(world: World, anonymous: Any) -> None:
    for name, token in attacks(world).items():
        if token.isascii() and 0 < len(token) < 5000:
            assert anonymous.get("/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401, name
            assert anonymous.get("/me", headers={"Cookie": f"aos_session={token}"}).status_code == 401, name


def someone(world: World, role: Any = "analyst") -> User:
    email = f"{uuid4().hex}@acme.example"
    user_id = create_user(world.database, email, "Someone", PASSWORD)
    add_member(world.database, world.acme, user_id, role, None)
    return User(user_id, email, "Someone")


def ended_within(tokens: Tokens, token: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            tokens.session(token)
        except NotSignedIn:
            return True
        time.sleep(0.2)
    return False


def test_a_token_ends_at_once_at_logout_and_within_seconds_in_another_process(world: World, tokens: Tokens) -> None:
    other = Tokens(world.settings, world.database)
    user = someone(world)
    issued = tokens.issue(user, memberships(world.database, user.id)[0])
    assert tokens.session(issued.token).user == other.session(issued.token).user == user
    tokens.revoke(issued.claims)
    tokens.revoke(issued.claims)
    with pytest.raises(NotSignedIn):
        tokens.session(issued.token)
    assert ended_within(other, issued.token, 5.5)


def test_a_token_that_ends_while_it_is_looked_up_is_not_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens(world.settings, world.database)
    user = someone(world)
    issued = tokens.issue(user, memberships(world.database, user.id)[0])
    standing = tokens._standing

    def slowly(claims: Claims) -> Session:
        found = standing(claims)
        tokens.revoke(claims)
        return found

    monkeypatch.setattr(tokens, "_standing", slowly)
    assert tokens.session(issued.token).user == user
    monkeypatch.undo()
    assert tokens.remembered(issued.claims) is None
    with pytest.raises(NotSignedIn):
        tokens.session(issued.token)


@pytest.mark.parametrize(
    "ending",
    [
        "update aos.users set disabled_at = now() where id = %(user)s",
        "delete from aos.memberships where user_id = %(user)s",
        "update aos.memberships set role = 'viewer' where user_id = %(user)s",
    ],
)
def test_a_disabled_user_a_lost_membership_or_another_role_ends_every_token(world: World, ending: str) -> None:
    user = someone(world)
    before = Tokens(world.settings, world.database)
    token = before.issue(user, memberships(world.database, user.id)[0]).token
    before.session(token)
    with psycopg.connect(world.owner_url, autocommit=True) as connection:
        connection.execute(ending, {"user": user.id})
    with pytest.raises(NotSignedIn):
        Tokens(world.settings, world.database).session(token)
    assert ended_within(before, token, 5.5)


def test_a_token_lives_as_long_as_was_promised(world: World, tokens: Tokens) -> None:
    user = someone(world)
    claims = tokens.issue(user, memberships(world.database, user.id)[0]).claims
    assert 479 * 60 < claims.expires_at.timestamp() - time.time() <= 480 * 60


def test_the_signing_key_is_made_once_whoever_comes_first_and_nobody_else_may_read_it(tmp_path: Any) -> None:
    settings = Settings(home=tmp_path)
    with ThreadPoolExecutor(8) as together:
        made = set(together.map(lambda _: SigningKeys(settings).current.id, range(8)))
    assert len(made) == 1
    files = {one.name: stat.S_IMODE(one.stat().st_mode) for one in settings.keys.iterdir()}
    assert files["tokens.pem"] == 0o600
    assert stat.S_IMODE(settings.keys.stat().st_mode) == 0o700


def test_passwords_are_hashed_with_the_parameters_that_were_promised() -> None:
    stored = hash_password(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (verify_password(stored, PASSWORD), verify_password(stored, "wrong"), verify_password(None, PASSWORD)) == (True, False, False)
    assert not is_outdated(stored)
    assert is_outdated("$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21l$cGFzc3dvcmRoYXNoMTIzNDU2Nzg5MDEyMzQ1Njc4OTA")
