"""denoising-diffusion-pytorch: the U-Net of its README, halved, its trainer, and DDIM samples."""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import version

from denoising_diffusion_pytorch import GaussianDiffusion, Trainer, Unet
from denoising_diffusion_pytorch import denoising_diffusion_pytorch as toolkit

from racers.lap import TimedLoader, TimeIsUpError, finish, parameters_of, read_lap

BATCH, DDIM_STEPS = 16, 10

if __name__ == "__main__":
    lap = read_lap()
    # It reads pictures in this process, whose seconds count.
    toolkit.cpu_count = lambda: 0
    network = Unet(dim=32, dim_mults=(1, 2, 4, 8))
    diffusion = GaussianDiffusion(
        network, image_size=lap.size, timesteps=1000, sampling_timesteps=DDIM_STEPS
    )
    trainer = Trainer(
        diffusion,
        lap.pictures,
        train_batch_size=BATCH,
        train_lr=8e-5,
        train_num_steps=10**9,
        save_and_sample_every=10**9,
        gradient_accumulate_every=1,
        calculate_fid=False,
        results_folder=lap.scratch,
    )
    trainer.dl = iter(loader := TimedLoader(trainer.dl, lap.seconds))
    with suppress(TimeIsUpError):
        trainer.train()
    averaged = trainer.ema.ema_model.eval()
    finish(
        lap,
        lambda count: averaged.sample(batch_size=count),
        images=loader.batches * BATCH,
        parameters=parameters_of([network]),
        version=version("denoising-diffusion-pytorch"),
        low=0.0,
        changes=f"dim 32 instead of 64, batch 16, {DDIM_STEPS} DDIM steps",
    )
