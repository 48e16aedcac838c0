"""Values as bytes, and back: what may cross between the tester and a student's process, and in which form.

Plain data of exact built-in types, arrays and tensors cross as copies, in msgpack with extension types. Nothing
is ever unpickled. Anything else stays where it is: the other side gets a handle, which `autograder.handles` makes
an object of. A subclass of int, an object with an `__eq__` of its own or a tensor subclass is such an "anything
else".
"""

import collections
import dataclasses
import decimal
import enum
import fractions
import importlib
import pathlib
import re
import sys
import types

import msgpack
import numpy as np

from autograder import states, tensors

LARGEST = 256 << 20  # bytes in one message
BUILTIN_TYPES = {
    t.__name__: t
    for t in vars(sys.modules["builtins"]).values()
    if isinstance(t, type) and not t.__name__.startswith("_")
}
MAPPINGS = {
    "OrderedDict": collections.OrderedDict,
    "Counter": collections.Counter,
    "defaultdict": collections.defaultdict,
}
TEXTS = {"Path": pathlib.PosixPath, "PurePath": pathlib.PurePosixPath, "Decimal": decimal.Decimal}
SINGLES = {"Ellipsis": ..., "NotImplemented": NotImplemented}
SHARED = {*sys.stdlib_module_names, "torch", "numpy"} - {"__main__"}  # the same on both sides
ARRAYS = "biufcSUMm"  # kinds of dtypes that are plain numbers and texts

(
    TUPLE, SET, FROZENSET, COMPLEX, BIGINT, TENSOR, ARRAY, SCALAR, HANDLE, YOURS, NAME, MAPPING, RECORD, TEXT,
    BYTEARRAY, SINGLE, RANGE, SLICE, FRACTION, GENERATOR, TORCH, ARGUMENT, DEQUE, PATTERN, ERROR,
) = range(25)  # fmt: skip
OBJECTS = (HANDLE, YOURS, NAME, ARGUMENT, ERROR)  # what only a peer can decode

_WRAPPED = {bytearray, list, dict}
_NATIVE = (str, bytes, float, bool, type(None))


class BadMessage(Exception):
    """Bytes that are no message of ours: the other side is broken or hostile."""


def pack(value, peer=None):
    """The bytes of a value; what is no plain data goes as a handle of `peer` (TypeError without one)."""
    if type(value) in _NATIVE:
        return msgpack.packb(value, unicode_errors="surrogatepass")

    def encode(thing):
        code, payload = _encode(thing, peer)
        return msgpack.ExtType(code, payload if type(payload) is bytes else again(payload))

    def again(thing):
        return msgpack.packb(thing, default=encode, strict_types=True, unicode_errors="surrogatepass")

    return again(_wrapped(value))


def _wrapped(value):
    """The value with bytearrays inside its lists and dicts as extensions: msgpack takes them for bytes."""
    kind = type(value)
    if kind is bytearray:
        return msgpack.ExtType(BYTEARRAY, bytes(value))
    if kind is list and not _WRAPPED.isdisjoint(map(type, value)):
        return [_wrapped(item) for item in value]
    if kind is dict and not _WRAPPED.isdisjoint(map(type, value.values())):
        return {key: _wrapped(item) for key, item in value.items()}
    return value


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


def resolve(module, qualname, importing=False):
    """The object of that name in a module, or None. Only a side that trusts the other imports for it."""
    if importing and module not in sys.modules and module.split(".")[0] != "__main__":
        importlib.import_module(module)
    found = sys.modules.get(module)
    for part in qualname.split("."):
        found = vars(found).get(part) if isinstance(found, types.ModuleType | type) else None
    return found


# Encoding: the exact type decides.


def _encode(thing, peer):
    if encoder := _ENCODERS.get(type(thing)):
        return encoder(thing)
    if peer is not None and (known := peer.handles.reference(thing)):
        return known
    if tensors.is_tensor(thing) and tensors.is_plain(thing):
        return _encode_tensor(thing, peer)
    for encoder in (_scalar_of, _torch_of, _state_of, _name_of):
        if found := encoder(thing):
            return found
    if (record := _record_of(thing, peer)) is not None:
        return RECORD, record
    if peer is None:
        raise TypeError(f"{type(thing).__name__} is no plain data")
    return peer.handles.encode(thing)


