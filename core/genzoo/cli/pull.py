"""`genzoo pull`: a model from the Hub to this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genzoo.cli.completion import complete_model
from genzoo.cli.loaded_plugins import plugin_registry
from genzoo.cli.options import HomePath, output_options
from genzoo.cli.printing import Sheet, output
from genzoo.cli.progress_bars import transfers
from genzoo.cli.sizes import readable_size
from genzoo.errors import PluginError, UsageError
from genzoo.records import ArchitectureSpec

if TYPE_CHECKING:
    from genzoo.artifact.format import ArtifactConfig
    from genzoo.hub.pull import PullPlan
    from genzoo.hub.reference import HubReference
    from genzoo.registry import Registry

LOCK_FILE = "genzoo.lock"


@click.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@click.option("--all", "everything", is_flag=True, help="Also what is there to train on.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option("--offline", is_flag=True, help="Take what is on this machine, or fail.")
@click.option("--locked", is_flag=True, help="Pull what the lock file pins, and nothing else.")
@click.option(
    "--lock-file",
    type=HomePath(path_type=Path),
    default=LOCK_FILE,
    show_default=True,
    help="Where genzoo lock wrote it.",
)
@output_options
def command(
    models: tuple[str, ...],
    everything: bool,
    dry_run: bool,
    offline: bool,
    locked: bool,
    lock_file: Path,
) -> None:
    """Bring MODEL, OWNER/NAME[@REVISION], from the Hugging Face Hub to this machine, verified.

    Only what sampling needs is fetched. With --locked, MODEL may be left out for all of them.
    """
    if locked and (everything or dry_run or offline):
        raise UsageError("--locked goes with no other option.", "Leave the others out.")
    if locked:
        _pull_locked(models, lock_file)
        return
    if not models:
        raise UsageError("The command does not say which model.", "Type genzoo pull OWNER/NAME.")
    from genzoo.app.publish import hub_reference, plan

    registry = plugin_registry()
    references = [hub_reference(name, registry) for name in models]
    if offline:
        _report([_offline(reference) for reference in references])
    elif dry_run:
        plans = [plan(reference, registry, everything) for reference in references]
        output().sheets([plan_sheet(one, registry) for one in plans])
    else:
        _report([_pull(reference, everything, registry) for reference in references])


def plan_sheet(plan: PullPlan, registry: Registry) -> Sheet:
    """What a plan says to people and programs."""
    facts: dict[str, Any] = {
        "what": "plan",
        "commit": plan.remote.commit,
        "licence": plan.remote.licence or None,
        "architecture": plan.config.architecture if plan.config else None,
        "plugin": _plugin(plan.config, registry) if plan.config else None,
        "files": {file.name: readable_size(file.size) for file in plan.files},
        "bytes": sum(file.size for file in plan.files),
        "to_download": {file.name: readable_size(file.size) for file in plan.missing},
        "bytes_to_download": plan.missing_bytes,
        "folder": str(plan.folder),
    }
    return f"{plan.remote.reference}", facts


def _plugin(config: ArtifactConfig, registry: Registry) -> str:
    """The plugin that the model needs, and what to type where it is not there."""
    from genzoo.artifact.provider import installed

    provider = config.provider
    try:
        installed(registry, registry[ArchitectureSpec], config.architecture, provider)
    except PluginError as error:
        return f"{provider.distribution} {provider.accepts}, not installed. {error.hint}"
    return f"{provider.distribution} {provider.accepts}, installed"


def _pull(reference: HubReference, everything: bool, registry: Registry) -> dict[str, Any]:
    from genzoo.app import publish
    from genzoo.hub.pull import pull

    out = output()
    out.note(f"Asking the Hub for {reference}.")
    plan = publish.plan(reference, registry, everything)
    _, facts = plan_sheet(plan, registry)
    for key in ("commit", "licence", "architecture", "plugin"):
        out.note(f"  {key}: {facts[key] or 'not said'}")
    for file in plan.files:
        here = "" if file in plan.missing else ", already here"
        out.note(f"  {file.name}: {readable_size(file.size)}{here}")
    if plan.missing:
        with transfers() as progress:
            pull(plan, progress)
    else:
        pull(plan)
        out.note("Nothing to download.")
    return {
        "model": str(reference),
        "commit": plan.remote.commit,
        "downloaded": plan.missing_bytes,
        "folder": str(plan.folder),
    }


def _offline(reference: HubReference) -> dict[str, Any]:
    from genzoo.app.publish import pulled

    folder = pulled(reference)
    return {
        "model": str(reference),
        "commit": folder.name,
        "downloaded": 0,
        "folder": str(folder),
    }


def _pull_locked(models: tuple[str, ...], lock_file: Path) -> None:
    from genzoo.artifact.describe import weight_names
    from genzoo.hub.lock_file import pull_locked, read_lock

    lock = read_lock(lock_file)
    weights_of = weight_names(plugin_registry())
    rows = []
    for name in models or lock.models:
        with transfers() as progress:
            folder = pull_locked(lock, name, progress, weights_of)
        rows.append({"model": name, "commit": folder.name, "folder": str(folder)})
    _report(rows)


def _report(rows: list[dict[str, Any]]) -> None:
    out = output()
    if out.json:
        out.table({}, rows)
    else:
        for row in rows:
            out.result(row, row["folder"])
    if rows:
        out.note(f"Try it: genzoo sample {rows[0]['model']} -n 64")
