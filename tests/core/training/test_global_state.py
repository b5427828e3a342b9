"""torch's global state belongs to the user: it is neither relied upon nor left changed."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from bundled_metrics import manager_with_metrics
from toys import ToyDiscriminator

from genzoo.artifact.load import load_model
from genzoo.artifact.save import save_model
from genzoo.evaluation.evaluate import Plan, open_evaluation
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo.model.build import build_model
from genzoo.plugin_safety.plugin_errors import importing
from genzoo.specs import SampleSpec
from genzoo.system.torch_globals import own_draws, plain_defaults, seeded_generators
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.write_outputs import RunOutputs


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    torch.set_default_dtype(dtype)
    try:
        yield
        assert torch.get_default_dtype() == dtype
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def default_device(device: str) -> Iterator[None]:
    torch.set_default_device(device)
    try:
        yield
        assert torch.empty(0).device.type == device
    finally:
        torch.set_default_device(None)


SURROUNDINGS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "float64": lambda: default_dtype(torch.float64),
    "bfloat16": lambda: default_dtype(torch.bfloat16),
    "meta": lambda: default_device("meta"),
    "meta block": lambda: torch.device("meta"),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
}


@pytest.fixture(params=SURROUNDINGS, name="surroundings")
def _surroundings(request: pytest.FixtureRequest) -> Callable[[], AbstractContextManager[Any]]:
    return SURROUNDINGS[request.param]


def weights(run: Path) -> bytes:
    return (run / "artifact" / "model.safetensors").read_bytes()


@pytest.mark.parametrize("architecture", ["toy-gan", "toy-vae"])
def test_training_is_the_same_whatever_defaults_and_modes_surround_it(
    tmp_path: Path, registry: Any, make_plan: Any, surroundings: Any, architecture: str
) -> None:
    plan = make_plan(architecture, steps=4, snapshot_every=2, checkpoint_every=2)
    train_run(plan, tmp_path / "plain", registry)
    with surroundings():
        train_run(make_plan(architecture, steps=2), tmp_path / "run", registry)
        resume_run(tmp_path / "run", registry, changes={"steps": 4})
    assert weights(tmp_path / "run") == weights(tmp_path / "plain")


def test_using_a_model_is_the_same_whatever_defaults_and_modes_surround_it(
    tmp_path: Path, registry: Any, toy_vae: Any, surroundings: Any
) -> None:
    save_model(toy_vae, tmp_path / "plain", registry=registry)
    x, z = toy_vae.sample(3), toy_vae.draw_latents(3)

    def results() -> list[torch.Tensor]:
        loaded = load_model(tmp_path / "plain", registry)
        made = [
            each
            for model in (toy_vae, loaded)
            for each in (
                model.sample(3, prior="shifted"),
                model.decode(z),
                model.encode(x),
                model.reconstruct(x),
                model.interpolate(z[0], z[1], 4),
                *model.sample(2).unbind(),
            )
        ]
        fresh = build_model(registry, "toy-gan", SampleSpec(shape=(3, 8, 8)), {}, seed=3)
        return [*made, *(each.clone() for each in fresh.state_dict().values())]

    plain = results()
    with surroundings():
        there = results()
        save_model(toy_vae, tmp_path / "there", registry=registry)
    for first, second in zip(plain, there, strict=True):
        assert (first.dtype, first.device) == (second.dtype, second.device)
        assert torch.equal(first, second)
    for path in (tmp_path / "plain").rglob("*"):
        if path.is_file():
            name = path.relative_to(tmp_path / "plain")
            assert (tmp_path / "there" / name).read_bytes() == path.read_bytes(), name


def test_an_evaluation_is_the_same_whatever_defaults_and_modes_surround_it(
    toy_vae: Any, surroundings: Any, data: Path
) -> None:
    from genzoo.evaluation.open_data import open_beside
    from genzoo.evaluation.settings import Settings

    known = manager_with_metrics().registry
    kind = ImageKind(ImageOptions(size=8))

    def values() -> list[float]:
        beside = open_beside(data, kind, toy_vae.sample_spec, known)
        plan = Plan((), ("pixels",), None)
        measured = open_evaluation(toy_vae, beside, Settings(count=32), plan, known)
        return [value.value for value in measured.measure("toy").values]

    plain = values()
    with surroundings():
        assert values() == plain
    assert plain


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_model_of_another_precision_samples_encodes_and_is_saved(
    tmp_path: Path, registry: Any, toy_vae: Any, dtype: torch.dtype
) -> None:
    x = toy_vae.sample(3)
    expected = [toy_vae.reconstruct(x), toy_vae.sample(2, prior="shifted"), toy_vae.sample(100)]
    model = toy_vae.to(dtype)
    made = [model.reconstruct(x), model.sample(2, prior="shifted"), model.sample(100)]
    for first, second in zip(made, expected, strict=True):
        assert first.dtype == torch.promote_types(dtype, torch.float32)
        assert (first - second).abs().max() < 0.05
    save_model(model, tmp_path / "model", registry=registry)
    loaded = load_model(tmp_path / "model", registry)
    assert (loaded.reconstruct(x) - expected[0]).abs().max() < 0.05


def states() -> tuple[bytes, bytes, object]:
    numbers = np.random.get_state(legacy=False)
    return torch.get_rng_state().numpy().tobytes(), str(numbers).encode(), random.getstate()


@pytest.mark.parametrize("architecture", ["toy-gan", "toy-vae"])
def test_training_neither_uses_nor_moves_global_random_states(
    tmp_path: Path, registry: Any, make_plan: Any, architecture: str
) -> None:
    trained = set()
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
        before = states()
        train_run(make_plan(architecture, steps=3), tmp_path / str(seed), registry)
        assert states() == before
        trained.add(weights(tmp_path / str(seed)))
    assert len(trained) == 1


def test_a_thread_that_draws_meanwhile_changes_nothing(
    tmp_path: Path, registry: Any, make_plan: Any
) -> None:
    plan = make_plan("toy-gan", steps=6)
    train_run(plan, tmp_path / "alone", registry)
    stop = threading.Event()

    def draw() -> None:
        while not stop.is_set():
            torch.rand(3)

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        train_run(plan, tmp_path / "beside", registry)
    finally:
        stop.set()
        thread.join()
    assert weights(tmp_path / "beside") == weights(tmp_path / "alone")


def test_two_trainings_in_two_threads_are_those_of_one_after_the_other(
    tmp_path: Path, registry: Any, make_plan: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = ToyDiscriminator.forward

    def forward(self: ToyDiscriminator, *args: Any) -> torch.Tensor:
        return torch.nn.functional.dropout(plain(self, *args), 0.5)

    monkeypatch.setattr(ToyDiscriminator, "forward", forward)
    plans = {str(seed): make_plan("toy-gan", steps=8, seed=seed) for seed in (1, 2)}
    for name, plan in plans.items():
        train_run(plan, tmp_path / "alone" / name, registry)
    before = states()
    threads = [
        threading.Thread(target=train_run, args=(plan, tmp_path / "beside" / name, registry))
        for name, plan in plans.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states() == before
    for name in plans:
        assert weights(tmp_path / "beside" / name) == weights(tmp_path / "alone" / name)
    assert weights(tmp_path / "alone" / "1") != weights(tmp_path / "alone" / "2")


def test_own_draws_are_those_of_a_global_generator_of_that_seed() -> None:
    def drawn() -> list[torch.Tensor]:
        layers = [torch.nn.Linear(3, 4), torch.nn.Conv2d(3, 4, 3), torch.nn.LSTM(3, 4)]
        torch.nn.init.orthogonal_(torch.empty(5, 5))
        like = torch.ones(9)
        return [
            *(each.detach() for layer in layers for each in layer.parameters()),
            torch.rand(3),
            torch.randn(3, 4),
            torch.randint(5, (3,)),
            torch.randint(2, 9, (3,)),
            torch.randperm(7),
            torch.rand_like(like),
            torch.randint_like(like, 9),
            torch.normal(0.0, 1.0, (3,)),
            torch.bernoulli(like / 2),
            torch.multinomial(like, 2),
            torch.nn.functional.dropout(like),
            torch.nn.init.trunc_normal_(torch.empty(5)),
        ]

    torch.manual_seed(5)
    expected = drawn()
    before = states()
    with own_draws(5):
        made = drawn()
    assert states() == before
    assert all(map(torch.equal, made, expected))


def test_generators_are_as_before_after_a_block_that_fails() -> None:
    before = states()
    drawn = []

    def fail() -> None:
        with seeded_generators(3, torch.device("cpu")):
            drawn.append(torch.rand(2))
            raise KeyError

    for _ in range(2):
        with pytest.raises(KeyError):
            fail()
    assert states() == before
    assert torch.equal(*drawn)


def test_defaults_of_blocks_in_several_threads_end_with_those_of_the_user() -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with plain_defaults():
            inside.set()
            leave.wait()

    with default_dtype(torch.float64):
        thread = threading.Thread(target=other)
        with plain_defaults():
            thread.start()
            inside.wait()
        assert torch.get_default_dtype() == torch.float32
        leave.set()
        thread.join()
        assert torch.get_default_dtype() == torch.float64


def test_what_a_run_writes_down_sees_the_users_generators(
    tmp_path: Path, registry: Any, make_plan: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    write = RunOutputs.write_due
    monkeypatch.setattr(
        RunOutputs, "write_due", lambda self: (seen.append(states()), write(self))[1]
    )
    before = states()
    train_run(make_plan(steps=3), tmp_path / "run", registry)
    assert seen == [before] * 3


def test_an_import_beside_a_step_of_another_thread_brings_back_none_of_its_numbers() -> None:
    before, began = states(), threading.Event()

    def load() -> None:
        with importing("nothing"):
            began.set()
            done.wait(10)

    done, thread = threading.Event(), threading.Thread(target=load)
    with seeded_generators(3, torch.device("cpu")):
        expected = torch.rand(2)
    with seeded_generators(3, torch.device("cpu")):
        thread.start()
        began.wait(0.3)
        found = torch.rand(2)
    done.set()
    thread.join()
    assert torch.equal(found, expected)
    assert states() == before
