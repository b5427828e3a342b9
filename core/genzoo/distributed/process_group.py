"""The processes that work on one thing together, through torch.distributed under `torchrun`.

Everything is written against `ProcessGroup`. A process that works alone has `SINGLE_PROCESS`, whose
methods return at once, so no caller asks whether there are others.

Nothing is pickled between processes: tensors travel as they are, everything else as JSON.
"""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor

from genzoo.errors import ProcessGroupError, UsageError

SILENCE = timedelta(minutes=15)
"""How long a process that should take part in a sum is waited for; one that ended is noticed at
once."""

PATIENCE = timedelta(days=7)
"""How long others are waited for that are busy on purpose: decoding data, writing, evaluating."""

SETTLING = 0.2
"""Seconds in which threads let go of what they sent."""

BUCKET_BYTES = 25 * 2**20
"""Tensors are summed together up to this size, which bounds the memory that it takes."""

VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""What `torchrun` tells each process in its environment."""


@dataclass(frozen=True)
class ProcessGroup:
    """The processes of one program, seen from one of them.

    All must call the same methods in the same order. A method raises ProcessGroupError when another
    process has ended or no longer answers.

    Attributes:
        rank: Number of this process, from 0.
        size: How many there are.
        local_rank: Number of this process on its machine, from 0.
        messages: The group for everything but tensors in training: gloo, and patient.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    messages: dist.ProcessGroup | None = field(default=None, repr=False, compare=False)

    def __deepcopy__(self, memo: dict[int, Any]) -> ProcessGroup:
        """Itself: copies of a network work among the same processes."""
        return self

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes and speaks for all: rank 0."""
        return self.rank == 0

    def device(self, name: str) -> str:
        """The device for this process: of `auto` and `cuda`, the GPU numbered `local_rank`.

        Raises:
            UsageError: There are fewer GPUs than processes on this machine.
        """
        if self.size == 1 or name not in ("auto", "cuda") or not torch.cuda.is_available():
            return name
        count = torch.cuda.device_count()
        if self.local_rank >= count:
            raise UsageError(
                f"Process {self.local_rank} of this machine has no GPU of its own: it has {count}.",
                f"Start torchrun with --nproc-per-node {count}.",
            )
        return f"cuda:{self.local_rank}"

    def rows(self, count: int) -> slice:
        """This process's share of `count` rows: contiguous, in the order of the ranks.

        Shares differ by one row at most.
        """
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def mean_(self, tensors: Iterable[Tensor]) -> None:
        """Put the mean over all processes in the place of each tensor.

        Shapes, types, devices and memory formats must be the same everywhere.
        """
        if self.size == 1:
            return
        for bucket in _buckets(tensors):
            ordered = [_in_memory_order(tensor.detach()) for tensor in bucket]
            flat = torch.cat([tensor.reshape(-1) for tensor in ordered])
            with _lost():
                dist.all_reduce(flat)
            flat /= self.size
            pieces = flat.split([tensor.numel() for tensor in ordered])
            for tensor, piece in zip(ordered, pieces, strict=True):
                tensor.copy_(piece.view(tensor.shape))

    def mean(self, x: Tensor) -> Tensor:
        """The mean of `x` over all processes, of the same shape; gradients flow through it."""
        return x if self.size == 1 else cast(Tensor, _Mean.apply(x, self))

    def broadcast_(self, tensors: Iterable[Tensor]) -> None:
        """Put rank 0's values in the place of each tensor, however long that takes."""
        if self.size == 1:
            return
        for tensor in tensors:
            whole = tensor.detach().contiguous()
            with _lost():
                dist.broadcast(whole, 0, self.messages if whole.device.type == "cpu" else None)
            tensor.detach().copy_(whole)

    def any(self, flag: bool) -> bool:
        """Whether `flag` is true in any process."""
        return self.ask(flag)()

    def ask(self, flag: bool) -> Callable[[], bool]:
        """Begin to find out whether `flag` is true in any process; call the result to know."""
        if self.size == 1:
            return lambda: flag
        raised = torch.tensor([flag], dtype=torch.uint8)
        with _lost():
            work = dist.all_reduce(raised, dist.ReduceOp.MAX, self.messages, async_op=True)

        def answer() -> bool:
            with _lost():
                work.wait()
            return bool(raised)

        return answer

    def barrier(self) -> None:
        """Wait until all are here, however long they take."""
        if self.size > 1:
            with _lost():
                dist.all_reduce(torch.zeros(1), group=self.messages)

    def share(self, value: Any) -> Any:
        """Rank 0's `value`, in all processes: whatever JSON can hold. Others may give None."""
        return self.gather(value)[0] if self.size > 1 else value

    def gather(self, value: Any) -> list[Any]:
        """The values of all processes in the order of their ranks: whatever JSON can hold.

        It waits until all are here, however long they take.
        """
        if self.size == 1:
            return [value]
        text = torch.tensor(list(json.dumps(value).encode()), dtype=torch.uint8)
        lengths = self._gather(torch.tensor([len(text)]))
        most = max(int(length) for length in lengths)
        texts = self._gather(torch.cat([text, text.new_zeros(most - len(text))]))
        return [
            json.loads(bytes(row[: int(length)].tolist()))
            for row, length in zip(texts, lengths, strict=True)
        ]

    def send(self, tensor: Tensor) -> None:
        """Give rank 0 a tensor on the CPU, which it takes with `receive_`."""
        with _lost():
            dist.send(tensor, 0, group=self.messages)

    def receive_(self, tensor: Tensor, sender: int) -> None:
        """Put what process `sender` gives in the place of a tensor on the CPU. For rank 0."""
        with _lost():
            dist.recv(tensor, sender, group=self.messages)

    def _gather(self, tensor: Tensor) -> list[Tensor]:
        rows = [torch.empty_like(tensor) for _ in range(self.size)]
        with _lost():
            dist.all_gather(rows, tensor, group=self.messages)
        return rows

    @contextmanager
    def one_by_one(self) -> Iterator[None]:
        """The first process of each machine runs the block before the others of it do.

        What the first leaves on the disk, the others find there.
        """
        if self.local_rank > 0:
            self.barrier()
        yield
        if self.local_rank == 0:
            self.barrier()


