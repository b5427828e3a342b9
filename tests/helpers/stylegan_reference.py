"""Makes reference.npz: what NVIDIA's own code gives for small networks of made-up weights.

    python tests/helpers/stylegan_reference.py PATH/TO/stylegan3

The path is a checkout of https://github.com/NVlabs/stylegan3. Nothing of it is kept: weights are
the random numbers of `made_up`, and what is stored is what comes out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genzoo_gan.stylegan.configs import StyleConfig, StyleGAN2Config, StyleGAN3Config

LATENTS, CLAMP = 4, 2.0
SHARED = {"latent_dim": 5, "style_dim": 6, "channel_max": 6, "conv_clamp": CLAMP}
CASES: dict[str, tuple[type[StyleConfig], dict[str, Any], int]] = {
    "skip": (StyleGAN2Config, {"discriminator": "skip", "channel_base": 64}, 0),
    "resnet": (StyleGAN2Config, {"synthesis": "resnet", "channel_base": 64}, 3),
    "orig": (
        StyleGAN2Config,
        {"synthesis": "orig", "discriminator": "orig", "channel_base": 64, "mapping_layers": 3},
        0,
    ),
    "translation": (StyleGAN3Config, {"channel_base": 128, "layers": 4}, 0),
    "rotation": (
        StyleGAN3Config,
        {"channel_base": 128, "layers": 4, "kernel": 1, "radial": True},
        2,
    ),
}
"""Config and number of classes of each network."""

SIDE = 16
STORED = Path(__file__).parents[1] / "plugins/gan/stylegan/reference.npz"
FILTERS = ("resample_filter", "up_filter", "down_filter")


def made_up(shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """Weights by name, from the names alone."""
    made: dict[str, torch.Tensor] = {}
    for name, shape in shapes.items():
        rng = np.random.default_rng(list(name.encode()))
        values = torch.from_numpy(rng.standard_normal(shape, dtype=np.float32).reshape(shape))
        slow = name.startswith("mapping.fc") and name.endswith("weight")
        values = 100 * values if slow else values
        made[name] = values.abs() + 0.5 if name.endswith("magnitude_ema") else values
    return made


def inputs(classes: int) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Latents (LATENTS, 5) and labels."""
    rng = np.random.default_rng(0)
    z = torch.from_numpy(rng.standard_normal((LATENTS, 5), dtype=np.float32))
    return z, torch.arange(LATENTS) % classes if classes else None


def images() -> torch.Tensor:
    """What the discriminator looks at."""
    rng = np.random.default_rng(1)
    return torch.from_numpy(rng.standard_normal((LATENTS, 3, SIDE, SIDE), dtype=np.float32))


def main(checkout: str) -> None:
    """Compute and store all cases."""
    sys.path.insert(0, checkout)
    from training import networks_stylegan2, networks_stylegan3

    stored: dict[str, np.ndarray[Any, Any]] = {}
    for name, (kind, options, classes) in CASES.items():
        config = kind(**SHARED, **options)
        common = {"img_resolution": SIDE, "img_channels": 3, "c_dim": classes}
        widths = {"channel_base": config.channel_base, "channel_max": config.channel_max}
        wires = {"num_fp16_res": 0, "conv_clamp": CLAMP}
        generator_options: dict[str, Any] = {
            "z_dim": config.latent_dim,
            "w_dim": config.style_dim,
            "mapping_kwargs": {"num_layers": config.mapping_layers},
            **common,
            **widths,
            **wires,
        }
        if isinstance(config, StyleGAN3Config):
            rotation = {"conv_kernel": config.kernel, "use_radial_filters": config.radial}
            generator = networks_stylegan3.Generator(
                **generator_options, num_layers=config.layers, **rotation
            )
        else:
            assert isinstance(config, StyleGAN2Config)
            generator = networks_stylegan2.Generator(
                **generator_options, architecture=config.synthesis
            )
        discriminator = networks_stylegan2.Discriminator(
            **common, **widths, **wires, architecture=config.discriminator
        )
        for network in (generator, discriminator):
            state = network.state_dict()
            shapes = {k: tuple(v.shape) for k, v in state.items() if not k.endswith(FILTERS)}
            network.load_state_dict({**state, **made_up(shapes)})
            network.eval()
        z, labels = inputs(classes)
        c = torch.zeros(LATENTS, 0) if labels is None else torch.eye(classes)[labels]
        with torch.no_grad():
            styles = generator.mapping(z, c, truncation_psi=0.5, truncation_cutoff=3)
            stored[f"{name}.styles"] = styles.numpy()
            stored[f"{name}.images"] = generator.synthesis(styles, noise_mode="const").numpy()
            stored[f"{name}.logits"] = discriminator(images(), c).numpy()
    np.savez_compressed(STORED, **stored)


if __name__ == "__main__":
    main(sys.argv[1])
