"""lightweight-gan: its trainer with the defaults of its command, on the processor."""

from __future__ import annotations

import torch

from racers.lap import finish, parameters_of, read_lap, spent
from racers.without_cuda import CHANGES, TorchOnProcessor, importing

with importing():
    from lightweight_gan import Trainer
    from lightweight_gan import lightweight_gan as toolkit
    from lightweight_gan.version import __version__

BATCH, ACCUMULATED = 10, 4

if __name__ == "__main__":
    lap = read_lap()
    toolkit.torch = TorchOnProcessor()
    trainer = Trainer(
        base_dir=lap.scratch,
        image_size=lap.size,
        batch_size=BATCH,
        gradient_accumulate_every=ACCUMULATED,
        num_workers=0,
        use_aim=False,
    )
    trainer.evaluate = trainer.save = lambda *_, **__: None
    trainer.set_data_src(lap.pictures)
    while spent() < lap.seconds:
        trainer.train()
    gan = trainer.GAN.eval()
    finish(
        lap,
        lambda count: gan.G(torch.randn(count, gan.latent_dim)),
        images=trainer.steps * BATCH * ACCUMULATED,
        parameters=parameters_of([gan.G, gan.D]),
        version=__version__,
        low=0.0,
        changes=f"{CHANGES}; plain weights, as it averages from step 20,000 on",
    )
