"""transformers' GPT-2 as an oracle."""

import torch

from eras.pretraining.convert import from_gpt2

__all__ = ["from_gpt2", "tiny_gpt2"]


def tiny_gpt2(seed=0, vocab_size=97, context=64, layers=2, heads=4, width=32, scale=8.0, **settings):
    """A random GPT2LMHeadModel in evaluation mode; `scale` enlarges its weights so that its logits differ."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(seed)
    sizes = {"n_positions": context, "n_layer": layers, "n_head": heads, "n_embd": width}
    special = {"bos_token_id": None, "eos_token_id": None} | settings
    model = GPT2LMHeadModel(GPT2Config(vocab_size=vocab_size, **sizes, **special)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.02 * scale)
    return model
