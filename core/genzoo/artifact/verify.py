"""Checks everything that can be checked about an artifact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from genzoo.artifact.describe import Description, describe
from genzoo.artifact.file_hashes import check_file
from genzoo.artifact.format import GOLDEN, WEIGHTS, ArtifactConfig
from genzoo.artifact.golden_samples import replay_golden
from genzoo.artifact.load import FindNamed, not_found, read_model
from genzoo.artifact.tensors import load_tensors, refuse_non_finite
from genzoo.errors import ArtifactError, GenzooError
from genzoo.registry import Registry


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, whether it is as it should be, and what was seen."""

    subject: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Verification:
    """The outcome of all checks on the artifact in `folder`."""

    folder: Path
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return all(finding.ok for finding in self.findings)


def verify(folder: Path, registry: Registry, find_named: FindNamed = not_found) -> Verification:
    """Check the format, every file's hash, the weights and the golden samples.

    `find_named` gives the autoencoder of a model that names one.

    Never raises for the artifact's sake: what is wrong is among the findings. Later checks are left
    out where an earlier failure makes them meaningless.
    """
    try:
        described = describe(folder, registry)
    except GenzooError as error:
        return Verification(folder, (Finding("config.json", False, str(error)),))
    if described.format:
        return Verification(folder, _foreign(described, registry))
    config = described.config
    findings = [Finding("config.json", True, f"format {config.format_version}")]
    findings += [_file(folder, config, name) for name in config.files]
    if all(finding.ok for finding in findings):
        findings.append(_check("weights", lambda: _weights(folder, config)))
        findings.append(
            _check("golden samples", lambda: _golden(folder, config, registry, find_named))
        )
    return Verification(folder, tuple(findings))


def _foreign(described: Description, registry: Registry) -> tuple[Finding, ...]:
    """The checks that remain where no hashes and no golden samples are recorded."""

    def check() -> str:
        tensors, _ = load_tensors(described.weights)
        refuse_non_finite(tensors, described.weights.name)
        read_model(described.weights, described.config, registry, described.rename)
        return f"{len(tensors)} tensors, all finite and as the architecture has them"

    detail = f"{described.format}, which records no hashes"
    return Finding("config.json", True, detail), _check(described.weights.name, check)


def _file(folder: Path, config: ArtifactConfig, name: str) -> Finding:
    def check() -> str:
        check_file(folder / name, config.files[name])
        return f"{config.files[name].size:,} bytes, SHA-256 as recorded"

    return _check(name, check)


def _weights(folder: Path, config: ArtifactConfig) -> str:
    if WEIGHTS not in config.files:
        raise ArtifactError(f"config.json does not list {WEIGHTS}.")
    tensors, _ = load_tensors(folder / WEIGHTS)
    refuse_non_finite(tensors, WEIGHTS)
    return f"{len(tensors)} tensors, all finite"


def _golden(folder: Path, config: ArtifactConfig, registry: Registry, find_named: FindNamed) -> str:
    model = read_model(folder / WEIGHTS, config, registry, find_named=find_named)
    if GOLDEN not in config.files:
        return "the model loads; it has no golden samples to replay"
    differences = replay_golden(folder / GOLDEN, model)
    report = ", ".join(
        f"{name} differ by {difference:.2g} (at most {tolerance:.2g})"
        for name, (difference, tolerance) in differences.items()
    )
    if not all(difference <= tolerance for difference, tolerance in differences.values()):
        raise ArtifactError(f"The model does not give its golden samples: {report}.")
    return report


def _check(subject: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, True, check())
    except GenzooError as error:
        return Finding(subject, False, str(error))
