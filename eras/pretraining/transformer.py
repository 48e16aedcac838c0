"""The transformer's parts besides attention: layer norm, feed-forward, residual block (pre-norm).

Left out here: the encoder and encoder-decoder stacks, which have a chapter of their own.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from eras.pretraining.attention import KVCache, MultiHeadAttention


def gelu(x: Tensor) -> Tensor:
    """Gaussian error linear unit in GPT-2's tanh form.  (…) -> (…)

    Source: Hendrycks and Gimpel 2016, section 2.
    """
    ### BEGIN SOLUTION
    inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)
    return 0.5 * x * (1.0 + torch.tanh(inner))
    ### END SOLUTION


class LayerNorm(nn.Module):
    """Give every position mean 0 and variance 1, then scale and shift.  (…, C) -> (…, C)

    The variance is the biased one (divided by C). Source: Ba, Kiros and Hinton 2016, equation 4.
    """

    def __init__(self, width: int, epsilon: float = 1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        variance, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
        return (x - mean) * torch.rsqrt(variance + self.epsilon) * self.weight + self.bias
        ### END SOLUTION


class FeedForward(nn.Module):
    """Two linear maps with a nonlinearity between, the same at every position.  (…, C) -> (…, C)

    Source: Vaswani et al. 2017, section 3.3; `hidden` is 4C unless given.
    """

    def __init__(self, width: int, hidden: int | None = None, activation: Callable = gelu):
        super().__init__()
        self.expand = nn.Linear(width, hidden or 4 * width)
        self.contract = nn.Linear(hidden or 4 * width, width)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        return self.contract(self.activation(self.expand(x)))
        ### END SOLUTION


class Block(nn.Module):
    """One pre-norm residual block: attention, then feed-forward, each added to the stream.  (B, T, C) -> same

    The norm stands before each part and off the residual path. Source: Radford et al. 2019, section 2.3.
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0):
        super().__init__()
        self.attention_norm = LayerNorm(width)
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward_norm = LayerNorm(width)
        self.feed_forward = FeedForward(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None, cache: KVCache | None = None) -> Tensor:
        ### BEGIN SOLUTION
        x = x + self.dropout(self.attention(self.attention_norm(x), mask=mask, cache=cache))
        return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        ### END SOLUTION
