"""The shape of every file of ours: its first line, its length, who reads the environment, and that an import only imports."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (*sorted(path.parent.name for path in ROOT.glob("aos_*/__init__.py")), "benchmarks", "migrations", "tests")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "__pycache__" not in path.parts)
MOST_LINES = 400
# May look at the environment: who reads our settings, and who composes a child's.
READ_ENVIRONMENT = {"aos_resources/settings.py", "aos_cli/processes.py"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def first_line_is_missing(path: Path, text: str) -> bool:
    """An empty `__init__` needs no word; every other file says on its first line what belongs in it."""
    if path.name == "__init__.py" and not text.strip():
        return False
    docstring = ast.get_docstring(ast.parse(text))
    return not text.startswith('"""') or not docstring or len(docstring.splitlines()[0].split()) < 3


def reads_of_the_environment(text: str) -> list[int]:
    """Lines that reach for the process's environment, by whatever name `os` or its parts go."""
    return sorted(_reads(ast.parse(text)))


def _reads(tree: ast.Module) -> Iterator[int]:
    names = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in names and isinstance(node.value, ast.Name):
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module in ("os", "posix") and {one.name for one in node.names} & {*names, "*"}:
            yield node.lineno
        if isinstance(node, ast.Constant) and node.value in ("environ", "getenv"):
            yield node.lineno


def test_every_file_says_on_its_first_line_what_belongs_in_it() -> None:
    assert len(FILES) > 80
    assert [name(path) for path in FILES if first_line_is_missing(path, path.read_text())] == []


def test_no_file_is_longer_than_one_can_hold_in_mind() -> None:
    assert {name(path): lines for path in FILES if (lines := len(path.read_text().splitlines())) > MOST_LINES} == {}


def test_only_the_settings_read_the_environment() -> None:
    ours = [path for path in FILES if path.relative_to(ROOT).parts[0] != "tests" and name(path) not in READ_ENVIRONMENT]
    assert {name(path): found for path in ours if (found := reads_of_the_environment(path.read_text()))} == {}


@pytest.mark.parametrize(
    "text", ["import os\nos.environ['A']", "import os as o\no.getenv('A')", "from os import environ", "from os import getenv as g", "import os\ngetattr(os, 'environ')"]
)
def test_every_way_to_the_environment_is_found(text: str) -> None:
    assert reads_of_the_environment(text) != []
    assert reads_of_the_environment("import os\nos.fsync(3)\nenvironment = 1") == []


@pytest.mark.parametrize(("file", "text"), [("a.py", "import os\n"), ("a.py", '# a\n"""Says something here."""'), ("a.py", '"""Tests."""'), ("__init__.py", "x = 1"), ("a.py", "")])
def test_a_file_without_its_sentence_is_found(file: str, text: str) -> None:
    assert first_line_is_missing(Path(file), text)


# Runs in a process of its own: whatever our own module-level code opens, connects to or starts, is told.
# An event belongs to the innermost module that is being imported; loading modules themselves is not work.
LISTEN = """
import importlib, json, os, pkgutil, sys, threading
ours = json.loads(sys.argv[1])
sys.path.insert(0, ours["root"])
told = []
kinds = {"socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.mkdir",
         "os.listdir", "os.scandir", "os.remove", "os.rename", "sqlite3.connect", "open", "tempfile.mkstemp", "tempfile.mkdtemp", "_thread.start_new_thread"}
loading = (".py", ".pyc", ".so", ".pth")
def whose():
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return None  # the import system looks for a module, or loads it
        if frame.f_code.co_name == "<module>":
            return frame.f_code.co_filename
        frame = frame.f_back
    return None
def listen(event, arguments):
    if event in kinds and not (event == "open" and str(arguments[0]).endswith(loading)):
        module = whose()
        if module is not None and any(module.startswith(os.path.join(ours["root"], room) + os.sep) for room in ours["rooms"]):
            told.append([os.path.relpath(module, ours["root"]), event, str(arguments[0])[:200]])
sys.addaudithook(listen)
names = []
for room in ours["rooms"]:
    package = importlib.import_module(room)
    names += [room] + [one.name for one in pkgutil.walk_packages(package.__path__, room + ".")]
for name in names:
    importlib.import_module(name)
print(json.dumps({"told": told, "modules": len(names), "threads": [one.name for one in threading.enumerate() if one is not threading.main_thread()]}))
"""


def imported(root: Path, *rooms: str) -> dict[str, object]:
    asked = json.dumps({"root": str(root), "rooms": rooms})
    done = subprocess.run([sys.executable, "-c", LISTEN, asked], capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_importing_a_module_only_imports() -> None:
    found = imported(ROOT, "aos_core", "aos_resources", "aos_api")
    assert (found["told"], found["threads"]) == ([], [])
    assert int(str(found["modules"])) > 50


@pytest.mark.parametrize(
    ("work", "event"),
    [
        ("from pathlib import Path\nPath('/etc/hostname').read_text()", "open"),
        ("import socket\nsocket.socket()", "socket.__new__"),
        ("import socket\nsocket.getaddrinfo('localhost', 1)", "socket.getaddrinfo"),
        ("import subprocess, sys\nsubprocess.run([sys.executable, '-V'])", "subprocess.Popen"),
        ("from pydantic_settings import BaseSettings\nclass S(BaseSettings, env_file='x.env'): ...\nopen('x.env', 'w').close()\nS()", "open"),
        ("def later():\n    open('/etc/hostname')\nlater()", "open"),
    ],
)
def test_work_at_import_is_heard(tmp_path: Path, work: str, event: str) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "__init__.py").write_text("")
    (tmp_path / "room" / "busy.py").write_text(work)
    told = imported(tmp_path, "room")["told"]
    assert isinstance(told, list)
    assert ["room/busy.py", event] in [one[:2] for one in told]


def test_the_api_starts_without_what_it_never_needs() -> None:
    code = "import json, sys, aos_api.app; print(json.dumps(sorted({one.partition('.')[0] for one in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(json.loads(done.stdout))
    assert {"fastapi", "sqlalchemy"} <= loaded
    assert loaded & {"dagster", "dbt", "pandas", "aos_assets", "aos_sensors", "aos_cli", "psycopg2", "alembic", "uvicorn"} == set()
