"""Signing in with an OpenID Connect provider: a real one on a real port, and one that lies."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from oidc_provider_mock import run_server_in_thread
from pydantic import SecretStr

from aos_core.errors import FixTheSource, NotSignedIn, TryAgain
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


# --- a provider that lies -----------------------------------------------------------------------------------


class Liar:
    """Speaks the protocol; what it says of itself and in its tokens is as a test wants it."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.token: Callable[[str], str] = lambda nonce: self.signed(nonce)
        self.about: dict[str, Any] = {}
        self.asked: list[str] = []
        self.keys = [self.public("one", self.key)]
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                liar.asked.append(self.path)
                self.answer(liar.discovery() if "openid" in self.path else {"keys": liar.keys} if "jwks" in self.path else {"sub": "other", "email": "x@y", "email_verified": True})

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.answer({"access_token": "a", "token_type": "Bearer", "id_token": liar.token(form["code"][0])})

            def answer(self, said: dict[str, Any]) -> None:
                body = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()

    def discovery(self) -> dict[str, Any]:
        names = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks", "userinfo_endpoint": "/userinfo"}
        return {"issuer": self.url} | {name: self.url + path for name, path in names.items()} | self.about

    def public(self, name: str, key: rsa.RSAPrivateKey) -> dict[str, Any]:
        return dict(json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))) | {"kid": name, "alg": "RS256"}

    def claims(self, sent: str, /, **said: Any) -> dict[str, Any]:
        now = int(time.time())
        return {"iss": self.url, "aud": "autonomos", "sub": "s", "iat": now, "exp": now + 60, "nonce": sent, "email": "a@b.example", "email_verified": True} | said

    def signed(self, sent: str, /, *, headers: dict[str, Any] | None = None, key: Any = None, alg: str = "RS256", without: str = "", **said: Any) -> str:
        claims = {name: value for name, value in self.claims(sent, **said).items() if name != without}
        return jwt.encode(claims, key or self.key, algorithm=alg, headers={"kid": "one"} | (headers or {}))


@pytest.fixture(scope="module")
def liar() -> Iterator[Liar]:
    with closing(Liar()) as made:
        yield made


def by_hand(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    def part(said: bytes) -> str:
        return base64.urlsafe_b64encode(said).decode().rstrip("=")

    return f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}.{part(signature)}"


def lies(liar: Liar) -> dict[str, Callable[[str], str]]:
    now, stranger = int(time.time()), rsa.generate_private_key(65537, 2048)
    pem = liar.keys[0]["n"].encode()
    return {
        "alg none": lambda n: by_hand({"alg": "none", "kid": "one"}, liar.claims(n)),
        "alg nOnE": lambda n: by_hand({"alg": "nOnE", "kid": "one"}, liar.claims(n)),
        "HS256 with the public key": lambda n: liar.signed(n, key=pem, alg="HS256"),
        "HS256 with the client's secret": lambda n: liar.signed(n, key=b"secret" * 8, alg="HS256"),
        "a stranger's key": lambda n: liar.signed(n, key=stranger),
        "a stranger's key in its header": lambda n: liar.signed(n, key=stranger, headers={"jwk": liar.public("one", stranger)}),
        "a stranger's key elsewhere": lambda n: liar.signed(n, key=stranger, headers={"kid": "two", "jku": "https://evil.example/jwks"}),
        "no key's name that is known": lambda n: liar.signed(n, headers={"kid": "gone"}),
        "another algorithm than signed": lambda n: liar.signed(n, alg="RS384").replace("RS384", "RS256") + "x",
        "another audience": lambda n: liar.signed(n, aud="another"),
        "no audience": lambda n: liar.signed(n, without="aud"),
        "for another among several": lambda n: liar.signed(n, aud=["autonomos", "another"], azp="another"),
        "several without saying for whom": lambda n: liar.signed(n, aud=["autonomos", "another"]),
        "given to another": lambda n: liar.signed(n, azp="another"),
        "another issuer": lambda n: liar.signed(n, iss="https://evil.example"),
        "no issuer": lambda n: liar.signed(n, without="iss"),
        "another nonce": lambda n: liar.signed(n, nonce="another"),
        "no nonce": lambda n: liar.signed(n, without="nonce"),
        "expired": lambda n: liar.signed(n, iat=now - 700, exp=now - 60),
        "no end": lambda n: liar.signed(n, without="exp"),
        "issued tomorrow": lambda n: liar.signed(n, iat=now + 86400, exp=now + 90000),
        "not before tomorrow": lambda n: liar.signed(n, nbf=now + 86400),
        "nobody": lambda n: liar.signed(n, without="sub"),
        "an empty subject": lambda n: liar.signed(n, sub=""),
        "a subject that is a number": lambda n: liar.signed(n, sub=7),
        "no token": lambda n: "",
        "a list": lambda n: "[]",
        "three dots": lambda n: "...",
    }


def test_no_lie_of_a_provider_is_believed_and_the_truth_is(liar: Liar) -> None:
    told = lies(liar)
    assert len(told) >= 25
    believed = []
    for name, token in told.items():
        liar.token = token
        try:
            Provider(liar.url, "autonomos", "secret" * 8).finish("the nonce", "http://back", "the nonce", "v")
        except NotSignedIn:
            continue
        believed.append(name)
    assert believed == []
    liar.token = liar.signed
    identity = Provider(liar.url, "autonomos", "secret" * 8).finish("the nonce", "http://back", "the nonce", "v")
    assert (identity.issuer, identity.subject, identity.email) == (liar.url, "s", "a@b.example")


def test_what_it_says_apart_of_another_person_does_not_count(liar: Liar) -> None:
    liar.token = lambda nonce: liar.signed(nonce, without="email")
    assert Provider(liar.url, "autonomos", "").finish("n", "http://back", "n", "v").email is None
    liar.token = liar.signed


@pytest.mark.parametrize(
    "about",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "http://10.0.0.1/token"}, {"jwks_uri": "file:///etc/passwd"}, {"authorization_endpoint": "javascript:alert(1)"}, {"jwks_uri": ""}],
)
def test_a_provider_that_speaks_for_another_or_in_the_clear_is_refused(liar: Liar, about: dict[str, Any]) -> None:
    liar.about = about
    with pytest.raises(FixTheSource):
        Provider(liar.url, "autonomos", "").begin("http://back")
    liar.about = {}


def test_what_a_provider_says_of_itself_is_kept_and_a_new_key_is_found(liar: Liar) -> None:
    provider = Provider(liar.url, "autonomos", "")
    liar.asked.clear()
    for _ in range(5):
        provider.begin("http://back")
        provider.finish("n", "http://back", "n", "v")
    assert sorted(liar.asked) == ["/.well-known/openid-configuration", "/jwks"]
    fresh = rsa.generate_private_key(65537, 2048)
    liar.keys.append(liar.public("two", fresh))
    liar.token = lambda nonce: liar.signed(nonce, key=fresh, headers={"kid": "two"})
    provider._kept[liar.url + "/jwks"] = (time.monotonic() - 11, provider._kept[liar.url + "/jwks"][1])
    assert provider.finish("n", "http://back", "n", "v").subject == "s"
    liar.token = liar.signed


def test_a_provider_that_is_away_is_said_to_be(world: World) -> None:
    with pytest.raises(TryAgain):
        Provider("http://127.0.0.1:9", "autonomos", "").begin("http://back")
    with Served(alone(world, oidc_issuer="http://127.0.0.1:9")) as served, browser(served) as client:
        assert client.get("/api/v1/auth/oidc/start").status_code == 503
