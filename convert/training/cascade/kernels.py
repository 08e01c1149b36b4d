"""The cascade's layers on PyTorch's fused kernels, beyond those of ``convert.training.torch_kernels``.

PyTorch's own PReLU is slow backwards where one slope serves a whole layer; a leaky ReLU with the slope's gradient
beside it takes a third of the time on a CPU.
"""

from __future__ import annotations

from typing import Any

from keras import layers

from convert.training.torch_kernels import use_fused_kernels


def use_cascade_kernels() -> bool:
    """Route Conv2D, PReLU and MaxPooling2D to PyTorch's kernels for this process; False on another backend."""
    if not use_fused_kernels():
        return False
    shared_prelu = _shared_prelu()

    def activate(layer: Any, inputs: Any) -> Any:
        if layer.alpha.shape != (1,) * len(layer.alpha.shape):
            raise ValueError(f"{layer.name}: expected one slope for the layer, received {tuple(layer.alpha.shape)}")
        return shared_prelu.apply(inputs, layer.alpha.value)

    layers.PReLU.call = activate
    layers.MaxPooling2D.call = _pool
    return True


def _pool(layer: Any, inputs: Any) -> Any:
    import torch.nn.functional as functional

    # With an even input and stride 2, TensorFlow's "same" adds one pixel right and below: what rounding up does.
    images = inputs.permute(0, 3, 1, 2)
    pooled = functional.max_pool2d(images, layer.pool_size, layer.strides, ceil_mode=layer.padding == "same")
    return pooled.permute(0, 2, 3, 1)


def _shared_prelu() -> Any:
    import torch

    class SharedPReLU(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, inputs: Any, slope: Any) -> Any:
            context.save_for_backward(inputs, slope)
            return torch.nn.functional.leaky_relu(inputs, float(slope))

        @staticmethod
        def backward(context: Any, gradient: Any) -> Any:
            inputs, slope = context.saved_tensors
            to_inputs = torch.ops.aten.leaky_relu_backward(gradient, inputs, float(slope), False)
            to_slope = (gradient * inputs.clamp(max=0)).sum().reshape(slope.shape).to(slope.dtype)
            return to_inputs, to_slope

    return SharedPReLU
