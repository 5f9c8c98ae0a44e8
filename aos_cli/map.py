"""`aos map`: mappings out as documents, decisions in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from aos_core.errors import NotUnderstood


@click.group("map")
def map_group() -> None:
    """Read and write mappings.

    A mapping says how one stream becomes one entity. A decision document names its stream, its entity and only what
    it decides; everything else stays as the matcher suggests it.
    """


@map_group.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tenant", required=True, help="The workspace, by its short name.")
@click.option("--by", required=True, help="Who decided, by e-mail: it stands in the provenance of every cell.")
def import_decisions(files: tuple[Path, ...], tenant: str, by: str) -> None:
    """State decisions from documents (YAML); all of them or, on any error, none."""
    from aos_cli.acting import acting
    from aos_cli.supervise import databases
    from aos_resources.audit import Entry, record
    from aos_resources.decisions import state_decision
    from aos_resources.settings import read_settings
    from aos_resources.world import open_world

    documents = [_document(path) for path in files]
    settings = read_settings()
    with databases(settings, say=_aside):
        world = open_world(settings)
        work = world.named(tenant)
        with work.database.transaction() as transaction:
            for path, document in zip(files, documents, strict=True):
                stated = state_decision(transaction, work.ontology, document, by)
                click.echo(f"{path}: {stated} answers for {document['stream']} as {document['entity']}")
            told = [f"{one['stream']} as {one['entity']}" for one in documents]
            record(transaction, Entry(acting(), "decide", "mappings", ", ".join(told), after=documents, detail={"by": by}))
        world.close()
    click.echo("They take effect with the next refresh, which a running installation starts by itself.")


@map_group.command("export")
@click.option("--tenant", required=True, help="The workspace, by its short name.")
@click.argument("stream", required=False)
def export(tenant: str, stream: str | None) -> None:
    """Print the current mappings as documents (YAML), of one STREAM (connection/stream) or of all."""
    import yaml

    from aos_cli.supervise import databases
    from aos_resources.settings import read_settings
    from aos_resources.world import open_world

    settings = read_settings()
    with databases(settings, say=_aside):
        world = open_world(settings)
        with world.named(tenant).database.transaction() as transaction:
            rows = transaction.all("select document from aos.mappings where state <> 'superseded' order by document ->> 'stream', entity")
        world.close()
    documents = [row["document"] for row in rows if stream in (None, row["document"]["stream"])]
    click.echo(yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True), nl=False)


def _document(path: Path) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as unread:
        raise NotUnderstood("The document is not YAML", culprit=f"{path}: {str(unread).splitlines()[0]}") from unread
    if not isinstance(found, dict):
        raise NotUnderstood("A decision document is a set of words and values", culprit=str(path))
    return found


def _aside(line: str) -> None:
    click.echo(line, err=True)
