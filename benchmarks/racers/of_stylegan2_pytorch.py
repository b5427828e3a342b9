"""stylegan2-pytorch: its trainer with the defaults of its command, on the processor."""

from __future__ import annotations

from torch import Tensor

from racers.lap import finish, parameters_of, read_lap, spent
from racers.without_cuda import CHANGES, importing

with importing():
    from stylegan2_pytorch import Trainer
    from stylegan2_pytorch import stylegan2_pytorch as toolkit
    from stylegan2_pytorch.version import __version__

BATCH, ACCUMULATED, TRUNCATION = 5, 6, 0.75

if __name__ == "__main__":
    lap = read_lap()
    trainer = Trainer(
        "race",
        f"{lap.scratch}/results",
        f"{lap.scratch}/models",
        base_dir=lap.scratch,
        image_size=lap.size,
        network_capacity=16,
        batch_size=BATCH,
        gradient_accumulate_every=ACCUMULATED,
        lr=2e-4,
        num_workers=0,
    )
    trainer.evaluate = trainer.save = lambda *_, **__: None
    trainer.set_data_src(lap.pictures)
    while spent() < lap.seconds:
        trainer.train()
    gan = trainer.GAN.eval()

    def draw(count: int) -> Tensor:
        network = gan.G
        latents = toolkit.noise_list(count, network.num_layers, network.latent_dim, device=0)
        noise = toolkit.image_noise(count, network.image_size, device=0)
        return trainer.generate_truncated(gan.S, network, latents, noise, trunc_psi=TRUNCATION)

    finish(
        lap,
        draw,
        images=trainer.steps * BATCH * ACCUMULATED,
        parameters=parameters_of([gan.S, gan.G, gan.D]),
        version=__version__,
        low=0.0,
        changes=f"{CHANGES}; plain weights, as it averages from step 20,000 on; truncation 0.75",
    )
