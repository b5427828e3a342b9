"""How many spoken digits a classifier understands: `python zoo/recipes/judge_digits.py FOLDER`.

A small network learns the real digits in FOLDER, whose files are named `7_jackson_12.wav`: digit,
speaker, take. Takes from 10 on are learned from, and takes 0 to 9 tell how often it is right.
Then it judges sounds of `digits-voice`, or of the model that `--model` names.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile
import soxr
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo import load

RATE = FRAMES = 8000
"""The first second of a recording counts."""

HELD_OUT = 10
"""Takes below this are not learned from."""

EPOCHS, BATCH, LEARNING_RATE, DECAY = 12, 64, 2e-3, 0.8
LATEST = 400
"""Digits are moved by up to 50 ms while the network learns them."""

WINDOW, FLOOR = 256, 3e-3
"""Of spectra: frames, and what is added to magnitudes before the logarithm."""

LOUDNESS = 4
"""Sounds are made louder by this, which brings quiet parts over the floor of the log spectra."""


@dataclass(frozen=True)
class Digits:
    """Spoken digits.

    Attributes:
        sounds: (N, FRAMES) in [-1, 1).
        labels: (N,), 0 to 9.
        takes: (N,).
    """

    sounds: Tensor
    labels: Tensor
    takes: Tensor

    def __getitem__(self, chosen: Tensor) -> Digits:
        return Digits(self.sounds[chosen], self.labels[chosen], self.takes[chosen])


class Listener(nn.Module):
    """Four convolutions over log spectra, and the mean over time and frequency."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.AvgPool2d(2)]
        for inputs, outputs in ((1, 16), (16, 32), (32, 64), (64, 64)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs)]
            layers += [nn.ReLU(), nn.MaxPool2d(2)]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(64, 10))

    def forward(self, sounds: Tensor) -> Tensor:
        """Logits (N, 10) of sounds (N, FRAMES)."""
        spectra = log_spectra(LOUDNESS * sounds).unsqueeze(1)
        made: Tensor = self.head(self.layers(spectra).mean((2, 3)))
        return made


def log_spectra(sounds: Tensor) -> Tensor:
    """Log magnitudes of sounds (N, FRAMES), about -1 to 2, (N, bins, times)."""
    window = torch.hann_window(WINDOW)
    spectra = torch.stft(
        sounds, WINDOW, WINDOW // 4, window=window, pad_mode="constant", return_complex=True
    )
    return (torch.log(spectra.abs() * (4 / WINDOW) + FLOOR) + 3.5) / 2


def read_sound(path: Path) -> Tensor:
    """The first second of a recording, (at most FRAMES,)."""
    values, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return torch.from_numpy(soxr.resample(values.mean(1), rate, RATE))[:FRAMES]


def read_digits(folder: Path) -> Digits:
    """All recordings of a folder, in the order of their names.

    Raises:
        SystemExit: There are none to learn from, or none to test with.
    """
    sounds, labels, takes = [], [], []
    for path in sorted(folder.glob("[0-9]_*_*.wav")):
        digit, _, take = path.stem.split("_")
        values = read_sound(path)
        sounds.append(F.pad(values, (0, FRAMES - len(values))))
        labels.append(int(digit))
        takes.append(int(take))
    if not min(takes, default=HELD_OUT) < HELD_OUT <= max(takes, default=0):
        raise SystemExit(
            f"{folder} does not hold digits such as 7_jackson_12.wav with takes below and from "
            f"{HELD_OUT} on."
        )
    return Digits(torch.stack(sounds), torch.tensor(labels), torch.tensor(takes))


def learn(digits: Digits, seed: int = 0) -> Listener:
    """A network that tells digits apart, in evaluation mode."""
    torch.manual_seed(seed)
    listener = Listener().train()
    optimiser = torch.optim.AdamW(listener.parameters(), LEARNING_RATE)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(digits.labels)).split(BATCH):
            later = int(torch.randint(0, LATEST, ()))
            sounds = F.pad(digits.sounds[chosen], (later, 0))[:, :FRAMES]
            louder = 2 ** (2 * torch.rand(len(chosen), 1) - 1)
            loss = F.cross_entropy(listener(sounds * louder), digits.labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        for group in optimiser.param_groups:
            group["lr"] *= DECAY
    return listener.eval()


@torch.inference_mode()
def understood(listener: Listener, sounds: Tensor, labels: Tensor) -> Tensor:
    """Which of the sounds (N, FRAMES) are named right, (N,) bool."""
    named = torch.cat([listener(chunk).argmax(1) for chunk in sounds.split(BATCH)])
    return named == labels


def report(right: Tensor, labels: Tensor) -> str:
    """The share that is right, of all and of each digit."""
    shares = [f"{digit}: {share_of(right[labels == digit])}" for digit in labels.unique().tolist()]
    return f"{share_of(right)} of {len(right)} ({', '.join(shares)})"


def share_of(right: Tensor) -> str:
    """As a percentage."""
    return f"{float(right.float().mean()):.1%}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="digits-voice")
    parser.add_argument("-n", "--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="of the samples")
    parser.add_argument("--truncation", type=float, nargs="+", default=[1.0])
    options = parser.parse_args(arguments)
    digits = read_digits(options.folder)
    held_out = digits[digits.takes < HELD_OUT]
    listener = learn(digits[digits.takes >= HELD_OUT])
    right = understood(listener, held_out.sounds, held_out.labels)
    print(f"real digits, held out: {report(right, held_out.labels)}", flush=True)
    model = load(options.model)
    labels = torch.arange(options.count) % 10
    for truncation in options.truncation:
        made = model.sample(
            options.count,
            seed=options.seed,
            labels=[str(label) for label in labels.tolist()],
            truncation=truncation,
        )
        right = understood(listener, made[:, 0], labels)
        print(f"{options.model}, truncation {truncation:g}: {report(right, labels)}", flush=True)


if __name__ == "__main__":
    main()