def _array_payload(array):
    if array.dtype.kind not in ARRAYS:
        raise TypeError(f"an array of {array.dtype} cannot cross")
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    return [array.dtype.str, list(array.shape), array.tobytes(order), order, array.flags.writeable]


def _mapping_payload(mapping):
    return [
        type(mapping).__name__,
        [[*item] for item in mapping.items()],
        getattr(mapping, "default_factory", None),
    ]


_ENCODERS = {
    tuple: lambda x: (TUPLE, _wrapped(list(x))),
    set: lambda x: (SET, list(x)),
    frozenset: lambda x: (FROZENSET, list(x)),
    complex: lambda x: (COMPLEX, [x.real, x.imag]),
    int: lambda x: (BIGINT, x.to_bytes(x.bit_length() // 8 + 1, "little", signed=True)),
    range: lambda x: (RANGE, [x.start, x.stop, x.step]),
    slice: lambda x: (SLICE, [x.start, x.stop, x.step]),
    fractions.Fraction: lambda x: (FRACTION, [x.numerator, x.denominator]),
    type(...): lambda x: (SINGLE, b"Ellipsis"),
    type(NotImplemented): lambda x: (SINGLE, b"NotImplemented"),
    np.ndarray: lambda x: (ARRAY, _array_payload(x)),
    collections.deque: lambda x: (DEQUE, [_wrapped(list(x)), x.maxlen]),
    re.Pattern: lambda x: (PATTERN, [x.pattern, x.flags]),
    **{kind: (lambda x: (MAPPING, _mapping_payload(x))) for kind in MAPPINGS.values()},
    **{kind: (lambda x, name=name: (TEXT, [name, str(x)])) for name, kind in TEXTS.items()},
}


def _encode_tensor(tensor, peer):
    """A tensor's bytes and what autograd has to know (see `autograder.gradients`); its number if it is theirs."""
    if peer is None or peer.gradients is None:
        return TENSOR, [tensors.payload(tensor), None]
    if (link := peer.gradients.theirs(tensor)) is not None:
        return YOURS, ["tensor", link]
    return TENSOR, [tensors.payload(tensor), peer.gradients.marks(tensor)]


def _scalar_of(thing):
    if (
        not isinstance(thing, np.generic)
        or thing.dtype.kind not in ARRAYS
        or type(thing) is not thing.dtype.type
    ):
        return None
    return SCALAR, [thing.dtype.str, thing.tobytes()]


def _torch_of(thing):
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(thing, torch.dtype):
        return TORCH, ["dtype", str(thing).removeprefix("torch.")]
    if torch is not None and type(thing) is torch.device:
        return TORCH, ["device", str(thing)]
    if torch is not None and type(thing) is torch.Size:
        return TORCH, ["Size", list(thing)]
    return None


def _state_of(thing):
    return (GENERATOR, state) if (state := states.state_of(thing)) else None


def _name_of(thing):
    if isinstance(thing, type) and BUILTIN_TYPES.get(thing.__name__) is thing:
        return NAME, ["builtins", thing.__name__]
    return None


def _record_of(thing, peer):
    """[module, class, fields, handle] of a namedtuple, frozen dataclass or enum member of a class on both sides.

    A class of the notebook may be on one side only: then the handle counts.
    """
    cls = type(thing)
    if not _is_record_class(cls) or resolve(cls.__module__, cls.__qualname__) is not cls:
        return None
    if isinstance(thing, enum.Enum):
        fields = thing.name
    else:
        fields = list(thing) if issubclass(cls, tuple) else [vars(thing).get(name) for name in _fields(cls)]
    local = cls.__module__ == "__main__"
    if fields is None or (local and peer is None):
        return None
    return [cls.__module__, cls.__qualname__, fields, peer.handles.describe(thing) if local else None]


def _is_record_class(cls):
    if issubclass(cls, tuple):
        return cls.__base__ is tuple and isinstance(getattr(cls, "_fields", None), tuple)
    if issubclass(cls, enum.Enum):
        return True
    frozen = dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen and cls.__bases__ == (object,)
    return frozen and "__slots__" not in vars(cls)


def _fields(cls):
    return [field.name for field in dataclasses.fields(cls)]


# Decoding: every size and name is checked, for the bytes may come from a hostile process.


def _decode(code, payload, again, peer):
    if code == BIGINT:
        return int.from_bytes(payload, "little", signed=True)
    if code == BYTEARRAY:
        return bytearray(payload)
    if code == SINGLE:
        return SINGLES[payload.decode()]
    body = again(payload)
    if code == NAME and body[0] == "builtins" and body[1] in BUILTIN_TYPES:
        return BUILTIN_TYPES[body[1]]
    if code in OBJECTS and peer is None:
        raise BadMessage("an object where plain data is due")
    if code in OBJECTS:
        return peer.handles.decode(code, body)
    return _DECODERS[code](body, peer)


def _array(body, peer):
    dtype, shape, data, order, writeable = np.dtype(body[0]), *body[1:]
    if dtype.kind not in ARRAYS or dtype.hasobject or dtype.itemsize == 0:
        raise BadMessage(f"an array of {dtype}")
    made = np.frombuffer(data, dtype=dtype).reshape([tensors.size(n) for n in shape], order=order)
    made = made.copy(order)
    made.flags.writeable = bool(writeable)
    return made


def _scalar(body, peer):
    return (
        _array([body[0], [], body[1] or bytes(4), "C", True], peer)[()]
        if body[1]
        else np.dtype(body[0]).type()
    )


def _tensor(body, peer):
    made = tensors.tensor_from(body[0])
    if body[1] is None:
        return made
    if peer is None:
        raise BadMessage("a shared tensor where plain data is due")
    return peer.gradients.marked(made, body[1])


def _mapping(body, peer):
    name, items, factory = body
    made = MAPPINGS[name](factory) if name == "defaultdict" else MAPPINGS[name]()
    for key, value in items:
        made[key] = value
    return made


def _record(body, peer):
    module, qualname, fields, handle = body
    cls = resolve(module, qualname, importing=peer is not None and not peer.guarded)
    if not (isinstance(cls, type) and _is_record_class(cls)):
        if handle is None or peer is None:
            raise BadMessage(f"no record {qualname} here")
        return peer.handles.decode(HANDLE, handle)
    if issubclass(cls, enum.Enum):
        return cls[fields]
    if len(fields) != len(cls._fields if issubclass(cls, tuple) else _fields(cls)):
        raise BadMessage("fields are missing")
    if issubclass(cls, tuple):
        return tuple.__new__(cls, fields)
    made = object.__new__(cls)
    for name, value in zip(_fields(cls), fields, strict=True):
        object.__setattr__(made, name, value)
    return made


def _torch(body, peer):
    torch = sys.modules["torch"]
    name, value = body
    if name == "dtype":
        return tensors.dtype(value)
    return {"Size": torch.Size, "device": torch.device}[name](value)


_DECODERS = {
    TUPLE: lambda body, peer: tuple(body),
    SET: lambda body, peer: set(body),
    FROZENSET: lambda body, peer: frozenset(body),
    COMPLEX: lambda body, peer: complex(*body),
    RANGE: lambda body, peer: range(*body),
    SLICE: lambda body, peer: slice(*body),
    FRACTION: lambda body, peer: fractions.Fraction(*body),
    DEQUE: lambda body, peer: collections.deque(*body),
    PATTERN: lambda body, peer: re.compile(*body),
    GENERATOR: lambda body, peer: states.generator_from(body),
    TEXT: lambda body, peer: TEXTS[body[0]](body[1]),
    ARRAY: _array,
    SCALAR: _scalar,
    TENSOR: _tensor,
    MAPPING: _mapping,
    RECORD: _record,
    TORCH: _torch,
}
