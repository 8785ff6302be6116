"""Memory of a device, filled and read: through PyTorch, or for dry runs the
host's own memory behind a driver that is no GPU (test/driver)."""
import numpy as np

import attn_runtime


def to_bf16(array):
    """The bits of float32 values rounded to bf16, to nearest even."""
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    nan = np.isnan(array)
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return np.where(nan, np.uint16(0x7FC0), rounded)


def from_bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def rounded(array, dtype):
    """float32 values as the storage type holds them."""
    if dtype == "bf16":
        return from_bf16(to_bf16(array))
    return array.astype(np.float16).astype(np.float32) if dtype == "f16" else array


NUMPY = {"f32": np.float32, "f16": np.float16, "f64": np.float64, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
         "u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "bool": np.bool_}


class NumpyHost:
    """Dry runs: "device" memory is numpy's."""
    name = "numpy"

    def tensor(self, array, dtype):
        stored = to_bf16(array) if dtype == "bf16" else np.ascontiguousarray(array, NUMPY[dtype])
        # An allocation is aligned to 256 bytes, like a GPU's.
        block = np.empty(stored.nbytes + 256, np.uint8)
        start = -block.ctypes.data % 256
        view = block[start:start + stored.nbytes].view(stored.dtype).reshape(stored.shape)
        view[...] = stored
        return view, dtype

    def argument(self, tensor):
        array, dtype = tensor
        return attn_runtime.Tensor(array.ctypes.data, dtype, array.shape, [stride // array.itemsize for stride in array.strides])

    def poisoned(self, shape, dtype):
        return self.tensor(np.full(shape, np.nan if dtype[0] in "bf" and dtype != "bool" else 77, np.float32), dtype)

    def numpy(self, tensor):
        array, dtype = tensor
        return (from_bf16(array) if dtype == "bf16" else array).astype(np.float64)

    def workspace(self, count):
        block = np.full(count + 256, 0xCC, np.uint8)
        return (block.ctypes.data + 255) // 256 * 256, count, block

    def synchronize(self):
        pass

    def stream(self):
        return 0


class TorchHost:
    """PyTorch's tensors on GPU 0."""
    name = "torch"

    def __init__(self):
        import torch

        if not torch.cuda.is_available():
            raise SystemExit("PyTorch finds no GPU")
        self.torch = torch
        self.types = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32, "f64": torch.float64, "i8": torch.int8,
                      "i16": torch.int16, "i32": torch.int32, "i64": torch.int64, "u8": torch.uint8, "bool": torch.bool}

    def tensor(self, array, dtype):
        return self.torch.from_numpy(np.ascontiguousarray(array)).to("cuda", self.types[dtype])

    def argument(self, tensor):
        return tensor

    def poisoned(self, shape, dtype):
        value = float("nan") if self.types[dtype].is_floating_point else 77
        return self.torch.full(tuple(int(n) for n in shape), value, dtype=self.types[dtype], device="cuda")

    def numpy(self, tensor):
        return tensor.double().cpu().numpy()

    def workspace(self, count):
        block = self.torch.empty(max(count, 1), dtype=self.torch.uint8, device="cuda")
        return block.data_ptr(), count, block

    def synchronize(self):
        self.torch.cuda.synchronize()

    def stream(self):
        return self.torch.cuda.current_stream().cuda_stream
