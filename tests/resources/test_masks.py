"""Masks as a process remembers them: for moments, and never from before a change that was made in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from aos_core.ontology import standard
from aos_core.tenancy import Tenant
from aos_resources.masks import Masks, read_policy, write_mask
from tests.scenario import World


@pytest.fixture
def said(world: World) -> Iterator[None]:
    with world.database.of(world.acme).transaction() as transaction:
        write_mask(transaction, "money", ["viewer"], "somebody")
    yield
    with world.database.of(world.acme).transaction() as transaction:
        transaction.run("delete from aos.masks")


def policy_of(world: World, tenant: Tenant) -> frozenset[str]:
    with world.database.of(tenant).transaction() as transaction:
        return read_policy(transaction).masked_for("money")


def test_a_mask_is_the_tenants_own(world: World, said: None) -> None:
    assert (policy_of(world, world.acme), policy_of(world, world.globex)) == ({"viewer"}, frozenset())
    masks = Masks(world.database, standard())
    assert masks.look_up(world.globex, "viewer").policy.masked_for("money") == frozenset()
    assert masks.remembered(world.acme, "viewer") is None
    assert masks.look_up(world.acme, "viewer").policy.masked_for("money") == {"viewer"}


def test_what_mappings_feed_is_read_for_those_alone_who_see_something_masked(world: World) -> None:
    masks = Masks(world.database, standard())
    assert masks.look_up(world.acme, "engineer").lineage.feeds == ()
    assert masks.remembered(world.acme, "engineer") is not None
    assert masks.remembered(world.acme, "viewer") is None
    assert len(masks.look_up(world.acme, "viewer").lineage.feeds) > 0
    assert masks.remembered(world.acme, "viewer") == masks.look_up(world.acme, "viewer")


def test_what_was_read_before_a_change_of_this_process_is_not_remembered_after_it(world: World) -> None:
    masks, done = Masks(world.database, standard()), threading.Event()
    with psycopg.connect(world.owner_url) as holding:
        holding.execute("lock table aos.masks in access exclusive mode")
        slow = threading.Thread(target=lambda: (masks.look_up(world.acme, "viewer"), done.set()))
        slow.start()
        time.sleep(0.3)
        assert not done.is_set()
        masks.forget(world.acme)
    slow.join(10)
    assert done.is_set()
    assert masks.remembered(world.acme, "viewer") is None
