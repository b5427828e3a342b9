"""Formats of other software for the toys, and some whose code is at fault."""

from genzoo import ForeignModel, SpecError


def read(content):
    """`{"maker": "toys", "width": ...}` beside `toy.safetensors`: the generator of a toy GAN."""
    if content.get("maker") != "toys":
        return None
    if content.get("secret"):
        raise SpecError("It is secret.", "Ask for another.")
    return ForeignModel(
        architecture="toy-gan",
        config={"width": content["width"]},
        sample={"shape": (3, 8, 8)},
        weights=("toy.safetensors",),
        rename=lambda name: f"generator.{name}",
    )


def breaks(content):
    """Raises for each file but an empty one."""
    return content["maker"]["absent"] if content else None


def strange(content):
    """Returns no ForeignModel."""
    return "toy-gan"
