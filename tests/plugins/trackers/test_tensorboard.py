"""TensorBoard's event files hold what a run sends."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from genzoo import RunDescription, Sound


def test_tensorboard_has_the_sound_at_its_rate(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from genzoo_trackers.tensorboard_tracker import TensorBoardTracker

    run = RunDescription(tmp_path, "genzoo/dcgan", "genzoo/gan", "peeps", 0, 3)
    tracker = TensorBoardTracker(run)
    left = np.sin(np.arange(800) / 5).astype(np.float32) / 2
    tracker.sound(3, "samples", Sound(np.stack([left, 0 * left], 1), 8000))
    tracker.close()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    (event,) = events.Audio("samples")
    values, rate = soundfile.read(io.BytesIO(event.encoded_audio_string))
    assert (event.step, rate, event.sample_rate) == (3, 8000, 8000)
    np.testing.assert_allclose(values, left / 2, atol=1e-4)
