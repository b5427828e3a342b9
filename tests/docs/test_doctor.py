"""The manual knows every finding, with the threshold that the code has."""

import re
from pathlib import Path

import pytest

from genzoo.doctor.checks import discriminators, latents, loading, losses, ranges
from genzoo.doctor.checks import far_from_data as likeness
from genzoo.doctor.checks import mode_collapse as samples
from genzoo.doctor.doctor_record import EARLIER
from genzoo.doctor.examine import CHECKS
from genzoo.training.doctor_while_training import LEAST_BETWEEN

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `([\w-]+)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))

THRESHOLDS = {
    "exploding-loss": (f"{losses.GROWTH:g} times", f"of {losses.LEAST_LOSS:g} at least"),
    "vanishing-loss": (f"below {losses.NOTHING:g}",),
    "discriminator-overpowered": (f"{discriminators.APART:g}", f"{discriminators.SURE:g} nats"),
    "discriminator-overfitted": (
        f"{discriminators.APART:g}",
        f"{discriminators.FEW_SAMPLES:,} samples",
        f"{discriminators.MANY_TIMES:g} times",
    ),
    "posterior-collapse": (f"{100 * latents.FEW_UNITS:g} %",),
    "dead-codes": (f"{100 * latents.FEW_CODES:g} %",),
    "stalled": (f"{samples.STILL:g}".replace("1e-04", "0.0001"), f"{LEAST_BETWEEN} steps"),
    "mode-collapse": (
        f"{samples.ALIKE:g} times",
        f"{100 * (samples.GROWING - 1):.0f} %",
        f"last {1 - EARLIER:.1f} of the steps",
    ),
    "memorisation": (f"{100 * samples.MANY_COPIES:g} %", f"less than {samples.COPY:g} times"),
    "narrow-data": (f"{ranges.NARROW:g} of the range",),
    "saturated-samples": (f"{ranges.AT_END:g}", f"{ranges.SATURATED:g} greater"),
    "distant-samples": (
        f"{likeness.FAR:g} or more",
        f"{100 * (1 - likeness.NEARING):.0f} %",
        f"at {likeness.NOTICEABLE:g} or more",
        f"{likeness.DRIFT:g} times",
        f"{1 - EARLIER:.1f} of the steps",
    ),
    "starved": (f"{loading.STARVED:g} of the time", loading.DATA_SHARE),
    "crowded": (f"{loading.CROWDED:g} of the processors", loading.SHORT, loading.SPINNING),
}


def test_every_finding_is_documented_and_no_other():
    assert set(SECTIONS) == {check.name for check in CHECKS} | {"diverged"}


@pytest.mark.parametrize("name", SECTIONS)
def test_every_finding_has_something_to_do(name):
    assert "\nDo: " in SECTIONS[name]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_its_thresholds_are_those_of_the_code(check):
    for threshold in THRESHOLDS[check.name]:
        assert threshold in SECTIONS[check.name]
