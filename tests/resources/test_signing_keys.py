"""Keys that sign tokens: a rotation signs nobody out and needs no restart, and a key that is taken away is refused at once."""

from __future__ import annotations

import os
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from aos_core.errors import FixTheSource, NotSignedIn
from aos_resources.people import User, memberships
from aos_resources.settings import Settings
from aos_resources.signing_keys import SigningKeys
from aos_resources.tokens import AUDIENCE, ISSUER, Tokens
from tests.scenario import World


@pytest.fixture
def kept(world: World) -> Settings:
    """A home whose database is the world's and whose keys are its own."""
    return world.settings.model_copy(update={"token_minutes": 60})


@pytest.fixture
def tokens(kept: Settings, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tokens:
    monkeypatch.setattr(Settings, "keys", property(lambda _: tmp_path / "keys"))
    return Tokens(kept, world.database)


def issued(tokens: Tokens, world: World) -> str:
    owner = world.users["owner@acme.example"]
    member = next(one for one in memberships(world.database, owner) if one.tenant == world.acme)
    return tokens.issue(User(owner, "owner@acme.example", "Owner"), member).token


def test_a_token_outlives_the_key_that_signed_it_and_new_ones_have_another(tokens: Tokens, kept: Settings, world: World) -> None:
    elsewhere, before = Tokens(kept, world.database), issued(tokens, world)
    old = tokens.keys.current.id
    new = SigningKeys(kept).rotate().id
    after = issued(tokens, world)
    assert [jwt.get_unverified_header(one)["kid"] for one in (before, after)] == [old, new]
    for judge in (tokens, elsewhere, Tokens(kept, world.database)):
        assert judge.session(before).user.email == judge.session(after).user.email == "owner@acme.example"
        assert set(judge.keys.retired) == {old}


def test_of_a_key_that_signs_no_more_only_the_public_half_is_kept_for_as_long_as_its_tokens_live(tokens: Tokens, kept: Settings, world: World) -> None:
    token, old = issued(tokens, world), tokens.keys.current.id
    tokens.keys.rotate()
    path = kept.keys / f"tokens-{old}.pem"
    with pytest.raises(ValueError):
        load_pem_private_key(path.read_bytes(), password=None)
    assert {stat.S_IMODE(one.stat().st_mode) for one in kept.keys.iterdir()} == {0o600}
    past = time.time() - kept.token_minutes * 60 - 1
    os.utime(path, (past, past))
    fresh = Tokens(kept, world.database)
    assert fresh.keys.retired == {}
    with pytest.raises(NotSignedIn):
        fresh.read(token)
    fresh.keys.rotate()
    assert not path.exists()


def test_a_key_whose_file_is_removed_is_refused_at_once_and_everywhere(tokens: Tokens, kept: Settings, world: World) -> None:
    elsewhere, token, old = Tokens(kept, world.database), issued(tokens, world), tokens.keys.current.id
    tokens.keys.rotate()
    assert elsewhere.session(token)
    (kept.keys / f"tokens-{old}.pem").unlink()
    for judge in (tokens, elsewhere):
        with pytest.raises(NotSignedIn):
            judge.session(token)


def test_rotations_under_load_refuse_nobody(tokens: Tokens, kept: Settings, world: World) -> None:
    ended = threading.Event()

    def signing_in_and_reading() -> int:
        own, read = Tokens(kept, world.database), 0
        while not ended.is_set():
            own.read(issued(own, world))
            tokens.read(issued(own, world))
            read += 1
        return read

    with ThreadPoolExecutor(4) as workers:
        working = [workers.submit(signing_in_and_reading) for _ in range(4)]
        for _ in range(20):
            SigningKeys(kept).rotate()
            time.sleep(0.02)
        ended.set()
        assert all(one.result() > 0 for one in working)
    assert len(tokens.keys.retired) == 20


def test_a_file_that_is_not_the_key_that_its_name_says_verifies_nothing(tokens: Tokens, kept: Settings) -> None:
    tokens.keys.rotate()
    (name,) = tokens.keys.retired
    (kept.keys / f"tokens-{name}.pem").rename(kept.keys / f"tokens-{'0' * 32}.pem")
    assert tokens.keys.retired == {}


def test_a_signing_key_that_cannot_be_read_is_named(tokens: Tokens, kept: Settings) -> None:
    (kept.keys / "tokens.new").write_text("nothing")
    (kept.keys / "tokens.new").rename(kept.keys / "tokens.pem")
    with pytest.raises(FixTheSource, match=r"tokens\.pem"):
        _ = tokens.keys.current


def test_anybody_may_verify_our_tokens_by_the_keys_that_are_served(anonymous: httpx.Client, acme: httpx.Client) -> None:
    answer = anonymous.get(anonymous.base_url.copy_with(path="/.well-known/jwks.json"))
    assert answer.status_code == 200
    found = {one.key_id: one.key for one in jwt.PyJWKSet.from_dict(answer.json()).keys}
    token = acme.headers["authorization"].removeprefix("Bearer ")
    said = jwt.decode(token, found[jwt.get_unverified_header(token)["kid"]], algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER)
    assert said["role"]
    assert all("d" not in one for one in answer.json()["keys"])
