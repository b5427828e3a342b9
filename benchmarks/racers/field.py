"""Who races."""

from __future__ import annotations

from dataclasses import dataclass

from toolkits.environments import (
    DENOISING,
    DIFFUSERS,
    LIGHTWEIGHT_GAN,
    PYTHAE,
    STYLEGAN2,
    TORCHGAN,
    Toolkit,
)


@dataclass(frozen=True)
class Racer:
    """One that trains.

    Attributes:
        name: In the table.
        script: Its file beside this one.
        toolkit: Its environment; None for that of genzoo.
        arguments: For the script, after the lap.
    """

    name: str
    script: str
    toolkit: Toolkit | None = None
    arguments: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """Its folder's name."""
        return self.name.replace(" ", "-")


FIELD = (
    Racer("genzoo", "of_genzoo.py"),
    Racer("genzoo convgan", "of_genzoo.py", arguments=("convgan",)),
    Racer("tutorial script", "tutorial.py"),
    Racer("torchgan", "of_torchgan.py", TORCHGAN),
    Racer("pythae vae", "of_pythae.py", PYTHAE, ("vae",)),
    Racer("pythae vqvae", "of_pythae.py", PYTHAE, ("vqvae",)),
    Racer("denoising-diffusion-pytorch", "of_denoising_diffusion.py", DENOISING),
    Racer("diffusers", "of_diffusers.py", DIFFUSERS),
    Racer("lightweight-gan", "of_lightweight_gan.py", LIGHTWEIGHT_GAN),
    Racer("stylegan2-pytorch", "of_stylegan2_pytorch.py", STYLEGAN2),
)


def chosen(names: str) -> tuple[Racer, ...]:
    """Those of the names, with commas between; all for none.

    Raises:
        SystemExit: Nobody is called so.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = {racer.name: racer for racer in FIELD}
    for name in wanted:
        if name not in known:
            raise SystemExit(f"'{name}' does not race. There are: {', '.join(known)}.")
    return tuple(known[name] for name in wanted) if wanted else FIELD
