"""Class labels are honoured or refused, never ignored."""

from __future__ import annotations

import torch

from genzoo_testing.check import ContractError, check
from genzoo_testing.check_targets import ArchitectureSubject


@check(
    "labels",
    "Whoever asks for cats and gets anything at all was cheated: an architecture that takes no "
    "classes must say so when it is built.",
)
def labels(subject: ArchitectureSubject) -> str:
    """With the same latents, another class gives other samples; or classes are refused."""
    conditional = [sample for sample in subject.tiny.samples if sample.conditional]
    if not conditional:
        return f"takes no classes: {subject.tiny.refusal}"
    model = subject.stirred(conditional[0])
    latents = model.draw_latents(2)
    count = len(conditional[0].classes)
    samples = [model.decode(latents, [label, label]) for label in range(count)]
    for label, x in enumerate(samples[1:], 1):
        if torch.equal(x, samples[0]):
            raise ContractError(
                f"Labels 0 and {label} give the same samples. Use the labels in `forward`, or "
                "raise a SpecError in the architecture's constructor for samples with classes."
            )
    return f"each of {count} classes has samples of its own"
