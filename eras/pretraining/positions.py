"""Positions: attention sees a set, so each position has to be told where it stands.

Five ways: sinusoidal and learned vectors are added to the tokens; RoPE rotates queries and keys; ALiBi and
T5 add a bias to the scores that depends on distance. Dimensions as in `eras/__init__.py`.

Sources: Vaswani et al. 2017, section 3.5 (sinusoidal); Gehring et al. 2017 (learned); Su et al. 2021 (RoPE);
Press et al. 2022 (ALiBi); Raffel et al. 2020, section 2.1 (T5's buckets).
"""

import math

import torch
from torch import Tensor, nn


def sinusoidal(T: int, C: int, base: float = 10_000.0) -> Tensor:
    """Sines and cosines of wavelengths from 2π to 2π·base.  -> (T, C); channel 2i sine, 2i + 1 cosine.

    Raises ValueError for odd C or negative T.  Source: Vaswani et al. 2017, section 3.5.
    """
    if T < 0 or C < 2 or C % 2:
        raise ValueError(f"sinusoidal needs T >= 0 and an even C >= 2, got {T=}, {C=}")
    angles = rotary_angles(torch.arange(T), C, base, torch.float64)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2).float()


class LearnedPositions(nn.Module):
    """One trained vector for each position below `context`, as in GPT-2 and BERT.

    Source: Gehring et al. 2017, section 3.1.
    """

    def __init__(self, context: int, width: int):
        super().__init__()
        self.table = nn.Embedding(context, width)
        nn.init.normal_(self.table.weight, std=0.02)

    def forward(self, positions: Tensor) -> Tensor:
        """positions (…) integers -> (…, C).  Raises ValueError for a position that was never trained."""
        limit = self.table.num_embeddings
        if positions.numel() and not (int(positions.min()) >= 0 and int(positions.max()) < limit):
            raise ValueError(
                f"positions must lie in 0…{limit - 1}, got {int(positions.min())}…{int(positions.max())}"
            )
        return self.table(positions)


def rotary_angles(positions: Tensor, D: int, theta: float = 10_000.0, dtype=torch.float32) -> Tensor:
    """Angle of each pair of channels at each position: position / theta^(2i/D).  (…) -> (…, D/2), radians.

    float32 unless told otherwise, because released models were trained with float32 angles.
    """
    frequency = 1.0 / theta ** (torch.arange(0, D, 2, dtype=dtype, device=positions.device) / D)
    return positions[..., None].to(dtype) * frequency


def rotate_pairs(x: Tensor, angles: Tensor, interleaved: bool = False) -> Tensor:
    """Turn each pair of channels (a, b) by its angle.  x (…, T, D), angles broadcastable to (…, T, D/2).

    Pairs are (i, i + D/2), as in GPT-NeoX and transformers' Llama, or (2i, 2i + 1), `interleaved`, as in
    GPT-J and GGUF files of Llama.
    """
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = (x[..., 0::2], x[..., 1::2]) if interleaved else x.chunk(2, dim=-1)
    turned = (a * cos - b * sin, a * sin + b * cos)
    return torch.stack(turned, dim=-1).flatten(-2) if interleaved else torch.cat(turned, dim=-1)


def rope(x: Tensor, positions: Tensor | None = None, theta: float = 10_000.0, interleaved=False) -> Tensor:
    """Rotate queries or keys by their positions.  x (…, T, D), positions (T,) or (B, T) -> (…, T, D).

    Without positions: 0…T-1. Scores of rotated queries and keys depend on the difference of positions alone.
    Raises ValueError for odd D, theta <= 0, or positions that do not fit.  Source: Su et al. 2021, equation
    15.
    """
    T, D = x.shape[-2:]
    if D % 2 or theta <= 0:
        raise ValueError(f"rope needs an even width and theta > 0, got D={D}, {theta=}")
    positions = torch.arange(T, device=x.device) if positions is None else positions
    if positions.shape[-1:] != (T,) or positions.dim() > 2 or (positions.dim() == 2 and x.dim() != 4):
        raise ValueError(
            f"positions must be (T,) or, for x (B, H, T, D), (B, T), got {tuple(positions.shape)}"
        )
    if positions.dim() == 2:
        positions = positions[:, None, :]
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    return rotate_pairs(x, rotary_angles(positions, D, theta, dtype), interleaved)


