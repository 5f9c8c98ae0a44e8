"""The sources there are. Adding one is a file, a line in CONNECTORS and passing the conformance suite."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from aos_core.errors import NotUnderstood
from aos_resources.connectors import files, legacy, mongodb, postgres, salesforce
from aos_resources.connectors.guarded import Guarded, told_without
from aos_resources.connectors.source import Connector, Doors, Kind
from aos_resources.memory import take_from_jemalloc

CONNECTORS: dict[str, Kind] = {kind.name: kind for kind in (files.KIND, legacy.KIND, mongodb.KIND, postgres.KIND, salesforce.KIND)}
Model = TypeVar("Model", bound=BaseModel)


def connect(doors: Doors, source: str, config: dict[str, Any], secret: str | None) -> Connector:
    """The connector of a stored connection. `secret`: a JSON object as it was sealed, None where there is none; no error
    of the connector repeats it.

    Raises:
        NotUnderstood: no such source, or a setting of it is missing or wrong. NotAllowed: the source may not be read.
    """
    take_from_jemalloc()
    kind = kind_named(source)
    asked = read_model(kind.config, config, source)

    def make() -> Connector:
        return kind.make(doors, asked, read_model(kind.secret, json.loads(secret or "{}"), source) if kind.secret is not None else None)

    return Guarded(told_without(secret, make), secret) if secret else make()


def kind_named(source: str) -> Kind:
    """Raises NotUnderstood where there is no such kind."""
    if source not in CONNECTORS:
        raise NotUnderstood("There is no such kind of source", culprit=source, fix=f"There are {', '.join(CONNECTORS)}.")
    return CONNECTORS[source]


def read_model(model: type[Model], said: dict[str, Any], source: str) -> Model:
    """Raises NotUnderstood, which names the first setting that is missing or wrong and never what was said of it."""
    try:
        return model.model_validate(said)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        name = ".".join(map(str, first["loc"])) or "settings"
        if first["type"] == "missing":
            raise NotUnderstood(f"The connection lacks its {name}", culprit=source, fix="" if first["loc"] else f"{first['msg']}.") from None
        raise NotUnderstood(f"The connection's {name} is not understood", culprit=source, fix=f"{first['msg']}.") from None
