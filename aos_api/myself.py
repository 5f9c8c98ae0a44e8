"""What a person changes of themself, each with its one entry in the log of the tenant they are in. Knows no routes."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastapi import Request

from aos_api.dependencies import Services
from aos_api.identity import Person
from aos_api.signing_in import prove
from aos_core.errors import NotAllowed, NotSignedIn, NotUnderstood
from aos_core.tenancy import Tenant
from aos_resources.audit import Entry, record
from aos_resources.passwords import check_password, hash_password
from aos_resources.people import Persona, memberships, reading_people
from aos_resources.resets import set_password
from aos_resources.sessions import SessionSeen, end_all, end_session, sessions_of

_PERSONA = "update aos.memberships set persona = :persona where tenant_id = :tenant and user_id = :user"


def change(held: Services, person: Person, name: str | None, persona: Persona | Literal["none"] | None) -> None:
    """Raises NotUnderstood where there is nothing to change, or a persona in no tenant."""
    user, tenant = person.session.user, _tenant(person)
    if name is None and persona is None:
        raise NotUnderstood("There is nothing to change")
    if persona is not None and (tenant is None or person.session.by_grant):
        raise NotUnderstood("A persona is a member's of a tenant", culprit="persona")
    with reading_people(held.database) as transaction:
        if name is not None:
            transaction.run("update aos.users set name = :name where id = :user", name=name, user=user.id)
        if persona is not None and tenant is not None:
            transaction.run(_PERSONA, persona=None if persona == "none" else persona, tenant=tenant.id, user=user.id)
        record(transaction, Entry(person.actor, "change", "me", str(user.id), detail={"name": name, "persona": persona}), tenant)
    held.look_again(user.id)


def change_password(held: Services, request: Request, person: Person, current: str, new: str) -> None:
    """Raises NotAllowed where the current one is wrong, TooMany where it often was, NotUnderstood where the new one is none."""
    user, tenant = person.session.user, _tenant(person)
    try:
        prove(held, request, user.email, current)
    except NotSignedIn as wrong:
        raise NotAllowed("The current password is wrong", fix="Try again.") from wrong
    names = [word for one in memberships(held.database, user.id) for word in (one.tenant_name, one.tenant.slug)]
    check_password(new, (user.email, user.name, *names))
    fresh = hash_password(new)
    with reading_people(held.database) as transaction:
        set_password(transaction, user.id, fresh)
        transaction.run("update aos.password_resets set used_at = now() where user_id = :user and used_at is null", user=user.id)
        ended = end_all(transaction, user.id, person.session.claims.token_id)
        record(transaction, Entry(person.actor, "change", "password", str(user.id), detail={"sessions_ended": ended}), tenant)
    held.look_again(user.id)


def sessions(held: Services, person: Person) -> list[SessionSeen]:
    with reading_people(held.database) as transaction:
        return sessions_of(transaction, person.session.user.id)


def end_one(held: Services, person: Person, session: UUID) -> None:
    """Raises NotFound where it is not a session in force of this person."""
    with reading_people(held.database) as transaction:
        end_session(transaction, person.session.user.id, session)
        record(transaction, Entry(person.actor, "end", "sessions", str(session)), _tenant(person))
    held.look_again(person.session.user.id)


def end_others(held: Services, person: Person, this_too: bool) -> int:
    """How many ended."""
    user, current = person.session.user, person.session.claims.token_id
    with reading_people(held.database) as transaction:
        ended = end_all(transaction, user.id, None if this_too else current)
        record(transaction, Entry(person.actor, "end", "sessions", str(user.id), detail={"ended": ended}), _tenant(person))
    held.look_again(user.id)
    return ended


def _tenant(person: Person) -> Tenant | None:
    return person.session.membership.tenant if person.session.membership is not None else None
