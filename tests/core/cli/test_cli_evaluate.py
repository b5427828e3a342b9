"""`genzoo evaluate` and `genzoo compare`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from shard_writer import write_shards

import genzoo
from genzoo.plugins.manager import PluginManager

Run = Callable[..., Result]

QUICK = ("stripes", "-n", 30, "--features", "pixels")


def test_evaluate_prints_a_table_with_intervals(run: Run) -> None:
    result = run("evaluate", "tiny-gan", *QUICK)
    lines = result.stdout.splitlines()
    assert lines[0].split("  ")[0] == "metric"
    assert {"Precision", "Recall", "Density", "Coverage", "Copies"} <= {
        line.split()[0] for line in lines
    }
    assert "ELBO" not in result.stdout
    assert "30 samples of tiny-gan (seed 0, prior default)" in result.stderr
    assert "genzoo/pixels" in result.stderr
    assert "Warning: 30 samples do not span 192 features" in result.stderr


def test_a_model_with_an_encoder_is_judged_by_what_it_keeps(run: Run) -> None:
    stdout = run("evaluate", "tiny-vae", *QUICK, "--prior", "shifted").stdout
    for name in ("Reconstruction error", "PSNR", "SSIM", "ELBO", "Log-likelihood bits"):
        assert name in stdout
    assert "bits/dim" in stdout


def test_json_is_the_record_of_the_library(run: Run, manager: PluginManager) -> None:
    result = run("evaluate", "tiny-gan", *QUICK, "--metrics", "precision-recall", "--json")
    record = genzoo.evaluate(
        "tiny-gan",
        "stripes",
        metrics=["precision-recall"],
        features="pixels",
        count=30,
        registry=manager.registry,
    )
    assert json.loads(result.stdout) == record.model_dump(mode="json")


def test_metrics_are_given_with_commas_or_again(run: Run) -> None:
    one = run("evaluate", "tiny-gan", *QUICK, "--metrics", "precision-recall,memorisation", "-q")
    two = run(
        *("evaluate", "tiny-gan", *QUICK, "-q"),
        *("--metrics", "precision-recall", "--metrics", "memorisation"),
    )
    assert one.stdout == two.stdout == "Precision\nRecall\nCopies\nNearer than others\n"
    assert one.stderr == ""


def test_a_model_with_classes_is_judged_by_data_with_the_same(run: Run) -> None:
    arguments = ("evaluate", "tiny-gan-classes", *QUICK, "--metrics", "precision-recall", "--json")
    record = json.loads(run(*arguments, "--label-prior", "data").stdout)
    assert record["protocol"]["samples"]["label_prior"] == "data"


def test_pictures_are_a_page_of_samples_and_neighbours(run: Run) -> None:
    run("evaluate", "tiny-gan", *QUICK, "--metrics", "memorisation", "--pictures", "page.png")
    with Image.open("page.png") as page:
        assert page.size == (12 * 10 + 2, 8 * 10 + 2)


def test_a_record_is_written_reproduced_and_compared(run: Run) -> None:
    run("evaluate", "tiny-gan", *QUICK, "--seed", 4, "-o", "a.json", "--batch-size", 7)
    result = run("evaluate", "--reproduce", "a.json")
    assert "FAILED" not in result.stdout
    assert result.stdout.count("holds") == 9
    run("evaluate", "tiny-vae", *QUICK, "-o", "b.json")
    rows = run("compare", "a.json", "b.json").stdout.splitlines()
    assert rows[0].split() == ["metric", "tiny-gan", "tiny-vae"]
    assert len(rows) == 1 + 9
    facts = json.loads(run("compare", "a.json", "b.json", "--json").stdout)
    assert facts[0]["name"] == "Fréchet distance"
    assert len(facts[0]["differences"]) == 1
    assert facts[0]["models"] == ["tiny-gan", "tiny-vae"]


def test_records_of_one_model_are_told_apart(run: Run) -> None:
    run("evaluate", "tiny-gan", *QUICK, "-o", "a.json", "--metrics", "memorisation")
    head = run("compare", "a.json", "a.json").stdout.splitlines()[0]
    assert head.split("  ")[-1].strip() == "tiny-gan #2"


def test_different_protocols_are_refused_with_what_differs(run: Run) -> None:
    run("evaluate", "tiny-gan", *QUICK, "-o", "a.json", "--metrics", "memorisation")
    run("evaluate", "tiny-gan", "stripes", "-n", 20, "--features", "pixels", "-o", "b.json")
    result = run("compare", "a.json", "b.json", code=2)
    assert "different protocols: samples.count (30 and 20)" in result.stderr


def test_a_number_that_does_not_hold_fails(run: Run) -> None:
    run("evaluate", "tiny-gan", *QUICK, "-o", "a.json", "--metrics", "precision-recall")
    record = json.loads(Path("a.json").read_text())
    record["values"][0] |= {"low": 2, "high": 3}
    Path("a.json").write_text(json.dumps(record))
    result = run("evaluate", "--reproduce", "a.json", code=1)
    assert result.stdout.splitlines()[1].startswith("FAILED")
    assert "do not hold" in result.stderr
    shown = run("evaluate", "--reproduce", "a.json", "--json", code=1)
    assert [row["holds"] for row in json.loads(shown.stdout)] == [False, True]


def test_a_card_is_reproduced_with_the_model_it_lies_beside(
    run: Run, zoo_folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(zoo_folders["tiny-gan"], tmp_path / "mine")
    run("evaluate", folder, *QUICK, "-o", folder / "evaluation.json", "--metrics", "memorisation")
    for source in (folder, folder / "README.md", folder / "evaluation.json"):
        assert "holds" in run("evaluate", "--reproduce", source).stdout
    result = run("evaluate", "--reproduce", folder / "evaluation.json", "tiny-vae", code=1)
    assert "are not those that were measured" in result.stderr
    run("evaluate", "tiny-vae", *QUICK, "-o", zoo_folders["tiny-vae"] / "extra.json")
    assert "holds" in run("evaluate", "--reproduce", "tiny-vae/extra.json").stdout
    images = np.zeros((20, 8, 8, 3), np.uint8)
    np.savez("other.npz", images=images)
    result = run("evaluate", "--reproduce", folder, folder, "other.npz", code=1)
    assert "data.fingerprint" in result.stderr


WRONG = {
    "no data": (["evaluate", "tiny-gan"], 2, "Both a model and data"),
    "unknown metric": (["evaluate", "tiny-gan", *QUICK, "--metrics", "fid"], 2, "no metric named"),
    "unknown features": (
        ["evaluate", "tiny-gan", "stripes", "--features", "x"],
        2,
        "feature space",
    ),
    "no weights": (["evaluate", "tiny-gan", "stripes", "--features", "inception-v3"], 1, "weights"),
    "no encoder": (["evaluate", "tiny-gan", *QUICK, "--metrics", "likelihood"], 2, "not apply"),
    "page": (["evaluate", "tiny-gan", *QUICK, "--pictures", "page.gif"], 2, "'.gif'"),
    "no record": (["evaluate", "--reproduce", "tiny-gan"], 1, "There is no record"),
    "no file": (["evaluate", "--reproduce", "none.json"], 1, "There is no record"),
    "no such model": (["evaluate", "--reproduce", "tiny-gam/a.json"], 2, "Did you mean tiny-gan"),
    "fixed": (["evaluate", "--reproduce", "a.json", "--seed", "1"], 2, "leave out --seed"),
    "one record": (["compare", "a.json"], 1, "There is no record"),
    "held out": (["evaluate", "tiny-gan", *QUICK, "--held-out", "strips"], 2, "Did you mean"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_makes_no_sense_is_said_in_a_sentence(case: str, run: Run) -> None:
    arguments, code, text = WRONG[case]
    result = run(*arguments, code=code)
    assert text in result.stderr
    assert "bug" not in result.stderr
    assert result.stdout == ""


def test_shards_are_judged_by_streamed_or_kept_alike(run: Run, tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", count=24)
    measured = ("evaluate", "tiny-gan", "shards", "-n", 20, "--features", "pixels", "--json")
    metrics = ("--metrics", "precision-recall")
    kept = json.loads(run(*measured, *metrics).stdout)
    streamed = json.loads(run(*measured, *metrics, "--stream", "-o", "record.json").stdout)
    assert streamed["values"] == kept["values"]
    assert run("evaluate", "--reproduce", "record.json", "--stream").exit_code == 0
    assert (
        "is not what was measured" in run("evaluate", "--reproduce", "record.json", code=1).stderr
    )


def test_a_shard_is_reconstructed(run: Run, tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", shards=1)
    run("reconstruct", "tiny-vae", "shards/part-000.tar", "-n", 4, "-o", "pairs.npz")
    with np.load(tmp_path / "pairs.npz") as archive:
        assert len(archive["images"]) == 4


def test_two_feature_spaces_are_measured_in_one_pass(run: Run) -> None:
    options = ("stripes", "-n", 30, "--metrics", "precision-recall")
    result = run("evaluate", "tiny-gan", *options, "--features", "pixels,values")
    assert "genzoo/pixels and genzoo/values" in result.stderr
    assert "Precision (values)" in result.stdout
    again = run("evaluate", "tiny-gan", *options, "--features", "pixels", "--features", "values")
    assert again.stdout == result.stdout


def test_several_models_are_one_record_with_the_numbers_of_each(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "seeds.json"
    options = ("stripes", "-n", 30, "--features", "pixels", "--metrics", "precision-recall")
    result = run("evaluate", "tiny-gan", "tiny-vae", *options, code=2)
    assert "their mean tells nothing" in result.stderr
    result = run("evaluate", "tiny-gan", "tiny-gan", *options, code=2)
    assert "same weights" in result.stderr
    result = run("evaluate", "tiny-gan", "tiny-vae", *options, "--pictures", out, code=2)
    assert "--pictures shows one model" in result.stderr


def test_attributes_need_a_label_for_each_sample(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "labels.npz"
    np.savez(path, colour=np.array(["red"]))
    result = run("evaluate", "tiny-gan", *QUICK, "--attributes", path, code=1)
    assert "The attribute 'colour' has 1 labels" in result.stderr


def test_a_record_is_run_again_for_one_model_only(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    run("evaluate", "tiny-gan", *QUICK, "--metrics", "precision-recall", "-o", path)
    result = run("evaluate", "tiny-gan", "tiny-vae", "stripes", "--reproduce", path, code=2)
    assert "--reproduce RECORD [MODEL [DATA]]" in result.stderr
