"""Random number generators: the global ones have one state on both sides, others cross as copies."""

import operator
import random
import sys

import numpy as np

BIT_GENERATORS = ("PCG64", "PCG64DXSM", "SFC64")  # those whose state has no position to read beyond


def _torch_state():
    return sys.modules["torch"].get_rng_state()


def _set_torch_state(state):
    """Raises ValueError for a state that no seed leads to, such as zeros, from which only zeros are drawn."""
    if len(set(np.frombuffer(state.numpy(), np.uint64, 624, 24).tolist())) < 600:
        raise ValueError("random numbers that are none")
    sys.modules["torch"].set_rng_state(state)


def _same_torch_state(one, other):
    return sys.modules["torch"].equal(one, other)


def _numpy_state():
    name, keys, *rest = np.random.get_state()
    return name, keys.tobytes(), *rest


def _set_numpy_state(state):
    name, keys, position, *rest = state
    if not 0 <= position <= 624:  # NumPy takes any, and reads there
        raise ValueError("no position in the state")
    np.random.set_state((name, np.frombuffer(keys, np.uint32), position, *rest))


GLOBAL = {  # name -> (the state, set it, are two the same?)
    "torch": (_torch_state, _set_torch_state, _same_torch_state),
    "numpy": (_numpy_state, _set_numpy_state, operator.eq),
    "python": (random.getstate, random.setstate, operator.eq),
}


def _bytes_tensor(data):
    torch = sys.modules["torch"]
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)


def state_of(thing):
    """[kind, state] of a generator that may cross, else None."""
    kind = type(thing)
    if kind is random.Random:
        return ["python", thing.getstate()]
    if kind is np.random.Generator and (name := type(thing.bit_generator).__name__) in BIT_GENERATORS:
        return [name, thing.bit_generator.state]
    if kind.__name__ == "Generator" and (torch := sys.modules.get("torch")) and kind is torch.Generator:
        return ["torch", thing.get_state().numpy().tobytes()] if thing.device.type == "cpu" else None
    return None


def generator_from(body):
    """A generator in that state."""
    kind, state = body
    if kind == "python":
        made = random.Random(0)
        made.setstate(state)
    elif kind == "torch":
        made = sys.modules["torch"].Generator()
        made.set_state(_bytes_tensor(state))
    else:
        made = np.random.Generator(getattr(np.random, BIT_GENERATORS[BIT_GENERATORS.index(kind)])())
        made.bit_generator.state = state
    return made


def bring_to(target, source):
    """Give a generator the state of another of its kind."""
    if type(target) is random.Random:
        target.setstate(source.getstate())
    elif type(target) is np.random.Generator:
        target.bit_generator.state = source.bit_generator.state
    else:
        target.set_state(source.get_state())
