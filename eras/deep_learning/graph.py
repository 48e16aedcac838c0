"""What happened in a computation, told node by node, for whoever wants to look at it."""

from collections.abc import Mapping

from eras.deep_learning.autograd import backpropagate, topological_order
from eras.deep_learning.tensor import Tensor


def trace(end: Tensor, names: Mapping[str, Tensor]) -> list[dict]:
    """The nodes behind `end` in topological order, with values forward and gradients backward.

    A node: `name` ("" unless it is in `names`), `operation` ("" for a leaf), `value`, `gradient`, `parents`
    (numbers of nodes), `shares` (the gradient it sends to each parent) and `constant`. Values and gradients are
    arrays. The gradient of the end is all ones. Changes no tensor's `grad`.
    """
    order = topological_order(end, lambda node: node.parents)
    number = {node: i for i, node in enumerate(order)}
    called = {node: name for name, node in names.items()}
    shares = {}

    def pull(node, gradient):
        shares[node] = list(node.pull(gradient))
        return shares[node]

    gradients = backpropagate(order, end.data * 0 + 1, lambda node: node.parents, pull)
    return [
        {
            "name": called.get(node, ""),
            "operation": node.operation,
            "value": node.data,
            "gradient": gradients[node],
            "parents": [number[parent] for parent in node.parents],
            "shares": shares.get(node, []),
            "constant": not node.requires_grad,
        }
        for node in order
    ]