SINGLE_PROCESS = ProcessGroup()
"""A process on its own."""


@contextmanager
def joined_process_group() -> Iterator[ProcessGroup]:
    """The group that `torchrun` started this process in, or SINGLE_PROCESS where it did not.

    A process group that is there already is used, and left to whoever made it.

    Raises:
        UsageError: The environment names only a part of what `torchrun` says.
        ProcessGroupError: The others cannot be reached.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield SINGLE_PROCESS
        return
    missing = [name for name in VARIABLES if name not in os.environ]
    if missing:
        raise UsageError(
            f"WORLD_SIZE is set, and {' and '.join(missing)} not.",
            "Start the processes with torchrun, or unset WORLD_SIZE.",
        )
    joined = dist.is_initialized()
    local_rank = int(os.environ["LOCAL_RANK"])
    if torch.cuda.is_available():
        torch.cuda.set_device(local_rank % torch.cuda.device_count())
    with _lost():
        if not joined:
            dist.init_process_group(_backend(), timeout=SILENCE)
        messages = dist.new_group(backend="gloo", timeout=PATIENCE)
    try:
        yield ProcessGroup(
            dist.get_rank(),
            dist.get_world_size(),
            local_rank,
            cast(dist.ProcessGroup, messages),
        )
    finally:
        if not joined:
            dist.destroy_process_group()
            _settle()


def _settle() -> None:
    """Let gloo's threads let go of what they sent, while there is an interpreter.

    A thread that wants it at its end is ended by it, and takes the whole process along.
    """
    gc.collect()
    time.sleep(SETTLING)


def _backend() -> str:
    gpus = torch.cuda.is_available() and dist.is_nccl_available()
    return "cpu:gloo,cuda:nccl" if gpus else "gloo"


@contextmanager
def _lost() -> Iterator[None]:
    """Turn what torch.distributed raises into one sentence."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        text = str(error)
        if any(sign in text.lower() for sign in _SIGNS_OF_AN_END):
            message = "Another process of this program has ended or no longer answers."
        else:
            message = f"The processes cannot work together: {text.splitlines()[0]}"
        hint = "The messages of the other processes may say why. Start all of them again."
        raise ProcessGroupError(message, hint) from error


_SIGNS_OF_AN_END = ("closed by peer", "reset by peer", "broken pipe", "timed out", "timeout")


def _buckets(tensors: Iterable[Tensor]) -> Iterator[Sequence[Tensor]]:
    """Runs of tensors of one type on one device, each up to the size of a bucket."""
    bucket: list[Tensor] = []
    size = 0
    for tensor in tensors:
        alike = not bucket or (tensor.dtype, tensor.device) == (bucket[0].dtype, bucket[0].device)
        if bucket and (not alike or size + tensor.nbytes > BUCKET_BYTES):
            yield bucket
            bucket, size = [], 0
        bucket.append(tensor)
        size += tensor.nbytes
    if bucket:
        yield bucket


def _in_memory_order(tensor: Tensor) -> Tensor:
    """A view of images and kernels as their memory has them, so that copies of them are quick."""
    if tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last):
        return tensor.permute(0, 2, 3, 1)
    return tensor


class _Mean(torch.autograd.Function):
    """The mean over processes. It is its own adjoint where losses are averaged over them too."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, processes: ProcessGroup) -> Tensor:
        ctx.processes = processes
        result = x.detach().clone(memory_format=torch.contiguous_format)
        processes.mean_([result])
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return cast(Tensor, _Mean.apply(gradients[0], ctx.processes)), None
