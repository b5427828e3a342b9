"""`genzoo info`: everything about one name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genzoo.cli.models import folder_bytes, readable_size
from genzoo.cli.options import output_options
from genzoo.cli.output import Sheet, output
from genzoo.cli.plugged import plugged_registry

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from genzoo.records import Record
    from genzoo.registry import Entry, Registry

REGISTERED = ("architectures", "objectives", "priors", "datasets", "kinds")


def complete_anything(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Everything that `genzoo info` knows."""
    from genzoo.cli import completion

    completers = (
        completion.complete_architecture,
        completion.complete_objective,
        completion.complete_model,
    )
    return [item for complete in completers for item in complete(ctx, parameter, incomplete)]


@click.command()
@click.argument("name", shell_complete=complete_anything)
@output_options
def command(name: str) -> None:
    """Show a model (name, folder or run), architecture, objective, prior, data set or kind."""
    registry = plugged_registry()
    output().sheets(_sheets(name, registry))


def _sheets(name: str, registry: Registry) -> list[Sheet]:
    """Everything that `name` means; an architecture and its objective often share one."""
    folder = Path(name)
    if (folder / "run.json").is_file():
        return [_run_sheet(folder)]
    found = (
        [] if folder.is_dir() else [_record_sheet(entry) for entry in _registered(name, registry)]
    )
    if not found or name in registry.models.names():
        found.append(_model_sheet(name, registry))
    return found


def _registered(name: str, registry: Registry) -> list[Entry[Record]]:
    """Entries of any kind that `name` means, models apart."""
    catalogues = [getattr(registry, kind) for kind in REGISTERED]
    return [
        entry
        for catalogue in catalogues
        for entry in catalogue.values()
        if name in (entry.full_name, entry.record.name)
    ]


def _record_sheet(entry: Entry[Record]) -> Sheet:
    import dataclasses

    from genzoo.cli.fields import describe_config

    record = entry.record
    facts: dict[str, Any] = {"full_name": entry.full_name, "version": entry.version}
    fields = dataclasses.asdict(record)
    config = fields.pop("config", "")
    facts |= {key: value for key, value in fields.items() if key not in ("name", "target")}
    if config:
        facts["options"] = describe_config(config)
    return f"{record.what} {record.name}", {"what": record.what, **facts}


def _run_sheet(folder: Path) -> Sheet:
    from genzoo.training.folder import RunFolder

    run = RunFolder(folder)
    record = run.read_record()
    plan = record.plan
    facts = {
        "what": "run",
        "architecture": plan.architecture,
        "architecture_config": plan.architecture_config,
        "objective": plan.objective,
        "objective_config": plan.objective_config,
        "data": record.data.name,
        "kind": plan.data.kind,
        "data_options": plan.data.options,
        "samples_in_data": record.data.count,
        "shape": record.data.sample.shape,
        "classes": record.data.sample.classes,
        **plan.training.model_dump(),
        "checkpoints": sorted(path.name for path in run.checkpoints.glob("*")),
        "artifact": str(run.artifact) if run.artifact.is_dir() else None,
    }
    return f"run {folder}", facts


def _model_sheet(name: str, registry: Registry) -> Sheet:
    from genzoo.artifact.describe import describe
    from genzoo.zoo import resolve

    folder = resolve(name, registry).folder
    described = describe(folder, registry)
    config = described.config
    facts = {
        "what": "model",
        "format": described.format or None,
        "architecture": config.architecture,
        "provider": f"{config.provider.distribution} {config.provider.version}",
        "architecture_config": config.config,
        "kind": config.kind,
        "shape": config.sample.shape,
        "range": (config.sample.low, config.sample.high),
        "classes": config.sample.classes,
        "latent": config.latent.shape,
        "parts": config.parts,
        "priors": ("default", *(prior.name for prior in config.priors)),
        "objective": config.objective.name if config.objective else None,
        "objective_config": config.objective.config if config.objective else None,
        "training": config.training,
        "weights": config.dtype,
        "size": readable_size(folder_bytes(folder)),
        "folder": str(folder),
    }
    return f"model {name}", facts
