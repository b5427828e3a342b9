"""What a run leaves behind, and how it fails."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import toy_flow
import toys

from genzoo import load
from genzoo.errors import CapabilityError, DivergenceError, StorageError, UsageError
from genzoo.training.begin_and_resume import train_run
from genzoo.training.checkpoint import list_checkpoints
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import load_data


def test_a_run_leaves_its_record_log_samples_checkpoints_and_model(tmp_path, registry, make_plan):
    out = tmp_path / "run"
    result = train_run(make_plan(), out, registry)
    assert result.folder == out
    record = json.loads((out / "run.json").read_text())
    assert record["plan"]["architecture"] == "genzoo-toys/toy-gan"
    assert record["data"]["count"] == 40
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 6, 8, 10, 12]
    # The critic takes two batches a step, the generator shares the first.
    assert [line["samples"] for line in lines] == [2 * 16 * step for step in range(2, 13, 2)]
    assert all(math.isfinite(value) for line in lines for value in line.values())
    assert {"discriminator/real", "generator/fake", "penalty/r1"} <= lines[0].keys()
    names = sorted(path.name for path in (out / "samples").iterdir())
    assert names == [f"samples-{step:09d}.png" for step in (0, 6, 12)]
    assert load(out, registry=registry).sample(3).shape == (3, 3, 8, 8)


def test_the_published_weights_are_the_averaged_ones(tmp_path, registry, make_plan):
    from genzoo.training.checkpoint import read_newest

    out = tmp_path / "run"
    train_run(make_plan(), out, registry)
    tensors = read_newest(out / "checkpoints")[0].tensors
    published = load(out, registry=registry).state_dict()
    assert torch.equal(
        published["parts.generator.first.weight"], tensors["ema"]["generator.first.weight"]
    )
    assert not torch.equal(
        published["parts.generator.first.weight"], tensors["part.generator"]["first.weight"]
    )


def test_models_with_an_encoder_show_reconstructions_and_get_their_priors(
    tmp_path, registry, make_plan
):
    out = tmp_path / "run"
    train_run(make_plan("toy-vae"), out, registry)
    assert (out / "samples" / "reconstructions-000000012.png").exists()
    model = load(out, registry=registry)
    assert set(model.priors) == {"default", "toy-prior"}
    assert model.priors["toy-prior"].centre.abs().sum() > 0


def test_priors_are_fitted_to_the_exact_latents_of_a_generator_with_an_inverse(
    tmp_path, registry, make_plan
):
    registry.add_all(
        [*toy_flow.genzoo_architectures(), *toy_flow.genzoo_objectives()], "genzoo-flows", "1"
    )
    plan = make_plan("toy-flow")
    train_run(plan, tmp_path / "run", registry)
    model = load(tmp_path / "run", registry=registry)
    data = load_data(PlannedRun.of(plan, registry), Reporter())
    x, _ = data.batch(np.arange(len(data)), model.sample_spec)
    torch.testing.assert_close(model.priors["toy-prior"].centre, model.encode(x).mean(0))
    assert (tmp_path / "run/samples/reconstructions-000000012.png").exists()


def test_priors_that_have_nothing_to_be_fitted_to_are_refused_before_training(
    tmp_path, registry, make_plan
):
    (record,) = (r for r in toys.genzoo_architectures() if r.name == "toy-gan")
    registry.add_all([replace(record, name="strange", priors=("toy-prior",))], "genzoo-toys", "1")
    with pytest.raises(CapabilityError, match="genzoo-toys/strange cannot encode"):
        train_run(make_plan("strange"), tmp_path / "run", registry)
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_good_checkpoint(
    tmp_path, registry, make_plan
):
    out = tmp_path / "run"
    with pytest.raises(
        DivergenceError, match=r"discriminator/real.*step-000000004 is kept"
    ) as caught:
        train_run(make_plan(objective_config={"poison_at": 5}), out, registry)
    assert "--learning-rate" in caught.value.hint
    (kept,) = list_checkpoints(out / "checkpoints")
    assert kept.name == "step-000000004"
    assert load(out, registry=registry).sample(2).isfinite().all()


def test_a_full_disk_fails_clearly_and_keeps_what_was_written(
    tmp_path, registry, make_plan, monkeypatch
):
    import errno

    from genzoo.training import checkpoint

    out = tmp_path / "run"
    written = []
    save = checkpoint.save_tensors

    def fill_up(path, tensors):
        written.append(path)
        if len(written) > 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(path, tensors)

    monkeypatch.setattr(checkpoint, "save_tensors", fill_up)
    with pytest.raises(StorageError, match="disk is full"):
        train_run(make_plan(), out, registry)
    kept = list_checkpoints(out / "checkpoints")
    assert [path.name for path in kept] == ["step-000000004"]
    assert not [path for path in (out / "checkpoints").iterdir() if path not in kept]


def test_a_batch_larger_than_the_data_is_refused_before_anything_is_written(
    tmp_path, registry, make_plan
):
    out = tmp_path / "run"
    with pytest.raises(UsageError, match="larger than the data, which has 40") as caught:
        train_run(make_plan(batch_size=64), out, registry)
    assert "--batch-size 40" in caught.value.hint
    assert not out.exists()


def test_an_objective_for_other_networks_is_refused(tmp_path, registry, make_plan):
    plan = make_plan("toy-vae").model_copy(update={"objective": "gan"})
    with pytest.raises(CapabilityError, match="trains the parts generator and discriminator"):
        train_run(plan, tmp_path / "run", registry)


def test_a_folder_in_use_is_refused(tmp_path, registry, make_plan):
    out = tmp_path / "run"
    train_run(make_plan(), out, registry)
    with pytest.raises(UsageError, match="holds a run already") as caught:
        train_run(make_plan(), out, registry)
    assert "--resume" in caught.value.hint
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match="not empty"):
        train_run(make_plan(), other, registry)


def test_the_seed_is_all_the_randomness(tmp_path, registry, make_plan):
    torch.manual_seed(1)
    train_run(make_plan(), tmp_path / "a", registry)
    torch.manual_seed(2)
    train_run(make_plan(), tmp_path / "b", registry)
    train_run(make_plan(seed=1), tmp_path / "c", registry)
    samples = [load(tmp_path / name, registry=registry).sample(4) for name in "abc"]
    assert torch.equal(samples[0], samples[1])
    assert not torch.equal(samples[0], samples[2])


def test_the_reporter_hears_of_everything(tmp_path, registry, make_plan):
    heard = []

    class Listener(Reporter):
        def started(self, first_step, total_steps):
            heard.append(("started", first_step, total_steps))

        def measured(self, step, metrics):
            heard.append(("measured", step, metrics["samples_per_second"] > 0))

        def checkpointed(self, step, path):
            heard.append(("checkpointed", step, path.exists()))

        def finished(self, step, interrupted):
            heard.append(("finished", step, interrupted))

    train_run(make_plan(steps=4), tmp_path / "run", registry, Listener())
    assert heard == [
        ("started", 0, 4),
        ("measured", 2, True),
        ("measured", 4, True),
        ("checkpointed", 4, True),
        ("finished", 4, False),
    ]


def test_checkpoints_hold_the_whole_session(tmp_path, registry, make_plan):
    from genzoo.training.checkpoint import read_newest

    train_run(make_plan(steps=2), tmp_path / "run", registry)
    assert set(read_newest(tmp_path / "run" / "checkpoints")[0].tensors) == {
        "part.generator",
        "part.discriminator",
        "ema",
        "optimizer.generator",
        "optimizer.discriminator",
        "objective",
        "meter",
    }


def test_the_last_step_is_logged_shown_and_kept_however_seldom_that_is_due(
    tmp_path, registry, make_plan
):
    seldom = {"log_every": 100, "snapshot_every": 100, "checkpoint_every": 100}
    out = train_run(make_plan(steps=3, **seldom), tmp_path / "run", registry).folder
    lines = (out / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [3]
    assert (out / "samples" / "samples-000000003.png").is_file()
    assert [path.name for path in (out / "checkpoints").iterdir()] == ["step-000000003"]
