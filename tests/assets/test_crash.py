"""kill -9 at any moment of a refresh: the next one finishes it, and nothing is lost, doubled or reordered."""

from __future__ import annotations

from pathlib import Path

from benchmarks import kills

NOTHING = (0, 0, 0)


def test_a_refresh_killed_in_every_stage_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """The same with more rows and kills: python -m benchmarks.kills."""
    found = kills.measure(tmp_path, "files", rows=2_000, kills=8, seed=11)
    assert (found["unequal"], found["lost_or_doubled"], found["reordered"]) == NOTHING
    assert sum(found["hit"].values()) == 8


def test_a_table_whose_reading_is_killed_between_slices_ends_as_one_that_never_was(tmp_path: Path) -> None:
    """The same with more slices, and killed in what comes after too: python -m benchmarks.kills --source postgres."""
    found = kills.measure(tmp_path, "postgres", rows=2_000, kills=5, seed=11, slices=3, aims=lambda stage: stage.startswith("listed"))
    assert (found["unequal"], found["lost_or_doubled"], found["reordered"]) == NOTHING
    assert "listed 3" in found["hit"], found
