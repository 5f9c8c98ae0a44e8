"""An installation that runs: its servers and children started in order, watched, and stopped in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import click
import psutil

from aos_cli import home, servers
from aos_cli.interruption import Interruption
from aos_cli.processes import Child, Process, stop_left_over
from aos_core.errors import AosError, FixTheSource, TryAgain
from aos_resources.embedded import Cluster, free_port
from aos_resources.embedded_valkey import Valkey, tell
from aos_resources.settings import Settings

Prepare = Callable[[Settings, str], None]
Children = Callable[[Settings], Sequence[Child]]
Say = Callable[[str], None]

PATIENCE = 180  # seconds until a child must answer; Dagster imports for long on a cold disk
GRACE = 10  # seconds a child has for ending by itself
LONGEST_BACKOFF = 60
STEADY = 60  # seconds after which a child's earlier ends are forgotten


@dataclass
class System:
    """What runs: addresses for whoever uses it, processes in the order they were started."""

    settings: Settings
    owner_url: str
    say: Say
    interruption: Interruption
    valkey: Valkey | None = None
    processes: list[Process] = field(default_factory=list)
    started_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def url(self, name: str) -> str | None:
        return next((each.child.url for each in self.processes if each.child.name == name), None)

    @property
    def api_url(self) -> str | None:
        return self.url("api")

    @property
    def dagster_url(self) -> str | None:
        """With its path, which is the same behind the API."""
        url = self.url("dagster-webserver")
        return None if url is None else f"{url}/dagster"

    def watch(self) -> None:
        """Until a signal: say which child ended, with its last words, and start it again, later each time."""
        ends: dict[str, tuple[int, float]] = {}  # how often a child ended in a row, and when it was last started
        while True:
            self.interruption.sleep(0.5)
            self._revive_valkey()
            for place, process in enumerate(self.processes):
                if process.ended is None:
                    continue
                name = process.child.name
                times, since = ends.get(name, (0, 0.0))
                times = 0 if time.monotonic() - since > STEADY else times
                pause = min(2**times, LONGEST_BACKOFF)
                self.say(f"{name} ended with {process.ended}; starting it again in {pause} s. It said:")
                self.say(process.last_words())
                self.interruption.sleep(pause)
                self.processes[place] = Process(process.child)
                ends[name] = (times + 1, time.monotonic())
                self.write_status()

    def _revive_valkey(self) -> None:
        """Others go on without it meanwhile, and see it when it is back, on another port too."""
        if self.valkey is None or self.valkey.process() is not None:
            return
        self.say("valkey ended; starting it again.")
        try:
            tell(self.settings, self.valkey.start())
        except AosError as failed:
            self.say(f"{failed.sentence} Going on without it.")
            self.valkey = None

    def write_status(self) -> None:
        """Addresses, ports and process ids for `aos status` and everybody else; no secrets."""
        home.write_status(
            self.settings,
            {
                "pid": psutil.Process().pid,
                "home": str(self.settings.home),
                "started_at": self.started_at,
                **{
                    each.child.name: {
                        "pid": each.pid,
                        "url": each.child.url,
                        "port": each.child.port,
                        "path": each.child.path,
                        "log": str(each.child.log),
                    }
                    for each in self.processes
                },
            },
        )

    def start(self, children: Sequence[Child]) -> bool:
        """Start all and wait for all; False if one lost its port to somebody else meanwhile."""
        for child in children:
            self.interruption.check()
            self.processes.append(Process(child))
        for process in self.processes:
            if not self._wait_for(process):
                self.stop()
                return False
        return True

    def stop(self) -> None:
        """The last one started first, and then whatever they started themselves."""
        while self.processes:
            self.processes[-1].stop(GRACE)
            self.processes.pop()
        stop_left_over(self.settings)

    def _wait_for(self, process: Process) -> bool:
        child = process.child
        deadline = time.monotonic() + PATIENCE
        while not process.answers():
            if process.ended is not None:
                if child.port is not None and free_port(child.port) != child.port:
                    return False
                raise FixTheSource(
                    f"{child.name} ended with {process.ended} while starting",
                    culprit=str(child.log),
                    fix=f"It said:\n{process.last_words()}",
                )
            if time.monotonic() > deadline:
                raise TryAgain(f"{child.name} does not answer", culprit=str(child.log))
            self.interruption.sleep(0.2)
        return True


@contextmanager
def running(
    settings: Settings,
    with_dagster: bool = True,
    *,
    prepare: Prepare | None = None,
    children: Children | None = None,
    say: Say = click.echo,
) -> Iterator[System]:
    """An installation for as long as the block lasts; Ctrl-C or SIGTERM ends the block by KeyboardInterrupt.

    Args:
        settings: its ports are preferred ones; the system's own settings say which were taken.
        children: what to start once the database is ready; the API and Dagster unless told.

    Raises:
        TryAgain: this home is in use.
        FixTheSource: a part did not start, with its last words.
    """
    home.make(settings)
    chosen = children or (_api_and_dagster if with_dagster else _api_only)
    interruption = Interruption()
    with interruption.listening(), home.alone(settings):
        settings.status_file.unlink(missing_ok=True)  # of one that was killed
        for name in stop_left_over(settings):
            say(f"Stopped {name}, left over from a run that was killed.")
        interruption.check()
        with _database(settings, prepare, stop_found=True, say=say) as owner_url, _valkey(settings, say) as valkey:
            interruption.check()
            system = System(settings, owner_url, say, interruption, valkey)
            try:
                _start(system, settings, chosen)
                system.write_status()
                with interruption.open():
                    yield system
            finally:
                system.stop()
                settings.status_file.unlink(missing_ok=True)


@contextmanager
def databases(settings: Settings, *, prepare: Prepare | None = None, say: Say = click.echo) -> Iterator[str]:
    """The database alone, prepared: the owner's URL. Stopped at the end if it was started here and nobody stays."""
    home.make(settings)
    interruption = Interruption()
    with (
        interruption.listening(),
        _database(settings, prepare, stop_found=False, say=say) as owner_url,
        interruption.open(),
    ):
        yield owner_url


