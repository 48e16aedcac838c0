"""Values as bytes, and back: what may cross between the tester and a student's process, and in which form.

Plain data of exact built-in types, arrays and tensors cross as copies, in msgpack with extension types. Nothing is
ever unpickled. Anything else stays where it is: the other side gets a handle, which `autograder.remote` makes an
object of. A subclass of int, an object with an `__eq__` of its own or a tensor subclass is such an "anything else".
"""

import collections
import dataclasses
import decimal
import enum
import fractions
import pathlib
import sys
import types

import msgpack
import numpy as np

LARGEST = 256 << 20  # bytes in one message
BUILTIN_TYPES = {
    t.__name__: t
    for t in vars(sys.modules["builtins"]).values()
    if isinstance(t, type) and not t.__name__.startswith("_")
}
CONTAINERS = {
    "OrderedDict": collections.OrderedDict,
    "Counter": collections.Counter,
    "deque": collections.deque,
    "defaultdict": collections.defaultdict,
}
TEXTS = {"Path": pathlib.PosixPath, "PurePath": pathlib.PurePosixPath, "Decimal": decimal.Decimal}
SINGLES = {"Ellipsis": ..., "NotImplemented": NotImplemented}
SHARED = {*sys.stdlib_module_names, "torch", "numpy"} - {"__main__"}  # the same on both sides

(
    TUPLE, SET, FROZENSET, COMPLEX, BIGINT, TENSOR, ARRAY, SCALAR, HANDLE, YOURS, NAME, CONTAINER, RECORD, TEXT,
    BYTEARRAY, SINGLE, RANGE, SLICE, FRACTION, GENERATOR, TORCH, ARGUMENT,
) = range(22)  # fmt: skip


_NATIVE = (str, bytes, float, bool, type(None))


class BadMessage(Exception):
    """Bytes that are no message of ours: the other side is broken or hostile."""


def pack(value, peer=None):
    """The bytes of a value; what is no plain data goes as a handle of `peer` (TypeError without one)."""
    if type(value) in _NATIVE:
        return msgpack.packb(value, unicode_errors="surrogatepass")

    def encode(thing):
        code, payload = _encode(thing, peer)
        return msgpack.ExtType(code, payload if isinstance(payload, bytes) else again(payload))

    def again(thing):
        return msgpack.packb(thing, default=encode, strict_types=True, unicode_errors="surrogatepass")

    return again(value)


def unpack(blob, peer=None):
    """The value of some bytes; raises BadMessage when they are not what `pack` makes."""

    def decode(code, payload):
        return _decode(code, payload, again, peer)

    def again(data):
        return msgpack.unpackb(
            data, ext_hook=decode, strict_map_key=False, unicode_errors="surrogatepass", raw=False
        )

    try:
        return again(blob)
    except BadMessage:
        raise
    except Exception as error:
        raise BadMessage(f"{type(error).__name__}: {error}"[:200]) from None


def mutable(value):
    """True for what a callee may change in place and the caller should see changed."""
    kind = type(value)
    return (
        kind in (list, dict, set, bytearray, np.ndarray, *CONTAINERS.values())
        or _is_tensor(value)
        or _is_rng(value)
    )


def overwrite(target, value):
    """Make `target` equal to `value` in place, keeping inner containers that did not change kind."""
    kind = type(target)
    if kind is not type(value):
        raise BadMessage("an argument changed its type")
    if kind is list or kind is collections.deque:
        kept = [_merged(a, b) for a, b in zip(target, value, strict=False)]
        rest = list(value)[len(kept) :]
        target.clear()
        target.extend(kept + rest)
    elif kind in (dict, collections.OrderedDict, collections.Counter, collections.defaultdict):
        merged = {key: _merged(target[key], item) if key in target else item for key, item in value.items()}
        target.clear()
        dict.update(target, merged) if kind is not collections.OrderedDict else target.update(merged)
    elif kind is set:
        target.clear()
        target.update(value)
    elif kind is bytearray:
        target[:] = value
    elif kind is np.ndarray:
        target[...] = value
    elif _is_rng(target):
        target.set_state(value.get_state())
    else:
        _overwrite_tensor(target, value)


def _merged(old, new):
    """`old` made equal to `new` when it can be, else `new`."""
    if type(old) is type(new) and mutable(old) and not _shape_differs(old, new):
        overwrite(old, new)
        return old
    return new


def _shape_differs(old, new):
    return getattr(old, "shape", None) != getattr(new, "shape", None) or getattr(old, "dtype", 0) != getattr(
        new, "dtype", 0
    )


def _overwrite_tensor(target, value):
    torch = sys.modules["torch"]
    with torch.no_grad():
        if target.shape == value.shape and target.dtype == value.dtype:
            target.copy_(value)  # in place: whoever shares the storage sees it, and autograd counts it
        else:
            target.data = value.detach()


def _torch():
    return sys.modules.get("torch")


def _is_tensor(value):
    torch = _torch()
    return torch is not None and type(value) in (torch.Tensor, torch.nn.Parameter)


def _is_rng(value):
    torch = _torch()
    return torch is not None and type(value) is torch.Generator


