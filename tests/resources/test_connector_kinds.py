"""The conformance suite, of what a kind of source says of itself and costs: whom it lets in, its settings, its memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aos_core.errors import NotUnderstood
from aos_resources.connectors import CONNECTORS, connect
from aos_resources.connectors.source import Doors
from aos_resources.settings import Settings
from tests.resources.sources import Source
from tests.resources.suite import ORDERS, SOURCES


def test_a_probe_says_who_we_are_and_whether_we_could_write(source: Source) -> None:
    source.make("orders", ORDERS, [["1", "a"]], key=["id"])
    before = source.connector().probe()
    assert source.account in before.account
    assert before.writable is (False if source.tells_writing else None)
    source.let_write()
    after = source.connector().probe()
    assert (after.account, after.writable) == (before.account, True if source.tells_writing else None)
    for word in (source.secret() or {}).values():
        assert word not in repr((before, after))


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_a_kind_describes_its_settings_for_a_form_and_bounds_them(kind: str) -> None:
    told = CONNECTORS[kind]
    assert all((told.title, told.about))
    for model in filter(None, (told.config, told.secret)):
        schema = model.model_json_schema()
        assert schema["additionalProperties"] is False
        for place, setting in settings_in(schema):
            assert setting.get("title") or place.count(".") > 1, place
            assert setting.get("description") or place.count(".") > 1, f"{place} is not described"
            bounds = {"string": {"maxLength", "enum", "const", "format"}, "array": {"maxItems"}, "object": {"maxProperties", "properties"}, "integer": {"maximum", "exclusiveMaximum"}, "number": {"maximum"}}
            assert bounds.get(setting.get("type", ""), set(setting)) & set(setting), f"{place} has no bound"


def settings_in(schema: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, schema) of each setting, those of lists and alternatives too."""
    for name, one in schema.get("properties", {}).items():
        yield f"{place}.{name}", one
        yield from settings_in(one, f"{place}.{name}")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield f"{place}.{name}.each", schema[name]
            yield from settings_in(schema[name], f"{place}.{name}.each")
    for one in [*schema.get("anyOf", []), *schema.get("$defs", {}).values()]:
        yield from settings_in(one, place)


MEASURE = """
import json, sys
from pathlib import Path
from aos_resources.connectors import connect
from aos_resources.connectors.source import Doors
from aos_resources.settings import Settings
settings, kind, config, secret = json.loads(sys.stdin.read())
connector = connect(Doors(Settings(**settings)), kind, config, secret)
streams = {one.name: one for one in connector.discover().streams}
def peak():  # Linux's own mark: getrusage's begins where the process that started this one stood
    return next(int(line.split()[1]) // 1024 for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
def rows(name): return sum(b.num_rows for part in connector.read(streams[name], None, {}) for b in part.batches)
few = rows("few")
before = peak()
many = rows("many")
print(json.dumps([few, many, peak() - before, peak()]))
"""


@pytest.mark.parametrize("kind", sorted(SOURCES))
def test_memory_is_flat_in_rows(make: Callable[[str], Source], kind: str, request: pytest.FixtureRequest) -> None:
    """400,000 rows of half a kilobyte are 210 MB; 270,000 of them more than before take a reader hardly any memory more."""
    source, wanted = make(kind), request.config.getoption("--rows")
    source.fill("few", 130_000)
    source.fill("many", wanted)
    secret = source.secret()
    told = json.dumps([source.settings.model_dump(mode="json"), kind, source.config(), json.dumps(secret) if secret else None])
    done = subprocess.run([sys.executable, "-c", MEASURE], input=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    few, many, grown, peak = json.loads(done.stdout)
    print(f"{kind}: {many:,} rows, {peak} MB at most, {grown} MB more than of {few:,}")
    assert (few, many) == (130_000, wanted)
    assert grown < 150
    assert peak < 400


def test_a_source_that_is_not_known_or_not_described_is_refused_in_words(settings: Settings) -> None:
    with pytest.raises(NotUnderstood, match="no such kind of source"):
        connect(Doors(settings), "carrier-pigeon", {}, None)
    for kind in CONNECTORS:
        with pytest.raises(NotUnderstood, match="lacks its"):
            connect(Doors(settings), kind, {}, None)
