"""Workers that are killed at a chosen moment: one template that has loaded everything forks them, and each says what it enters."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

# A slice that is being listed and one that has been are numbered: between the two lies its transaction, after it the next is read.
NURSERY = """
import os, sys
from itertools import count
from pathlib import Path
from aos_assets.steps import building, dbt, events, land, publish, reading, stages
from aos_resources.settings import Settings
from aos_resources.world import open_world
from benchmarks.kills import cut_into_slices

home, roots, slug, slice_rows = sys.argv[1:]
for stage, module, name in (("reading", land, "read_stream"), ("mapping", stages, "suggest_mappings"), ("events", events, "_build"),
                            ("identities", building, "follow"), ("models", dbt, "build"), ("publishing", publish, "_publish")):
    def told(*given, stage=stage, step=getattr(module, name), **named):
        print(stage, flush=True)
        return step(*given, **named)
    setattr(module, name, told)
def listed(*given, step=reading.list_reading, numbers=count(1), **named):
    number = next(numbers)
    print("listing", number, flush=True)
    found = step(*given, **named)
    print("listed", number, flush=True)
    return found
reading.list_reading = listed
cut_into_slices(int(slice_rows))
settings = Settings(home=Path(home), file_roots=roots, allowed_networks="localhost")
dbt.load(settings.home / "dbt")
print("ready", flush=True)
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        print(f"worker {os.getpid()}", flush=True)
        for report in stages.refresh_tenant(open_world(settings).named(slug), "kills"):
            assert all(check.passed for check in report.checks), report
        print("done", flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


class Nursery:
    def __init__(self, settings: Any, slug: str, slice_rows: int) -> None:
        command = [sys.executable, "-W", "ignore", "-c", NURSERY, str(settings.home), settings.file_roots, slug, str(slice_rows)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._until("ready")

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def whole(self) -> dict[str, float]:
        """A worker that is left alone: seconds that each stage lasts, in their order."""
        lasting, stage, since = dict[str, float](), "", time.monotonic()
        self._begin()
        while (word := self._word()) != "ended":
            lasting[stage] = lasting.get(stage, 0.0) + time.monotonic() - since
            stage, since = word, time.monotonic()
        return {stage: seconds for stage, seconds in lasting.items() if stage not in ("", "done")}

    def strike(self, wanted: str, chance: random.Random, lasting: dict[str, float]) -> str | None:
        """Kills a worker within that stage; gives the stage it was in, which may be a later one, or None where it had ended by then."""
        worker = self._begin()
        self._until(wanted)
        time.sleep(chance.uniform(0, lasting[wanted]))
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
        stage: str | None = wanted
        while (word := self._word()) != "ended":
            stage = word if word in lasting else None if word == "done" else stage
        return stage

    def _begin(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return int(self._word().split()[1])

    def _until(self, wanted: str) -> None:
        while (word := self._word()) != wanted:
            if word == "ended":
                raise RuntimeError(f"the worker never came to {wanted}")

    def _word(self) -> str:
        assert self._process.stdout is not None
        word = self._process.stdout.readline().strip()
        if not word:
            raise RuntimeError("the worker's template has died")
        return word
