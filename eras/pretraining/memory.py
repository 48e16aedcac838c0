"""How much memory a computation holds at once, counted and not timed: every storage from birth to death."""

import weakref

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveBytes(TorchDispatchMode):
    """Inside its `with` block, counts the bytes of all tensors that torch's operations make.

    `now` is what is alive, `peak` the most that ever was. Inputs made before the block do not count, nor does
    scratch space within one operation.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: skipping would first import torch's compiler, which takes seconds."""
        return False

    def __init__(self):
        super().__init__()
        self.now = self.peak = 0
        self.known = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        given = tree_leaves((args, kwargs or {}))
        old = {id(leaf.untyped_storage()) for leaf in given if isinstance(leaf, torch.Tensor)}
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self.note(leaf.untyped_storage(), old)
        return result

    def note(self, storage: torch.UntypedStorage, old: set[int]) -> None:
        """Count a storage that is new, until it dies."""
        key = id(storage)
        if key in old or key in self.known:
            return
        self.known.add(key)
        weakref.finalize(storage, self.forget, key, storage.nbytes())
        self.now += storage.nbytes()
        self.peak = max(self.peak, self.now)

    def forget(self, key: int, size: int) -> None:
        """A storage died."""
        self.known.discard(key)
        self.now -= size


def peak_bytes(function, *args, **kwargs) -> int:
    """The most bytes that `function(*args, **kwargs)` held at once, its result included, its inputs not."""
    with LiveBytes() as live:
        function(*args, **kwargs)
    return live.peak
