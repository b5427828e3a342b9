"""torch-mimicry: its `Trainer`, losses and networks for 32 pixels."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import torch
import torch.utils.tensorboard
from torch import nn

from toolkits.pictures import picture_loader
from toolkits.turns import Task, TurnLoader, Turns, facts_of, read_task

# Its metrics import TensorFlow, and its ImageNet loader a module that torch no longer has. Nothing
# here uses either. TensorBoard would take the stand-in for TensorFlow if it were imported later.
sys.modules["tensorflow"] = ModuleType("tensorflow")
sys.modules["torch._six"] = ModuleType("torch._six")
sys.modules["torch._six"].PY3 = True  # type: ignore[attr-defined]

import torch_mimicry  # noqa: E402
from torch_mimicry.nets import dcgan, sngan  # noqa: E402
from torch_mimicry.training import Trainer  # noqa: E402

NETWORKS = {
    "mimicry dcgan": (dcgan.DCGANGenerator32, dcgan.DCGANDiscriminator32),
    "mimicry sngan": (sngan.SNGANGenerator32, sngan.SNGANDiscriminator32),
}
LOG_EVERY = 50


def adam(network: nn.Module) -> torch.optim.Adam:
    """The optimiser that its documentation gives."""
    return torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.0, 0.9))


def trainer(task: Task) -> Trainer:
    """On its defaults, but that it prints as rarely as it logs."""
    generator, discriminator = (network() for network in NETWORKS[task.rival])
    return Trainer(
        netD=discriminator,
        netG=generator,
        optD=adam(discriminator),
        optG=adam(generator),
        dataloader=picture_loader(task.pictures, task.batch),
        num_steps=1_000_000,
        log_dir=str(Path(task.scratch) / "log"),
        device=torch.device("cpu"),
        print_steps=LOG_EVERY,
    )


if __name__ == "__main__":
    task = read_task()
    subject = trainer(task)
    networks = [subject.netG, subject.netD]
    turns = Turns(task.steps, facts_of(networks, torch_mimicry.__version__))
    subject.dataloader = TurnLoader(subject.dataloader, turns)
    subject.train()