def control_plane(settings: Settings) -> Cluster:
    return Cluster(settings.home / "postgres", "control plane")


def live_server(settings: Settings) -> Valkey:
    return Valkey(settings.home / "valkey")


def _start(system: System, settings: Settings, children: Children) -> None:
    for _attempt in range(3):
        api_port = free_port(settings.api_port)
        dagster_port = free_port(settings.dagster_port)
        if dagster_port == api_port:
            dagster_port = free_port(api_port + 1)
        system.settings = settings.model_copy(update={"api_port": api_port, "dagster_port": dagster_port})
        system.say("Starting " + ", ".join(child.name for child in children(system.settings)) + " ...")
        if system.start(children(system.settings)):
            return
    raise TryAgain("The ports were taken by somebody else three times in a row", culprit=str(settings.api_port))


def _api_only(settings: Settings) -> Sequence[Child]:
    return (servers.api(settings),)


def _api_and_dagster(settings: Settings) -> Sequence[Child]:
    return (servers.api(settings), *servers.dagster(settings))


def _migrations() -> Prepare:
    # Loads Alembic and SQLAlchemy, which `aos status` has no use for.
    from aos_resources.migrate import prepare

    return prepare


@contextmanager
def _database(settings: Settings, prepare: Prepare | None, *, stop_found: bool, say: Say) -> Iterator[str]:
    set_up = prepare or _migrations()
    if settings.database_url:
        set_up(settings, settings.database_url)
        yield settings.database_url
        return
    cluster = control_plane(settings)
    use = home.DatabaseUse(settings)
    found = use.first and cluster.process() is not None
    try:
        say(f"{'Adopting' if cluster.process() else 'Starting'} Postgres in {cluster.folder} ...")
        url = cluster.start()
        set_up(settings, url)
        yield url
    finally:
        if use.last_one_out() and (stop_found or not found):
            cluster.stop()
        use.close()


@contextmanager
def _valkey(settings: Settings, say: Say) -> Iterator[Valkey | None]:
    """The embedded valkey, unless there is another one. A machine on which it does not start goes on without."""
    if settings.redis_url:
        yield None
        return
    server: Valkey | None = live_server(settings)
    try:
        say(f"Starting valkey in {settings.home / 'valkey'} ...")
        tell(settings, live_server(settings).start())
    except AosError as failed:
        say(f"{failed.sentence} Going on without it: the app asks for news instead of being told.")
        server = None
    try:
        yield server
    finally:
        live_server(settings).stop()
        tell(settings, None)
