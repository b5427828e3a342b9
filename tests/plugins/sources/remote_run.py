"""A process of a group that reads remote shards: `remote_run.py DATA WINDOW STEPS SIZE`.

Prints the value of each sample that it took, by step, and how many shards lay on the disk at most.
"""

import json
import sys

from image_data import in_range, open_images

from genzoo.data.batch_stream import BatchStream
from genzoo.distributed.process_group import joined_process_group
from genzoo.system.cache_folder import cache_root


def main(data: str, window: str, steps: str, size: str) -> None:
    values, most = [], 0
    with joined_process_group() as processes:
        with processes.one_by_one():
            dataset = open_images(data, size=8, stream=True, window=int(window))
        stream = BatchStream(len(dataset), 0, dataset.blocks)
        for step in range(int(steps)):
            start = step * int(size)
            dataset.prepare(stream.blocks_from(start))
            indices = stream.take(start, int(size))[processes.rows(int(size))]
            x, _ = dataset.batch(indices, in_range(0, 255))
            values.append(x[:, 0, 0, 0].int().tolist())
            most = max(most, len(list((cache_root() / "streamed").glob("*/[0-9]*"))))
            processes.barrier()
    print(json.dumps({"values": values, "most": most}))


main(*sys.argv[1:])
