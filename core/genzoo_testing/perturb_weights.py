"""Taking networks away from their initialisation, where much is zero or one."""

from __future__ import annotations

import torch

from genzoo.interfaces.networks import Decoder, Discriminator, Encoder, Generator
from genzoo.model.model import Model
from genzoo_testing.random_inputs import cyclic_labels, random_samples

ROWS = 8
AMOUNT = 0.1


@torch.no_grad()
def stir(model: Model, amount: float = AMOUNT) -> Model:
    """Add noise to every parameter and let each network see a batch in training mode.

    Layers that begin at zero then have a say, and batch statistics are no longer 0 and 1. The
    global random state is left alone.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        for parameter in model.parts.parameters():
            if parameter.is_floating_point():
                parameter.add_(amount * torch.randn_like(parameter))
        model.train()
        _exercise(model)
        return model.eval()


def _exercise(model: Model) -> None:
    x = random_samples(model.sample_spec, ROWS)
    z = model.draw_latents(ROWS)
    labels = cyclic_labels(model.sample_spec, ROWS)
    for part in model.parts.values():
        if isinstance(part, Generator | Decoder):
            part(z, labels)
        elif isinstance(part, Discriminator | Encoder):
            part(x, labels)
