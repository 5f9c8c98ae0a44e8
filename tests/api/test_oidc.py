"""Signing in with an OpenID Connect provider: a real one on a real port, and one that lies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import jwt
import psycopg
import pytest
from oidc_provider_mock import run_server_in_thread
from pydantic import SecretStr

from aos_core.errors import TryAgain
from aos_resources.oidc import Provider
from tests.api.people import Company, account, alone, entries, open_house
from tests.api.serving import Served
from tests.scenario import PASSWORD, World

CALLBACK = "/api/v1/auth/oidc/callback"
NEW = "three words of mine"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def house(world: World, provider: str) -> Iterator[Served]:
    told = {"oidc_issuer": provider, "oidc_client_id": "autonomos", "oidc_client_secret": SecretStr("of the client"), "oidc_name": "Acme's own"}
    with open_house(world, **told) as started:
        yield started


def browser(served: Served) -> httpx.Client:
    return httpx.Client(base_url=served.address, timeout=30, trust_env=False)


def known_there(provider: str, email: str, *, verified: Any = True, name: str = "Ada") -> str:
    """Somebody of the provider, by subject."""
    subject = f"sub-{uuid4().hex[:10]}"
    claims = {"email": email, "email_verified": verified, "name": name}
    httpx.put(f"{provider}/users/{subject}", json=claims, trust_env=False).raise_for_status()
    return subject


def leave(client: httpx.Client) -> str:
    answer = client.get("/api/v1/auth/oidc/start")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def sign_in_there(url: str, subject: str) -> str:
    """The address that the provider sends the browser back to."""
    answer = httpx.post(url, data={"sub": subject}, trust_env=False)
    assert answer.status_code in (302, 303), answer.text
    return answer.headers["location"]


def through(served: Served, subject: str) -> tuple[httpx.Client, str]:
    """A browser that went there and back, and where it was sent on to."""
    client = browser(served)
    back = sign_in_there(leave(client), subject)
    answer = client.get(back.removeprefix(served.address))
    assert answer.status_code == 303, answer.text
    return client, answer.headers["location"]


def me(client: httpx.Client) -> httpx.Response:
    return client.get("/api/v1/me")


def test_it_is_offered_by_its_name(house: Served, served: Served) -> None:
    for one, name in ((house, "Acme's own"), (served, None)):
        with one.client() as client:
            assert client.get("/auth/options").json()["oidc"] == name
    with served.client() as client:
        assert client.get("/auth/oidc/start").status_code == 404


def test_a_member_signs_in_there_the_first_time_by_e_mail_then_by_subject(world: World, house: Served, provider: str, company: Company) -> None:
    member = company.join("analyst")
    subject = known_there(provider, member.email.upper())
    client, to = through(house, subject)
    assert (to, me(client).json()["user"]["email"], me(client).json()["role"]) == ("/", member.email, "analyst")
    assert "aos_oidc" not in client.cookies and member.client.get("/me").status_code == 200
    last = entries(world, company.tenant)[-1]
    assert (last["verb"], last["noun"], last["detail"]) == ("start", "session", {"method": "oidc"})
    httpx.put(f"{provider}/users/{subject}", json={"email": "renamed@elsewhere.example", "email_verified": False}, trust_env=False).raise_for_status()
    assert me(through(house, subject)[0]).json()["user"]["email"] == member.email
    with house.client() as anew:  # beside the password, which an operator or a tenant vouched for
        assert anew.post("/auth/login", json={"email": member.email, "password": PASSWORD}).status_code == 200


def test_what_leaves_for_the_provider_is_asked_with_state_nonce_and_pkce(house: Served) -> None:
    with browser(house) as client:
        first, second = (parse_qs(urlsplit(leave(client)).query) for _ in range(2))
        assert first["code_challenge_method"] == ["S256"] and first["response_type"] == ["code"] and first["scope"] == ["openid email profile"]
        assert all(first[name] != second[name] and len(first[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
        cookie = client.get("/api/v1/auth/oidc/start").headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/api/v1/auth/oidc" in cookie and "Max-Age=600" in cookie


def test_somebody_new_comes_in_by_an_open_invitation_of_their_verified_e_mail(house: Served, provider: str, company: Company) -> None:
    email = f"{uuid4().hex}@people.example"
    subject = known_there(provider, email, name="Grace")
    client, to = through(house, subject)
    assert (to, me(client).status_code) == ("/sign-in?problem=not_let_in", 401)
    company.invite(email, "engineer")
    client, to = through(house, subject)
    said = me(client).json()
    assert (to, said["user"]["name"], said["tenant"]["slug"], said["role"]) == ("/", "Grace", company.tenant.slug, "engineer")
    assert company.owner.client.get("/invitations").json()["items"][0]["state"] == "accepted"
    assert me(through(house, subject)[0]).json()["user"]["email"] == email


@pytest.mark.parametrize("verified", [False, "false", None, 1, "yes"])
def test_an_e_mail_that_is_not_verified_opens_nothing(house: Served, provider: str, company: Company, verified: Any) -> None:
    member = company.join("viewer")
    email = f"{uuid4().hex}@people.example"
    company.invite(email)
    for one in (member.email, email):
        client, to = through(house, known_there(provider, one, verified=verified))
        assert (to, me(client).status_code) == ("/sign-in?problem=not_let_in", 401)


def test_it_makes_no_tenant_and_no_account_even_where_anybody_may_sign_up(world: World, house: Served, provider: str) -> None:
    email = f"{uuid4().hex}@people.example"
    assert through(house, known_there(provider, email))[1] == "/sign-in?problem=not_let_in"
    with psycopg.connect(world.owner_url) as owner:
        assert owner.execute("select count(*) from aos.users where email = %s", (email,)).fetchone() == (0,)


def test_a_disabled_account_and_one_of_no_tenant_stay_out(world: World, house: Served, provider: str, company: Company) -> None:
    member, (alone, _) = company.join("viewer"), account(world)
    subject = known_there(provider, member.email)
    assert through(house, subject)[1] == "/"
    with world.database.people() as transaction:
        transaction.run("update aos.users set disabled_at = now() where id = :id", id=member.id)
    assert through(house, subject)[1] == "/sign-in?problem=not_let_in"
    assert through(house, known_there(provider, alone))[1] == "/sign-in?problem=not_let_in"


def test_another_identity_of_the_same_e_mail_is_not_the_account(house: Served, provider: str, company: Company) -> None:
    member = company.join("viewer")
    assert through(house, known_there(provider, member.email))[1] == "/"
    assert through(house, known_there(provider, member.email))[1] == "/sign-in?problem=not_let_in"


def test_who_made_an_account_in_anothers_name_is_out_once_that_person_comes(house: Served, provider: str, company: Company) -> None:
    """Whoever holds an invitation's link may choose its password: nobody has proven whose e-mail it is."""
    email = f"{uuid4().hex}@people.example"
    with house.client() as squatter:
        token = squatter.post("/auth/invitation/accept", json={"token": company.invite(email), "name": "X", "password": NEW}).json()["access_token"]
        squatter.headers["Authorization"] = f"Bearer {token}"
        assert squatter.get("/me").status_code == 200
        client, to = through(house, known_there(provider, email))
        assert (to, me(client).status_code, squatter.get("/me").status_code) == ("/", 200, 401)
        assert squatter.post("/auth/login", json={"email": email, "password": NEW}).status_code == 401


