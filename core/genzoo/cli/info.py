"""`genzoo info`: everything about one name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genzoo.cli.loaded_plugins import plugin_registry
from genzoo.cli.options import output_options
from genzoo.cli.printing import Sheet, output
from genzoo.cli.sizes import folder_bytes, readable_size
from genzoo.records import (
    ArchitectureSpec,
    DatasetSpec,
    KindSpec,
    ModelSpec,
    ObjectiveSpec,
    PriorSpec,
)

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from genzoo.artifact.format import ArtifactConfig
    from genzoo.hub.reference import HubReference
    from genzoo.records import Record
    from genzoo.registry import Entry, Registry

REGISTERED = (ArchitectureSpec, ObjectiveSpec, PriorSpec, DatasetSpec, KindSpec)


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
    registry = plugin_registry()
    output().sheets(_sheets(name, registry))


def _sheets(name: str, registry: Registry) -> list[Sheet]:
    """Everything that `name` means; an architecture and its objective often share one."""
    folder = Path(name)
    if (folder / "run.json").is_file():
        return [_run_sheet(folder)]
    found = (
        [] if folder.is_dir() else [_record_sheet(entry) for entry in _registered(name, registry)]
    )
    if not found or name in registry[ModelSpec].names():
        remote = _only_on_hub(name, registry)
        found.append(remote_sheet(remote, registry) if remote else _model_sheet(name, registry))
    return found


def _only_on_hub(name: str, registry: Registry) -> HubReference | None:
    """What `name` means if that is a model of the Hub that is not on this machine."""
    from genzoo.hub.cache import find_cached
    from genzoo.hub.reference import as_reference

    known = name in registry[ModelSpec] or name in registry[ModelSpec].names()
    reference = as_reference(registry[ModelSpec].find(name).record.location if known else name)
    if reference is None or find_cached(reference) or (not known and Path(name).exists()):
        return None
    return reference


def _registered(name: str, registry: Registry) -> list[Entry[Record]]:
    """Entries of any kind that `name` means, models apart."""
    return [
        entry
        for record in REGISTERED
        for entry in registry[record].values()
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
    from genzoo.training.run_folder import RunFolder

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
    from genzoo.app.open_model import open_model

    opened = open_model(name, registry)
    facts = {
        **description(opened.config),
        "format": opened.description.format or None,
        "size": readable_size(folder_bytes(opened.folder)),
        "folder": str(opened.folder),
    }
    return f"model {name}", facts


def description(config: ArtifactConfig) -> dict[str, Any]:
    """What a model's own `config.json` tells."""
    return {
        "what": "model",
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
    }


def remote_sheet(reference: HubReference, registry: Registry) -> Sheet:
    """A model of the Hub before it is pulled: no more is sent than its description and a header."""
    from genzoo.app import publish
    from genzoo.hub.weight_headers import inspect_weights

    plan = publish.plan(reference, registry)
    weights = inspect_weights(plan.remote, plan.weights)
    facts = {
        **(description(plan.config) if plan.config else {"what": "model"}),
        "licence": plan.remote.licence or None,
        "commit": plan.remote.commit,
        "private": plan.remote.private,
        "parameters": weights.values,
        "dtypes": dict(weights.dtypes),
        "tensors": weights.tensors,
        "memory": readable_size(weights.memory),
        "download": readable_size(plan.missing_bytes),
        "folder": None,
    }
    return f"model {reference}, on the Hub", facts
