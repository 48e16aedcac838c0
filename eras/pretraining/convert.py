"""Weights of transformers' GPT-2 under our names, for comparing the two or for running real weights."""

import torch
from torch import Tensor

from eras.pretraining.gpt import GPT, GPTConfig


def from_gpt2(model: torch.nn.Module) -> GPT:
    """A GPT of ours, in evaluation mode, with the weights of a transformers GPT2LMHeadModel."""
    c = model.config
    gpt = GPT(GPTConfig(c.vocab_size, c.n_positions, c.n_layer, c.n_head, c.n_embd))
    gpt.load_state_dict(_renamed(model.state_dict(), c.n_layer))
    return gpt.eval()


def _renamed(theirs: dict[str, Tensor], layers: int) -> dict[str, Tensor]:
    """Their parameters under our names."""
    pairs = [("ln_f", "norm")]
    ours = {"tokens.weight": theirs["transformer.wte.weight"]}
    ours["positions.weight"] = theirs["transformer.wpe.weight"]
    for i in range(layers):
        h, b = f"h.{i}", f"blocks.{i}"
        pairs += [(f"{h}.ln_1", f"{b}.attention_norm"), (f"{h}.ln_2", f"{b}.feed_forward_norm")]
        pairs += [(f"{h}.mlp.c_fc", f"{b}.feed_forward.expand")]
        pairs += [(f"{h}.mlp.c_proj", f"{b}.feed_forward.contract")]
        pairs += [(f"{h}.attn.c_proj", f"{b}.attention.output")]
        ours |= _split_heads_input(theirs, f"transformer.{h}.attn.c_attn", f"{b}.attention")
    for their_name, our_name in pairs:
        ours |= _linear(theirs, f"transformer.{their_name}", our_name)
    return ours


def _linear(theirs: dict[str, Tensor], their_name: str, our_name: str) -> dict[str, Tensor]:
    """Weight and bias; their Conv1D keeps (in, out), our Linear (out, in)."""
    weight, bias = theirs[f"{their_name}.weight"], theirs[f"{their_name}.bias"]
    return {f"{our_name}.weight": weight.T if weight.ndim == 2 else weight, f"{our_name}.bias": bias}


def _split_heads_input(theirs: dict[str, Tensor], their_name: str, our_name: str) -> dict[str, Tensor]:
    """Their one matrix (C, 3C) for queries, keys and values as our three."""
    weights = theirs[f"{their_name}.weight"].T.chunk(3)
    biases = theirs[f"{their_name}.bias"].chunk(3)
    return {
        f"{our_name}.{name}.{kind}": tensors[part]
        for part, name in enumerate(("query", "key", "value"))
        for kind, tensors in (("weight", weights), ("bias", biases))
    }
