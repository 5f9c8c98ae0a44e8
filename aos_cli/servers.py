"""Which processes make an installation: the API, Dagster's webserver and its daemon, and how each is told apart."""

from __future__ import annotations

import shutil
import sys

from aos_cli import home
from aos_cli.processes import REPOSITORY, Child, environment
from aos_resources.settings import Settings

_EVERYWHERE = ("0.0.0.0", "::", "")


def api(settings: Settings) -> Child:
    return Child(
        name="api",
        command=(sys.executable, "-m", "aos_cli.main", "api", "--host", settings.host, "--port", "{port}"),
        environment={**environment(settings), "AOS_OIDC_CLIENT_SECRET": settings.oidc_client_secret.get_secret_value()},
        folder=settings.home,
        log=home.logs(settings) / "api.log",
        host="127.0.0.1" if settings.host in _EVERYWHERE else settings.host,
        port=settings.api_port,
        path="/api/v1/health",
    )


def dagster(settings: Settings) -> tuple[Child, Child]:
    """The webserver and the daemon; `settings.url("dagster")` must be known, so the database is prepared."""
    folder = settings.home / "dagster"
    folder.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(REPOSITORY / "dagster.yaml", folder / "dagster.yaml")
    told = {
        **environment(settings),
        "DAGSTER_HOME": str(folder),
        # SQLAlchemy 2.1 reads a bare postgresql:// as psycopg 3; Dagster's storage is written for psycopg2.
        "DAGSTER_PG_URL": settings.url("dagster").replace("postgresql://", "postgresql+psycopg2://", 1),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }
    workspace = str(REPOSITORY / "workspace.yaml")
    # Dagster's own UI has no sign-in, so it never listens beyond this machine: operators reach it through the API, under
    # the same path. And they stand in the home: Dagster
    # reads a .env where it stands, and a checkout's may hold the owner's URL.
    webserver = Child(
        name="dagster-webserver",
        command=(
            sys.executable, "-m", "dagster_webserver", "--host", "127.0.0.1", "--port", "{port}",
            "--workspace", workspace, "--path-prefix", "/dagster",
        ),
        environment=told,
        folder=folder,
        log=home.logs(settings) / "dagster-webserver.log",
        port=settings.dagster_port,
        path="/dagster/server_info",
    )  # fmt: skip
    daemon = Child(
        name="dagster-daemon",
        command=(sys.executable, "-m", "dagster._daemon", "run", "--workspace", workspace),
        environment=told,
        folder=folder,
        log=home.logs(settings) / "dagster-daemon.log",
        says="Instance is configured with the following daemons",
    )
    return webserver, daemon
