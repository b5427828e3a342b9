"""diffusers: the training loop of its unconditional example on a smaller U-Net.

The loop is the example's for epsilon prediction: AdamW, a cosine schedule after a warm-up, clipped
gradients and averaged weights.
"""

from __future__ import annotations

from typing import Any

import diffusers
import torch
import torch.nn.functional as F
from diffusers import DDIMPipeline, DDIMScheduler, DDPMScheduler, UNet2DModel
from diffusers.optimization import get_scheduler
from diffusers.training_utils import EMAModel
from toolkits.pictures import picture_loader
from torch import Tensor

from racers.lap import Lap, TimedLoader, TimeIsUpError, finish, parameters_of, read_lap

BATCH, DDIM_STEPS = 16, 10


def untyped(made: Any) -> Any:
    """A class whose types are not written down."""
    return made


def unet(size: int) -> Any:
    """The example's shape with a quarter of its channels."""
    return untyped(UNet2DModel)(
        sample_size=size,
        in_channels=3,
        out_channels=3,
        layers_per_block=2,
        block_out_channels=(32, 32, 64, 64, 128, 128),
        norm_num_groups=32,
        down_block_types=(
            *("DownBlock2D",) * 4,
            "AttnDownBlock2D",
            "DownBlock2D",
        ),
        up_block_types=(
            "UpBlock2D",
            "AttnUpBlock2D",
            *("UpBlock2D",) * 4,
        ),
    )


def train(model: Any, lap: Lap) -> tuple[EMAModel, int]:
    """Until the time is up: the averaged weights, and batches."""
    scheduler = untyped(DDPMScheduler)(num_train_timesteps=1000, beta_schedule="linear")
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-4, betas=(0.95, 0.999), weight_decay=1e-6, eps=1e-8
    )
    rate = get_scheduler("cosine", optimizer, num_warmup_steps=500, num_training_steps=100_000)
    averaged = EMAModel(
        model.parameters(), decay=0.9999, use_ema_warmup=True, inv_gamma=1.0, power=3 / 4
    )
    loader = TimedLoader(picture_loader(lap.pictures, BATCH), lap.seconds)
    try:
        for clean, _ in loader:
            noise = torch.randn_like(clean)
            steps = torch.randint(0, 1000, (len(clean),)).long()
            noisy = scheduler.add_noise(clean, noise, steps)
            loss = F.mse_loss(model(noisy, steps).sample, noise)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            rate.step()
            optimizer.zero_grad()
            averaged.step(model.parameters())
    except TimeIsUpError:
        pass
    return averaged, loader.batches


if __name__ == "__main__":
    lap = read_lap()
    model = unet(lap.size)
    averaged, batches = train(model, lap)
    averaged.copy_to(model.parameters())
    pipeline = untyped(DDIMPipeline)(
        model.eval(), untyped(DDIMScheduler)(1000, beta_schedule="linear")
    )
    pipeline.set_progress_bar_config(disable=True)

    def draw(count: int) -> Tensor:
        made = pipeline(count, num_inference_steps=DDIM_STEPS, output_type="np").images
        return torch.from_numpy(made).permute(0, 3, 1, 2)

    finish(
        lap,
        draw,
        images=batches * BATCH,
        parameters=parameters_of([model]),
        version=diffusers.__version__,
        low=0.0,
        changes=f"a quarter of the channels, {DDIM_STEPS} DDIM steps, no accelerate",
    )
