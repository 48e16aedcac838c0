"""transformers' GPT-2 as an oracle: its weights in our GPT."""

import torch

from eras.pretraining.gpt import GPT, GPTConfig


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


def from_gpt2(model) -> GPT:
    """A GPT of ours with the weights of a GPT2LMHeadModel."""
    c = model.config
    gpt = GPT(GPTConfig(c.vocab_size, c.n_positions, c.n_layer, c.n_head, c.n_embd))
    gpt.load_state_dict(_renamed(model.state_dict(), c.n_layer, c.n_embd))
    return gpt.eval()


def _renamed(theirs, layers, width):
    """Their parameters under our names; their Conv1D keeps (in, out), our Linear (out, in)."""
    ours = {
        "tokens.weight": theirs["transformer.wte.weight"],
        "positions.weight": theirs["transformer.wpe.weight"],
    }
    pairs = [("transformer.ln_f", "norm")]
    for i in range(layers):
        h, b = f"transformer.h.{i}", f"blocks.{i}"
        pairs += [(f"{h}.ln_1", f"{b}.attention_norm"), (f"{h}.ln_2", f"{b}.feed_forward_norm")]
        pairs += [(f"{h}.attn.c_proj", f"{b}.attention.output")]
        pairs += [
            (f"{h}.mlp.c_fc", f"{b}.feed_forward.expand"),
            (f"{h}.mlp.c_proj", f"{b}.feed_forward.contract"),
        ]
        for part, name in enumerate(("query", "key", "value")):
            columns = slice(part * width, (part + 1) * width)
            ours[f"{b}.attention.{name}.weight"] = theirs[f"{h}.attn.c_attn.weight"][:, columns].T
            ours[f"{b}.attention.{name}.bias"] = theirs[f"{h}.attn.c_attn.bias"][columns]
    for their_name, our_name in pairs:
        weight = theirs[f"{their_name}.weight"]
        ours[f"{our_name}.weight"] = weight.T if weight.ndim == 2 else weight
        ours[f"{our_name}.bias"] = theirs[f"{their_name}.bias"]
    return ours
