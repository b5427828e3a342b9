"""The model card: what a model is, how to use it and how it was made."""

from __future__ import annotations

import json
import re

from genzoo.artifact.format import ArtifactConfig
from genzoo.interfaces.kind import Kind
from genzoo.records import ArchitectureSpec

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
"""Endings of files that a page of markdown shows."""

_FRONT_MATTER = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)

PLACE = "PATH/TO/THIS/FOLDER"
"""Stands for the model in its card until it is published."""

_PIPELINES = {"image": "unconditional-image-generation"}


def render_card(
    config: ArtifactConfig,
    record: ArchitectureSpec,
    kind: Kind,
    *,
    licence: str = "",
    preview: bool = False,
) -> str:
    """The text of `README.md`, with the YAML front matter that the Hugging Face Hub reads."""
    shown = f"{_previews(kind)}\n\n" if preview else ""
    return (
        f"{_front_matter(config, record, licence)}\n# {record.name}\n\n"
        f"{record.summary or 'A generative model'}, made with genzoo.\n\n{shown}"
        f"## Use\n\n{_usage(config, kind)}\n"
        f"## Contract\n\n{_contract(config)}\n"
        f"## Recipe\n\n{_recipe(config, record)}"
    )


def published_card(card: str, name: str, licence: str = "") -> str:
    """A model's card for the Hub: it names the model, its licence and the library.

    Args:
        card: The text of its `README.md`, generated or written by hand.
        name: What it is called on the Hub.
        licence: SPDX identifier, in place of the one in the card.
    """
    found = _FRONT_MATTER.match(card)
    lines = found[1].splitlines() if found else []
    body = card[found.end() :] if found else f"\n{card}"
    added = {"library_name": "genzoo"}
    if licence:
        added["license"] = json.dumps(licence.lower())
    kept = [line for line in lines if line.partition(":")[0] not in added]
    head = [f"{key}: {value}" for key, value in added.items()]
    if not any(line.startswith("tags:") for line in kept):
        kept += ["tags:", '- "genzoo"']
    return "\n".join(["---", *head, *kept, "---", ""]) + body.replace(PLACE, name)


def _front_matter(config: ArtifactConfig, record: ArchitectureSpec, licence: str) -> str:
    lines = ["---", "library_name: genzoo"]
    if licence:
        lines.append(f"license: {json.dumps(licence.lower())}")
    if config.sample.kind in _PIPELINES and not config.sample.conditional:
        lines.append(f"pipeline_tag: {_PIPELINES[config.sample.kind]}")
    tags = dict.fromkeys(["genzoo", record.family, record.name, config.sample.kind])
    lines += ["tags:", *(f"- {json.dumps(tag)}" for tag in tags), "---", ""]
    return "\n".join(lines)


def _previews(kind: Kind) -> str:
    """Shown where they are pictures, linked where they are not."""
    marks = ("!" if name.endswith(PICTURES) else "" for name in kind.previews)
    return "\n\n".join(
        f"{mark}[Samples]({name})" for mark, name in zip(marks, kind.previews, strict=True)
    )


def _usage(config: ArtifactConfig, kind: Kind) -> str:
    brought_by = (config.provider.distribution, config.kind.partition("/")[0])
    needed = " ".join(["pip install genzoo", *sorted({*brought_by} - {"genzoo"})])
    return (
        "```sh\n"
        f"{needed}\n"
        f"genzoo sample {PLACE} -n 64 --seed 0 -o samples{kind.endings[0]}\n"
        "```\n\n"
        "```python\n"
        "import genzoo\n\n"
        f'model = genzoo.load("{PLACE}")\n'
        "samples = model.sample(64, seed=0)\n"
        "```\n"
    )


def _contract(config: ArtifactConfig) -> str:
    sample = config.sample
    rows = [
        ("Kind", sample.kind),
        ("Shape", " × ".join(map(str, sample.shape))),
        ("Range", f"{sample.low:g} to {sample.high:g}"),
        ("Latent", " × ".join(map(str, config.latent.shape))),
        ("Classes", ", ".join(sample.classes[:50]) or "none"),
        ("Parts", ", ".join(config.parts)),
        ("Priors", ", ".join(["default", *(prior.name for prior in config.priors)])),
        ("Weights", config.dtype),
    ]
    return _table(rows)


def _recipe(config: ArtifactConfig, record: ArchitectureSpec) -> str:
    rows = [("Architecture", f"`{config.architecture}` {_options(config.config)}".strip())]
    if config.objective:
        rows.append(
            ("Objective", f"`{config.objective.name}` {_options(config.objective.config)}".strip())
        )
    if config.through:
        rows.append(("Through", f"the latents of `{config.through.name}`"))
    if record.paper:
        rows.append(("Paper", record.paper))
    facts = [(_title(name), _plain(value)) for name, value in config.training.items()]
    return _table(rows + facts)


def _options(values: dict[str, object]) -> str:
    return ", ".join(f"{name}={_plain(value)}" for name, value in values.items())


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _table(rows: list[tuple[str, str]]) -> str:
    body = [f"| {name} | {_cell(text)} |" for name, text in rows]
    return "\n".join(["| | |", "|---|---|", *body]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
