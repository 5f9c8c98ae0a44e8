"""The README against the tree: its commands, targets, links and files are there."""

from __future__ import annotations

import fnmatch
import re
import shlex
from pathlib import Path

import click
import pytest

from aos_cli.main import main

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^(`{3,}|~{3,})(\w*)[^\n]*\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
_SHELLS = {"", "sh", "bash", "shell", "console", "text", "zsh"}
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_WRITTEN_BY_HAND = {".py", ".md", ".yaml", ".yml", ".toml", ".sql", ".txt", ".sh", ".ts", ".tsx", ".ini", ".lock", ".csv"}


def commands(readme: str) -> list[list[str]]:
    """Words of every shell line: of code blocks, and of code within a sentence."""
    blocks = [block for _, language, block in _FENCE.findall(readme) if language.lower() in _SHELLS]
    said = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    said += re.findall(r"`([^`\n]+)`", _FENCE.sub("", readme))
    found = []
    for line in said:
        for part in re.split(r"&&|\|\||[;|]", re.sub(r"(^|\s)#.*", "", line)):
            try:
                words = shlex.split(part.strip().removeprefix("$ "))
            except ValueError:  # a sentence with an apostrophe
                words = part.split()
            while words and re.fullmatch(r"\w+=.*|sudo|env", words[0]):
                words = words[1:]
            if words:
                found.append([words[0].rpartition("/")[2], *words[1:]])
    return found


def command_fault(words: list[str]) -> str | None:
    """What of `aos …` the command line does not know."""
    command: click.Command = main
    context = click.Context(main, info_name="aos")
    options = {"-h", "--help", "--version"}
    for word in words:
        if word.startswith("-"):
            known = options | {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
            if word.partition("=")[0] not in known:
                return f"{command.name} has no {word}"
        elif isinstance(command, click.Group) and re.fullmatch(r"[a-z][\w-]*", word):
            try:
                found = command.get_command(context, word)
            except click.UsageError:
                found = None
            if found is None:
                return f"{command.name} has no command {word}"
            command, context = found, click.Context(found, parent=context, info_name=word)
    return None


def targets(makefile: str) -> set[str]:
    """Names before a colon; a rule may have several."""
    rules = re.findall(r"^([\w./ -]+):(?!=)", makefile, re.MULTILINE)
    return {one for rule in rules for one in rule.split()}


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", "")).replace(" ", "-")


def file_is_missing(said: str, ignored: list[str]) -> bool:
    """Of code within a sentence: a path of the repository that is not there. Places that only a run makes are ignored ones."""
    if not re.fullmatch(r"[\w.*@-]+(/[\w.*@-]+)*/?", said) or "/" not in said:
        return False
    first = said.partition("/")[0]
    if any(fnmatch.fnmatch(first, one) or fnmatch.fnmatch(said.rstrip("/"), one) for one in ignored):
        return False
    if not (ROOT / first).is_dir() and Path(said).suffix not in _WRITTEN_BY_HAND:
        return False
    return not any(ROOT.glob(said.rstrip("/")))


def faults(readme: str) -> list[str]:
    found = []
    for words in commands(readme):
        if words[0] == "aos" and (fault := command_fault(words[1:])):
            found.append(fault)
        if words[0] == "make":
            there = targets((ROOT / "Makefile").read_text())
            found += [f"make has no {one}" for one in words[1:] if re.fullmatch(r"[a-z][\w-]*", one) and one not in there]
    prose = _FENCE.sub("", readme)
    anchors = {anchor(one) for one in re.findall(r"^#+\s+(.*?)\s*#*$", prose, re.MULTILINE)}
    for link in _LINK.findall(prose) + re.findall(r"^\[[^\]]+\]:\s*(\S+)", prose, re.MULTILINE):
        path, _, place = link.partition("#")
        if re.match(r"\w[\w+.-]*:", link):
            continue
        if path and not (ROOT / path).exists():
            found.append(f"link to {path}")
        if not path and place not in anchors:
            found.append(f"link to #{place}")
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line and not line.startswith(("#", "!"))]
    return found + [f"no file {one}" for one in re.findall(r"`([^`\n]+)`", prose) if file_is_missing(one, ignored)]


def test_what_the_readme_names_is_there() -> None:
    assert faults((ROOT / "README.md").read_text()) == []


@pytest.mark.parametrize(
    ("readme", "says"),
    [
        ("```sh\naos fly --high\n```", "main has no command fly"),
        ("```\n$ AOS_HOME=/tmp/x .venv/bin/aos status --jsonn\n```", "status has no --jsonn"),
        ("Then `aos map no-such-thing` it.", "map has no command no-such-thing"),
        ("```bash\nmake && aos down --forcibly  # now\n```", "down has no --forcibly"),
        ("Say `make dinner`.", "make has no dinner"),
        ("See [the design](docs/nowhere.md).", "link to docs/nowhere.md"),
        ("See [below](#nowhere).\n\n## Somewhere", "link to #nowhere"),
        ("It is in `aos_core/nowhere.py`.", "no file aos_core/nowhere.py"),
        ("It is in `gone/models/*.sql`.", "no file gone/models/*.sql"),
        ("It is in `aos_core/nowhere/`.", "no file aos_core/nowhere/"),
    ],
)
def test_what_is_not_there_is_found(readme: str, says: str) -> None:
    assert faults(readme) == [says]


def test_what_is_there_is_not_complained_of() -> None:
    assert faults(
        "# What it is\n\nSee [the start](#what-it-is), [the lock](requirements.lock), [elsewhere](https://example.com/x), `aos_core/`, `aos_core/entities/*.yaml`,"
        " `dbt_project/models/staging`, `unified/accounts`, `text/event-stream`, `/api/v1/me`, `lake/<tenant>/raw/x.parquet`, `.aos/status.json`, `aos`, `and/or`.\n"
        "\n```sh\nmake demo   # first\naos --version\naos status --json && aos down\nexport AOS_HOME=/x; aos sync <connection>\n```\n```python\naos = fly()\n```\n"
    ) == []
