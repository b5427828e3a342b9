"""`genzoo verify`: is a model whole, and does it compute here what it computed at home?"""

from __future__ import annotations

import dataclasses

import click

from genzoo.cli.loaded_plugins import opened_model
from genzoo.cli.options import model_argument, output_options
from genzoo.cli.printing import output

COLUMNS = {"verdict": "", "subject": "what", "detail": "found"}


@click.command()
@model_argument
@output_options
@click.pass_context
def command(ctx: click.Context, model: str) -> None:
    """Check the files of MODEL and replay the samples stored with it. Exits with 1 if one fails."""
    from genzoo.artifact.verify import verify

    opened = opened_model(model)
    verification = verify(opened.folder, opened.registry)
    out = output()
    if out.json:
        out.result({"model": model, "ok": verification.ok, **dataclasses.asdict(verification)}, "")
    else:
        rows = [
            {**dataclasses.asdict(finding), "verdict": "ok" if finding.ok else "FAILED"}
            for finding in verification.findings
        ]
        out.table(COLUMNS, rows)
    if not verification.ok:
        out.error(f"{model} is not what it should be.", "Get it again, or save it anew.")
        ctx.exit(1)