class RotaryEmbedding:
    """RoPE with fixed settings, to hand to `MultiHeadAttention(…, rotate=…)`: (q, k) -> (q, k).

    q (B, H, T, D), k (B, Hkv, S, D). `at(positions)` binds the positions, for instance of one new token.
    """

    def __init__(self, theta: float = 10_000.0, interleaved: bool = False, positions: Tensor | None = None):
        self.theta, self.interleaved, self.positions = theta, interleaved, positions

    def __call__(self, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        """Rotate both at the bound positions (0, 1, 2 … unless bound)."""
        return tuple(rope(each, self.positions, self.theta, self.interleaved) for each in (q, k))

    def at(self, positions: Tensor) -> "RotaryEmbedding":
        """The same rotation at positions (T,) or (B, T)."""
        return RotaryEmbedding(self.theta, self.interleaved, positions)


def alibi_slopes(H: int) -> Tensor:
    """How fast each head loses interest with distance.  -> (H,), geometric, from 2^(-8/H) down to 2^-8.

    Where H is no power of two: those of the power below, then every other one of twice that power, as in
    BLOOM. Raises ValueError for H < 1.  Source: Press et al. 2022, section 3, and its released code.
    """
    if H < 1:
        raise ValueError(f"alibi_slopes needs at least one head, got {H=}")
    power = 1 << (H.bit_length() - 1)
    slopes = [2 ** (-8 * (i + 1) / power) for i in range(power)]
    between = [2 ** (-4 * (i + 1) / power) for i in range(0, 2 * power, 2)]
    return torch.tensor(slopes + between[: H - power])


def distances(T: int, S: int, device=None) -> Tensor:
    """Key position minus query position.  -> (T, S) integers; the queries are the last T of S positions.

    Raises ValueError unless 0 <= T <= S.
    """
    if not 0 <= T <= S:
        raise ValueError(f"the queries are the last T of S positions: 0 <= T <= S, got {T=}, {S=}")
    return torch.arange(S, device=device) - torch.arange(S - T, S, device=device)[:, None]


def alibi_bias(H: int, T: int, S: int | None = None, device=None) -> Tensor:
    """A penalty proportional to distance, to add to the scores.  -> (H, T, S), zero on the diagonal.

    The queries are the last T of S positions.  Source: Press et al. 2022, section 3.
    """
    far = distances(T, T if S is None else S, device).abs()
    return -alibi_slopes(H).to(far.device)[:, None, None] * far


def t5_bucket(distance: Tensor, bidirectional=True, buckets: int = 32, max_distance: int = 128) -> Tensor:
    """The bucket of each key-minus-query distance: exact when near, logarithmic when far.  Same shape,
    integers.

    Half the buckets are for keys that come later if `bidirectional`; otherwise later keys share bucket 0.
    Raises ValueError where there are too few buckets or too short a distance.  Source: Raffel et al. 2020.
    """
    sides = 2 if bidirectional else 1
    exact = buckets // sides // 2
    if exact < 1 or max_distance <= exact:
        raise ValueError(f"too few buckets or too short a max_distance: {buckets=}, {max_distance=}")
    away = distance.abs() if bidirectional else (-distance).clamp(min=0)
    stretched = torch.log(away.clamp(min=1).float() / exact) / math.log(max_distance / exact)
    far = exact + (stretched * (buckets // sides - exact)).long()
    bucket = torch.where(away < exact, away, far.clamp(max=buckets // sides - 1))
    return bucket + (distance > 0) * (buckets // 2) if bidirectional else bucket


class T5RelativeBias(nn.Module):
    """One learned number per bucket of distance and head, added to the scores.  Source: Raffel et al.
    2020.
    """

    def __init__(self, heads: int, bidirectional=True, buckets: int = 32, max_distance: int = 128):
        super().__init__()
        t5_bucket(torch.zeros(1), bidirectional, buckets, max_distance)
        self.bidirectional, self.buckets, self.max_distance = bidirectional, buckets, max_distance
        self.table = nn.Embedding(buckets, heads)
        nn.init.normal_(self.table.weight, std=0.02)

    def forward(self, T: int, S: int | None = None) -> Tensor:
        """-> (H, T, S), to pass as `bias`; the queries are the last T of S positions."""
        away = distances(T, T if S is None else S, self.table.weight.device)
        bucket = t5_bucket(away, self.bidirectional, self.buckets, self.max_distance)
        return self.table(bucket).permute(2, 0, 1)