# Encoding: the exact type decides.


def _encode(thing, peer):
    kind = type(thing)
    if kind in _ENCODERS:
        return _ENCODERS[kind](thing)
    if peer is not None and (known := peer.reference(thing)):
        return known
    if isinstance(thing, np.generic) and thing.dtype.kind in "biufc":
        return SCALAR, [thing.dtype.str, thing.tobytes()]
    if _is_tensor(thing) and _plain_tensor(thing):
        link = peer.gradients.link_held(thing) if peer is not None and peer.gradients else None
        return (YOURS, ["link", link]) if link is not None else (TENSOR, _tensor_payload(thing, peer))
    if _torch() is not None and (found := _encode_torch(thing)):
        return found
    if isinstance(thing, type) and BUILTIN_TYPES.get(thing.__name__) is thing:
        return NAME, ["builtins", thing.__name__]
    if record := _record(thing):
        return RECORD, record
    if peer is None:
        raise TypeError(f"{kind.__name__} is no plain data")
    return peer.encode_object(thing)


def _array_payload(array):
    if array.dtype.kind not in "biufcSU" or type(array) is not np.ndarray:
        raise TypeError(f"an array of {array.dtype} cannot cross")
    return [array.dtype.str, list(array.shape), np.ascontiguousarray(array).tobytes()]


