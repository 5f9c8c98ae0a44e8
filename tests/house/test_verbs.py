"""The README's table of verbs by role against the one table that decides."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from aos_api.identity import ALLOWED, PEOPLE_ONLY, Noun, Verb
from aos_resources.people import Role

ROOT = Path(__file__).resolve().parents[2]
STANDINGS = (*get_args(Role), "operator")
HEADING = "## Who may do what"


def written() -> list[str]:
    """What the table should say: a line for each noun and set of standings."""
    lines = [f"| what | {' | '.join(STANDINGS)} | API keys |", "|---" * (len(STANDINGS) + 2) + "|"]
    for noun in get_args(Noun):
        for verb in get_args(Verb):
            allowed = ALLOWED.get((verb, noun))
            if allowed:
                marks = ["yes" if one in allowed else "" for one in STANDINGS]
                key = "" if (verb, noun) in PEOPLE_ONLY or allowed == {"operator"} else "yes"
                lines.append("| " + " | ".join([f"{verb} {noun}", *marks, key]).replace("|  |", "| |").replace("|  |", "| |") + " |")
    return [re.sub(r" +", " ", line) for line in lines]


def told(readme: str) -> list[str]:
    section = readme.partition(HEADING + "\n")[2].partition("\n## ")[0]
    return [re.sub(r" +", " ", line) for line in section.splitlines() if line.startswith("|")]


def test_the_readmes_table_of_verbs_by_role_is_the_one_that_decides() -> None:
    assert told((ROOT / "README.md").read_text()) == written()


def test_every_verb_and_noun_that_is_allowed_is_one_and_every_noun_is_of_use() -> None:
    assert {verb for verb, _ in ALLOWED} <= set(get_args(Verb))
    assert {noun for _, noun in ALLOWED} == set(get_args(Noun))
    assert set(ALLOWED) >= PEOPLE_ONLY


def test_no_role_of_a_tenant_has_the_operators_verbs_nor_the_operator_theirs() -> None:
    assert [one for one, allowed in ALLOWED.items() if "operator" in allowed and len(allowed) > 1] == []


def test_a_higher_role_may_whatever_a_lower_one_may() -> None:
    roles = get_args(Role)
    assert [one for one, allowed in ALLOWED.items() if "operator" not in allowed and allowed != frozenset(roles[: len(allowed)])] == []


def test_a_line_less_or_more_is_found() -> None:
    lines = "\n".join(written())
    assert told(f"{HEADING}\n{lines}\n\n## Next\n| x |") == written()
    assert told(f"{HEADING}\n{lines.replace('| yes |', '| |', 1)}\n") != written()
