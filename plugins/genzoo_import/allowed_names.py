"""Which names of classes and functions a file may have in it.

Nothing that is named is ever called. A file that names what runs code is refused all the same:
whoever made it meant no good, or keeps more in it than weights.
"""

from __future__ import annotations

import re
import sys

_TORCH = re.compile(
    r"torch\.(?:cuda\.)?(?:sparse\.)?\w+(?:Storage|Tensor)|torch\.storage\.(?:Unt|T)ypedStorage"
    r"|torch\.(?:Size|device|Tensor|\w*float\w*|\w*int\d\w*|bool|complex\d+|bits\w+|per_\w+)"
    r"|torch\.nn\.parameter\.Parameter|torch\.serialization\._get_layout"
    r"|torch\._utils\._rebuild_\w+|torch\._tensor\._rebuild_from_type_v2"
)
_STANDARD = re.compile(
    r"collections\.(?:OrderedDict|Counter|defaultdict|deque)|_codecs\.encode"
    r"|builtins\.(?:set|frozenset|complex|bytearray|dict|list|tuple|int|float|str|bool|object)"
    r"|argparse\.Namespace|types\.SimpleNamespace|copyreg\._reconstructor|typing\.Any"
    r"|pathlib\.\w*Path|datetime\.\w+|decimal\.Decimal|fractions\.Fraction|uuid\.UUID"
)
_NUMPY = re.compile(
    r"numpy\.(?:ndarray|dtype|bool_?|\w*int\d*|float\d+)"
    r"|numpy\._?core\.(?:multiarray\.(?:scalar|_reconstruct)|numeric\._frombuffer)"
)
_INSIDE = "torch.storage._load_from_bytes"


def in_torch_file(name: str) -> bool:
    """Whether a file that `torch.save` wrote may name it: tensors and plain objects.

    Objects of other packages, such as options, are records of names and values. Arrays of numpy
    and whole networks of torch are refused, as they hold numbers that would go unseen.
    """
    package = name.partition(".")[0]
    if package == "torch":
        return _TORCH.fullmatch(name) is not None
    if package in sys.stdlib_module_names:
        return _STANDARD.fullmatch(name) is not None
    return package != "numpy"


def in_pickle(name: str) -> bool:
    """Whether a pickle that torch did not write may name it: numbers of numpy, too."""
    return name == _INSIDE or _NUMPY.fullmatch(name) is not None or in_torch_file(name)
