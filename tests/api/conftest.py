"""What the files about people ask for: a server, a company on it, somebody who operates it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.people import Company, Someone, alone, found, operator
from tests.api.serving import Served
from tests.scenario import World


@pytest.fixture(scope="module")
def house(world: World) -> Iterator[Served]:
    with Served(alone(world)) as started:
        yield started


@pytest.fixture
def company(world: World, house: Served) -> Company:
    return found(world, house)


@pytest.fixture
def runs_it(world: World, house: Served) -> Someone:
    return operator(world, house)
