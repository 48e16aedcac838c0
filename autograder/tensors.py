"""A tensor's values as plain data, with its strides, so that `.view` fails over there when it would fail here."""

import sys

import numpy as np

INTEGERS = {1: "uint8", 2: "int16", 4: "int32", 8: "int64"}


def is_tensor(value):
    """True for an exact tensor or parameter, not for other subclasses."""
    torch = sys.modules.get("torch")
    return torch is not None and type(value) in (torch.Tensor, torch.nn.Parameter)


def is_plain(tensor):
    """True for a tensor in ordinary memory."""
    torch = sys.modules["torch"]
    return tensor.layout is torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized


def payload(tensor):
    """[dtype, shape, strides or None when they are the usual ones, bytes]."""
    plain, shape = tensor.detach(), list(tensor.shape)
    strides = None
    if not plain.is_contiguous() and _is_simple(shape, plain.stride()):
        strides = list(plain.stride())
        plain = plain[tuple(map(slice, _once(shape, strides)))]
    return [str(plain.dtype)[6:], shape, strides, _bytes(plain)]


def _bytes(plain):
    """The values in row-major order."""
    try:
        return plain.numpy().tobytes()
    except (TypeError, RuntimeError):  # a dtype that NumPy does not have, or a lazy conjugate
        torch, plain = sys.modules["torch"], plain.resolve_conj().resolve_neg().contiguous()
        flat = plain.as_strided((plain.numel(),), (1,))
        return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def _once(shape, strides):
    """The shape with expanded dimensions, whose stride is 0, of size one."""
    return [1 if stride == 0 else n for n, stride in zip(shape, strides, strict=True)]


def _is_simple(shape, strides):
    """True when elements share no memory, but for expanded dimensions, and little lies between them."""
    span, count = 1, 1
    for stride, n in sorted((s, n) for n, s in zip(shape, strides, strict=True) if n > 1 and s != 0):
        if stride < span:
            return False
        span, count = span + stride * (n - 1), count * n
    return span <= 4 * count + 64


def tensor_from(body):
    """The tensor of a payload; raises ValueError or TypeError for bytes that make none."""
    torch, (name, shape, strides, data) = sys.modules["torch"], body
    kind, shape = dtype(name), [size(n) for n in shape]
    once = shape if strides is None else _once(shape, [size(n) for n in strides])
    if not data:
        return torch.empty(shape, dtype=kind) if 0 in shape else torch.empty(0, dtype=kind).reshape(once)
    flat = torch.frombuffer(bytearray(data), dtype=kind).reshape(once)
    if strides is None:
        return flat.clone()  # in memory aligned as torch's own: sums come out the same to the last bit
    if not _is_simple(shape, strides) or np.prod(shape, dtype=float) > 1 << 30:
        raise ValueError("strides of no tensor")
    return torch.empty_strided(once, strides, dtype=kind).copy_(flat).expand(shape)


def dtype(name):
    """The dtype of that name; raises TypeError when there is none."""
    torch = sys.modules["torch"]
    found = getattr(torch, name, None)
    if not isinstance(found, torch.dtype):
        raise TypeError(f"no dtype is called {name!r}")
    return found


def size(number):
    """A size as it is; raises ValueError for what is none."""
    if type(number) is not int or number < 0:
        raise ValueError("no size")
    return number


def same_bits(one, other):
    """True for tensors of the same shape, dtype and bits (a NaN is the same as itself, 0 is not -0)."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    torch = sys.modules["torch"]
    if one.dtype.is_floating_point:
        kind = getattr(torch, INTEGERS[one.itemsize])
        one, other = one.detach().view(kind), other.detach().view(kind)
    return torch.equal(one, other)
