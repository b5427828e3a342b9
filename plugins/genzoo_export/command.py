"""`genzoo export`: a model as a file that runs without genzoo."""

from __future__ import annotations

from pathlib import Path

import click

from genzoo import load, out_option, output, output_options, refuse_loss


@click.command()
@click.argument("model", metavar="MODEL")
@click.option(
    "--part",
    metavar="decode|encode",
    help="Latents to samples, or samples to latents. Default: decode.",
)
@out_option("An .onnx, for onnxruntime in any language, or a .pt2, for torch. Default: MODEL.onnx.")
@output_options
def command(model: str, part: str | None, out: Path | None) -> None:
    """Write MODEL to a file that runs without genzoo.

    The file is run at once on latents of seed 0, and its results are compared with genzoo's.
    """
    from genzoo_export.export import export, form_of

    path = out or Path(f"{Path(model).name.partition('@')[0]}.onnx")
    form_of(path)
    refuse_loss(path)
    done = export(load(model), path, part=part)
    facts = {
        "model": model,
        "path": str(path),
        "part": done.part,
        "difference": done.difference,
        "tolerance": done.tolerance,
    }
    output().result(facts, str(path))
    output().note(
        f"Run and compared: the largest difference from genzoo is {done.difference:.2g} "
        f"({done.tolerance:.2g} is allowed)."
    )
