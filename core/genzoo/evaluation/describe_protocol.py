"""The protocol of an evaluation, as its record has it."""

from __future__ import annotations

from genzoo.data.dataset import Dataset
from genzoo.evaluation.evaluation_record import (
    PROTOCOL,
    DataSection,
    FeatureSection,
    Protocol,
    SampleSection,
)
from genzoo.evaluation.settings import used_samples
from genzoo.evaluation.spaces import Space
from genzoo.evaluation.subject import Subject


def protocol_of(subject: Subject) -> Protocol:
    """All that its numbers depend on beside the model."""
    settings = subject.settings
    first, *others = (_feature_section(space) for space in subject.spaces)
    return Protocol(
        version=PROTOCOL,
        data=_data_section(subject.data, settings.most_data),
        held_out=None
        if subject.held_out is None
        else _data_section(subject.held_out, settings.most_data),
        samples=SampleSection.model_validate(
            {
                "count": settings.count,
                "seed": settings.seed,
                "label_prior": settings.label_prior
                if subject.model.sample_spec.conditional
                else "none",
                "quantisation": _quantisation(subject.data),
            }
        ),
        features=first,
        more_features=tuple(others),
    )


def _feature_section(space: Space) -> FeatureSection:
    extractor = space.extractor
    return FeatureSection(
        name=space.name, hash=extractor.hash, size=extractor.size, resize=extractor.resize
    )


def _quantisation(data: Dataset) -> str:
    """How samples are rounded, as their kind stores them."""
    stored = str(data.kind.layout.dtype)
    return "8 bit" if stored == "uint8" else stored


def _data_section(data: Dataset, most: int) -> DataSection:
    used = len(used_samples(data, most).indices)
    whence = "at random" if data.blocks is None else "of random shards"
    return DataSection(
        name=data.name,
        fingerprint=data.fingerprint,
        count=len(data),
        used=used,
        split="all" if used == len(data) else f"{most} {whence}, seed 0",
        shape=data.spec.shape,
        array=data.kind.array,
    )
