"""What the demo says when it is up: where it is, who to be, and what to try first. One screen."""

from __future__ import annotations

from pathlib import Path


def greeting(home: Path, app: str, orchestrator: str, people: tuple[str, str], password: str) -> str:
    """`app` and `orchestrator` are addresses without a slash at their end; `people`: of the first workspace, and of the one of legacy systems."""
    return f"""
AutonomOS runs from {home}

  The app      {app}
  Sign in as   {people[0]}, password {password}
  or as        {people[1]}, for nine legacy systems; the same password
  API docs     {app}/docs
  Dagster UI   {orchestrator}

Try first:
  1. Is everything all right? Each figure leads to the records behind it.
     {app}/
  2. Where does a value come from? Click one, down to its source row.
     {app}/data/opportunity?sort=-amount
  3. What waits for a decision? Each question comes with its evidence.
     {app}/approvals

All of it is demo data. Ctrl-C stops it; nothing is lost."""