def test_a_provider_that_refuses_leads_back_to_signing_in(house: Served, provider: str) -> None:
    with browser(house) as client:
        back = httpx.post(leave(client), data={"action": "deny"}, trust_env=False).headers["location"]
        answer = client.get(f"{CALLBACK}?{urlsplit(back).query}")
        assert answer.headers["location"] == "/sign-in?problem=refused"
        assert me(client).status_code == 401


# --- attacks on the way back --------------------------------------------------------------------------------


def test_an_answer_that_this_browser_did_not_begin_is_refused(house: Served, provider: str, company: Company) -> None:
    member = company.join("viewer")
    subject = known_there(provider, member.email)

    def refused(client: httpx.Client, query: str) -> None:
        answer = client.get(f"{CALLBACK}?{query}")
        assert answer.headers["location"] == "/sign-in?problem=refused", query
        assert me(client).status_code == 401

    with browser(house) as mallory, browser(house) as victim, browser(house) as client:
        stolen = urlsplit(sign_in_there(leave(mallory), subject)).query
        refused(victim, stolen)  # without a cookie
        leave(victim)
        refused(victim, stolen)  # begun by another: signs nobody in as the attacker
        mine = parse_qs(urlsplit(leave(client)).query)["state"][0]
        refused(client, f"state={mine}&code={parse_qs(stolen)['code'][0]}")  # another's code under this state: PKCE
        for query in ("", "code=x", f"state={mine}", f"state={mine}x&code=x", "state=&code=x", f"state={mine}&error=access_denied"):
            leave(client)
            refused(client, query)


def test_a_code_is_good_once_and_a_cookie_for_ten_minutes(world: World, house: Served, provider: str, company: Company) -> None:
    subject = known_there(provider, company.join("viewer").email)
    with browser(house) as client:
        url = leave(client)
        kept = client.cookies["aos_oidc"]
        back = f"{CALLBACK}?{urlsplit(sign_in_there(url, subject)).query}"
        assert client.get(back).headers["location"] == "/"
    with browser(house) as again:
        assert again.get(back, headers={"Cookie": f"aos_oidc={kept}"}).headers["location"] == "/sign-in?problem=refused"
    claims = jwt.decode(kept, options={"verify_signature": False})
    assert 590 <= claims["exp"] - time.time() <= 600
    key = (world.settings.keys / "oidc.key").read_bytes()
    forged = {
        "expired": jwt.encode(claims | {"exp": int(time.time()) - 1}, key, algorithm="HS256"),
        "of another key": jwt.encode(claims, b"0" * 32, algorithm="HS256"),
        "unsigned": jwt.encode(claims, None, algorithm="none"),
        "for another use": jwt.encode(claims | {"aud": "autonomos-api"}, key, algorithm="HS256"),
        "without an end": jwt.encode({name: value for name, value in claims.items() if name != "exp"}, key, algorithm="HS256"),
    }
    for name, cookie in forged.items():
        with browser(house) as client:
            code = parse_qs(urlsplit(sign_in_there(url, subject)).query)["code"][0]
            answer = client.get(f"{CALLBACK}?state={claims['state']}&code={code}", headers={"Cookie": f"aos_oidc={cookie}"})
            assert answer.headers["location"] == "/sign-in?problem=refused", name


def test_a_provider_that_is_away_is_said_to_be(world: World) -> None:
    with pytest.raises(TryAgain):
        Provider("http://127.0.0.1:9", "autonomos", "").begin("http://back")
    with Served(alone(world, oidc_issuer="http://127.0.0.1:9")) as served, browser(served) as client:
        assert client.get("/api/v1/auth/oidc/start").status_code == 503
