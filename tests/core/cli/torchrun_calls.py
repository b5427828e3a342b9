"""Runs commands in each process of a group: `torchrun_calls.py OUT DATA`."""

import sys
from pathlib import Path

from genzoo.cli.main import main
from genzoo.distributed.process_group import joined_process_group

SAMPLE = ("sample", "peeps-vae", "-n", "21", "--batch-size", "4", "--prior", "mixture", "-o")
EVALUATE = (
    *("evaluate", "peeps-vae", "--features", "pixels", "-n", "21", "--batch-size", "4"),
    *("--metrics", "frechet-distance,precision-recall,reconstruction"),
)

if __name__ == "__main__":
    out, data = Path(sys.argv[1]), sys.argv[2]
    with joined_process_group() as processes:
        for words in (
            (*SAMPLE, out / "folder"),
            (*SAMPLE, out / "all.npz"),
            (*SAMPLE, out / "grid.png"),
            (*EVALUATE, data, "-o", out / "record.json", "--pictures", out / "page.png"),
            ("evaluate", "--reproduce", out / "record.json"),
        ):
            assert not main([str(word) for word in words], standalone_mode=False), words
            # The next command may read what rank 0 wrote last.
            processes.barrier()
