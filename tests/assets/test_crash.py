"""kill -9 at any moment of a refresh: the next one finishes it, and nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

from benchmarks import kills


def test_a_refresh_killed_in_every_stage_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """The same with more rows and kills: python -m benchmarks.kills."""
    found = kills.measure(tmp_path, rows=5_000, kills=20, seed=11)
    assert (found["unequal"], found["lost_or_doubled"]) == (0, 0)
    assert min(found["hit"].values()) >= 1, found