_ENCODERS = {
    tuple: lambda x: (TUPLE, list(x)),
    set: lambda x: (SET, list(x)),
    frozenset: lambda x: (FROZENSET, list(x)),
    complex: lambda x: (COMPLEX, [x.real, x.imag]),
    int: lambda x: (BIGINT, x.to_bytes(x.bit_length() // 8 + 1, "little", signed=True)),
    bytearray: lambda x: (BYTEARRAY, bytes(x)),
    range: lambda x: (RANGE, [x.start, x.stop, x.step]),
    slice: lambda x: (SLICE, [x.start, x.stop, x.step]),
    fractions.Fraction: lambda x: (FRACTION, [x.numerator, x.denominator]),
    type(...): lambda x: (SINGLE, b"Ellipsis"),
    type(NotImplemented): lambda x: (SINGLE, b"NotImplemented"),
    np.ndarray: lambda x: (ARRAY, _array_payload(x)),
    collections.OrderedDict: lambda x: (CONTAINER, ["OrderedDict", list(map(list, x.items())), None]),
    collections.Counter: lambda x: (CONTAINER, ["Counter", list(map(list, x.items())), None]),
    collections.defaultdict: lambda x: (
        CONTAINER,
        ["defaultdict", list(map(list, x.items())), x.default_factory if x.default_factory in BUILTIN_TYPES.values() else None],
    ),
    collections.deque: lambda x: (CONTAINER, ["deque", list(x), x.maxlen]),
    **{kind: (lambda x, name=name: (TEXT, [name, str(x)])) for name, kind in TEXTS.items()},
}  # fmt: skip


def _plain_tensor(tensor):
    return tensor.layout is _torch().strided and tensor.device.type == "cpu" and not tensor.is_quantized


def _tensor_payload(tensor, peer):
    """dtype, shape, bytes, and what autograd has to know: see `autograder.gradients`."""
    marks = peer.gradients.marks(tensor) if peer is not None and peer.gradients else None
    return [str(tensor.dtype).removeprefix("torch."), list(tensor.shape), tensor_bytes(tensor), marks]


def tensor_bytes(tensor):
    """A tensor's values in row-major order."""
    plain = tensor.detach()
    try:
        return plain.numpy().tobytes()
    except (TypeError, RuntimeError):  # a dtype that NumPy does not have, or a lazy conjugate
        torch, plain = _torch(), plain.resolve_conj().resolve_neg().contiguous()
        flat = plain.as_strided((plain.numel(),), (1,))
        return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def _encode_torch(thing):
    torch = _torch()
    if isinstance(thing, torch.dtype):
        return TORCH, ["dtype", str(thing).removeprefix("torch.")]
    if type(thing) is torch.device:
        return TORCH, ["device", str(thing)]
    if type(thing) is torch.Size:
        return TORCH, ["Size", list(thing)]
    if type(thing) is torch.Generator and thing.device.type == "cpu":
        return GENERATOR, thing.get_state().numpy().tobytes()
    return None


def _record(thing):
    """[module, class, kind, fields] of a namedtuple, frozen dataclass or enum member of a class that both sides have."""
    cls = type(thing)
    if issubclass(cls, enum.Enum):
        return [cls.__module__, cls.__qualname__, "enum", thing.name] if isinstance(thing.name, str) else None
    if not _is_record_class(cls) or resolve(cls.__module__, cls.__qualname__) is not cls:
        return None
    if issubclass(cls, tuple):
        return [cls.__module__, cls.__qualname__, "tuple", list(tuple(thing))]
    fields = [field.name for field in dataclasses.fields(cls)]
    return [cls.__module__, cls.__qualname__, "dataclass", [vars(thing).get(name) for name in fields]]


def _is_record_class(cls):
    named = (
        issubclass(cls, tuple) and cls.__base__ is tuple and isinstance(getattr(cls, "_fields", None), tuple)
    )
    frozen = dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen and cls.__bases__ == (object,)
    return named or (frozen and not hasattr(cls, "__slots__"))


def resolve(module, qualname):
    """The object of that name in a module that is imported already, or None. Nothing is imported."""
    found = sys.modules.get(module)
    for part in qualname.split("."):
        found = vars(found).get(part) if isinstance(found, types.ModuleType | type) else None
    return found


# Decoding: every size and name is checked, for the bytes may come from a hostile process.


def _decode(code, payload, again, peer):
    if code == BIGINT:
        return int.from_bytes(payload, "little", signed=True)
    if code == BYTEARRAY:
        return bytearray(payload)
    if code == SINGLE:
        return SINGLES[payload.decode()]
    if code == GENERATOR:
        return _generator(payload)
    body = again(payload)
    if code in (HANDLE, YOURS, NAME, ARGUMENT):
        return _decode_object(code, body, peer)
    return _DECODERS[code](body, peer)


def _decode_object(code, body, peer):
    if code == NAME and body[0] == "builtins" and body[1] in BUILTIN_TYPES:
        return BUILTIN_TYPES[body[1]]
    if peer is None:
        raise BadMessage("an object where plain data is due")
    return peer.decode_object(code, body)


def _generator(payload):
    torch = _torch()
    state = torch.frombuffer(bytearray(payload), dtype=torch.uint8)
    made = torch.Generator()
    made.set_state(state)
    return made


def _array(body):
    dtype, shape, data = np.dtype(body[0]), body[1], body[2]
    if dtype.kind not in "biufcSU" or dtype.hasobject:
        raise BadMessage(f"an array of {dtype}")
    flat = np.frombuffer(bytearray(data), dtype=dtype) if data else np.empty(0, dtype)
    return flat.reshape([_size(n) for n in shape])


def _scalar(body):
    dtype = np.dtype(body[0])
    if dtype.kind not in "biufc":
        raise BadMessage(f"a scalar of {dtype}")
    return np.frombuffer(body[1], dtype=dtype)[0]


def _size(number):
    if type(number) is not int or number < 0:
        raise BadMessage("a size below zero")
    return number


def tensor_from(body):
    """The tensor of a payload, without marks."""
    torch = _torch()
    dtype = getattr(torch, body[0], None)
    if not isinstance(dtype, torch.dtype):
        raise BadMessage(f"no dtype is called {body[0]!r}")
    shape = [_size(n) for n in body[1]]
    if not body[2]:
        return torch.empty(shape, dtype=dtype) if 0 in shape else _refuse("a tensor without its bytes")
    return torch.frombuffer(bytearray(body[2]), dtype=dtype).reshape(shape)


def _refuse(text):
    raise BadMessage(text)


def _tensor(body, peer):
    made = tensor_from(body)
    return peer.gradients.marked(made, body[3]) if body[3] is not None and peer is not None else made


def _container(body, peer):
    name, items, extra = body
    if name == "deque":
        return collections.deque(items, extra)
    if name == "defaultdict":
        return collections.defaultdict(extra if extra in BUILTIN_TYPES.values() else None, map(tuple, items))
    made = CONTAINERS[name]()
    for key, value in items:
        made[key] = value
    return made


def _record_from(body, peer):
    module, qualname, kind, values = body
    cls = resolve(module, qualname)
    if not isinstance(cls, type):
        raise BadMessage(f"no class {qualname} here")
    if kind == "enum" and issubclass(cls, enum.Enum):
        return cls[values]
    if not _is_record_class(cls):
        raise BadMessage(f"{qualname} is no record")
    if issubclass(cls, tuple):
        return (
            tuple.__new__(cls, values) if len(values) == len(cls._fields) else _refuse("fields are missing")
        )
    made = object.__new__(cls)
    for field, value in zip(dataclasses.fields(cls), values, strict=True):
        object.__setattr__(made, field.name, value)
    return made


def _decode_torch(body, peer):
    torch = _torch()
    name, value = body
    if name == "dtype" and isinstance(getattr(torch, value, None), torch.dtype):
        return getattr(torch, value)
    if name == "Size":
        return torch.Size(value)
    if name == "device":
        return torch.device(value)
    raise BadMessage(f"torch.{name}")


_DECODERS = {
    TUPLE: lambda body, peer: tuple(body),
    SET: lambda body, peer: set(body),
    FROZENSET: lambda body, peer: frozenset(body),
    COMPLEX: lambda body, peer: complex(*body),
    RANGE: lambda body, peer: range(*body),
    SLICE: lambda body, peer: slice(*body),
    FRACTION: lambda body, peer: fractions.Fraction(*body),
    ARRAY: lambda body, peer: _array(body),
    SCALAR: lambda body, peer: _scalar(body),
    TENSOR: _tensor,
    CONTAINER: _container,
    RECORD: _record_from,
    TEXT: lambda body, peer: TEXTS[body[0]](body[1]),
    TORCH: _decode_torch,
}
