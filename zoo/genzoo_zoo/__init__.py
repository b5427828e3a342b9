"""The catalogue: data sets and pretrained models that come with genzoo."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from genzoo import DatasetSpec, ModelSpec, hookimpl

MODELS = Path(__file__).parent / "models"


@hookimpl
def genzoo_datasets() -> Iterable[DatasetSpec]:
    """The bundled data sets."""
    return [
        DatasetSpec(
            name="peeps",
            summary="Portraits drawn from parts, 64x64 in colour, no two alike",
            target="genzoo_zoo.peeps:load",
            version="1",
            count=11896,
            licence="CC0-1.0",
        ),
        DatasetSpec(
            name="names",
            summary="English first names, no two alike",
            target="genzoo_zoo.names:load",
            version="1",
            kind="text",
            count=7580,
            licence="CC0-1.0",
        ),
        DatasetSpec(
            name="names-held-out",
            summary="Names that are not among `names`, to judge models of those by",
            target="genzoo_zoo.names:load_held_out",
            version="1",
            kind="text",
            count=842,
            licence="CC0-1.0",
        ),
    ]


@hookimpl
def genzoo_models() -> Iterable[ModelSpec]:
    """The bundled models: every folder of `models/` that has a `card.json`."""
    return [read_card(card) for card in sorted(MODELS.glob("*/card.json"))]


def read_card(card: Path) -> ModelSpec:
    """The record of the model whose artifact lies beside `card`.

    Raises:
        KeyError: The card has no name or no architecture.
        ValueError: The card is no JSON, or its name is malformed.
    """
    facts = json.loads(card.read_text("utf-8"))
    return ModelSpec(
        name=facts["name"],
        summary=facts.get("summary", ""),
        architecture=facts["architecture"],
        location=str(card.parent),
        licence=facts.get("licence", ""),
        tags=tuple(facts.get("tags", ())),
    )
