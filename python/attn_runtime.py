"""Calls compiled attention patterns from Python, through the library
attn-runtime (runtime/attn.h) and ctypes. Nothing else is needed.

    import attn_runtime, torch
    library = attn_runtime.Library("libattn-runtime.so")
    device = library.device(0)
    causal = library.artifact("artifacts/causal.json").load(device, dtype="bf16", D=128)
    out = torch.empty_like(q)
    causal(q=q, k=k, v=v, out=out, stream=torch.cuda.current_stream().cuda_stream)

Tensors are PyTorch's, or anything with `__cuda_array_interface__`, or a
`Tensor` made by hand. Axes are in the order of `Function.arguments`: for
example q [B, H, N, D]; any strides (of `tensor.transpose(..)`) will do, those
of q, k and v within the rules of the hardware: components side by side, other
strides a multiple of 16 bytes.
"""
import ctypes
import os
from ctypes import POINTER, c_char_p, c_double, c_int32, c_int64, c_uint8, c_uint16, c_uint64, c_void_p
from typing import NamedTuple, Optional, Sequence

ABI_VERSION = 1
CUDA = 2
KINDS = ["input", "output", "int", "real", "bool"]


class Error(RuntimeError):
    """What the library reports; `status` is one of attn_status."""

    def __init__(self, status, message):
        super().__init__(message or f"error {status}")
        self.status = status


class _DType(ctypes.Structure):
    _fields_ = [("code", c_uint8), ("bits", c_uint8), ("lanes", c_uint16)]


class _Tensor(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("device_type", c_int32), ("device_id", c_int32), ("ndim", c_int32), ("dtype", _DType),
                ("shape", POINTER(c_int64)), ("strides", POINTER(c_int64)), ("byte_offset", c_uint64)]


class _Variant(ctypes.Structure):
    _fields_ = [("dtype", c_char_p), ("D", c_int64), ("E", c_int64), ("targets", c_char_p)]


class _DeviceInfo(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("major", c_int32), ("minor", c_int32), ("multiprocessors", c_int32), ("shared_bytes", c_int64)]


class _Argument(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("kind", c_int32), ("dtype", c_char_p), ("labels", c_char_p), ("components", c_int32),
                ("shape", POINTER(c_int64)), ("optional", c_int32)]


class _Kernel(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("path", c_char_p), ("reason", c_char_p), ("threads", c_int32), ("registers", c_int32),
                ("shared_bytes", c_int64), ("rows", c_int64), ("cols", c_int64)]


class Tensor(NamedTuple):
    """Memory of a device: `dtype` is "bf16", "f16", "f32", "i32", "bool", ..; strides count elements."""
    data: int
    dtype: str
    shape: Sequence[int]
    strides: Optional[Sequence[int]] = None
    device: int = 0
    device_type: int = CUDA


class Variant(NamedTuple):
    dtype: str
    D: int
    E: int
    targets: list


class Argument(NamedTuple):
    name: str
    kind: str      # one of KINDS
    dtype: str     # of a tensor
    labels: list   # of a tensor: "B", "H", "N", ..
    shape: list    # lengths of the components behind them
    optional: bool


class Kernel(NamedTuple):
    name: str
    path: str
    reason: str
    threads: int
    registers: int
    shared_bytes: int
    rows: int
    cols: int


def _dtype(word):
    for start, code in (("bool", 6), ("bf", 4), ("f", 2), ("i", 0), ("u", 1)):
        if word.startswith(start):
            bits = word[len(start):] or "8"
            if bits.isdigit():
                return _DType(code, int(bits), 1)
    raise TypeError(f"no element type `{word}`")


_TORCH = {"bfloat16": "bf16", "float16": "f16", "float32": "f32", "float64": "f64", "int8": "i8", "int16": "i16", "int32": "i32",
          "int64": "i64", "uint8": "u8", "uint16": "u16", "uint32": "u32", "bool": "bool"}
_ARRAY = {"b1": "bool", "f2": "f16", "f4": "f32", "f8": "f64", "i1": "i8", "i2": "i16", "i4": "i32", "i8": "i64", "u1": "u8",
          "u2": "u16", "u4": "u32"}


def as_tensor(value):
    """The `Tensor` of a PyTorch tensor or an array with __cuda_array_interface__."""
    if isinstance(value, Tensor):
        return value
    if hasattr(value, "data_ptr"):
        name = str(value.dtype).rsplit(".", 1)[-1]
        if name not in _TORCH:
            raise TypeError(f"elements of type {name} are not known")
        on_cuda = value.device.type == "cuda"
        return Tensor(value.data_ptr(), _TORCH[name], tuple(value.shape), tuple(value.stride()), (value.device.index or 0) if on_cuda else 0,
                      CUDA if on_cuda else 1)
    interface = getattr(value, "__cuda_array_interface__", None)
    if interface is None:
        raise TypeError(f"a tensor in the memory of a GPU is needed, not {type(value).__name__}")
    kind = interface["typestr"][1:]
    if kind not in _ARRAY:
        raise TypeError(f"elements of type {interface['typestr']} are not known")
    strides = interface.get("strides")
    if strides is not None:
        size = int(kind[1:])
        strides = tuple(stride // size for stride in strides)
    return Tensor(interface["data"][0], _ARRAY[kind], tuple(interface["shape"]), strides)


class Library:
    """libattn-runtime.so. `path` None: $ATTN_RUNTIME, or the name as the loader finds it."""

    def __init__(self, path=None):
        self._c = ctypes.CDLL(str(path or os.environ.get("ATTN_RUNTIME", "libattn-runtime.so")))
        c = self._c
        for name, result, arguments in [
                ("attn_abi_version", c_int32, []), ("attn_message", c_char_p, []),
                ("attn_artifact_load", c_int32, [c_char_p, POINTER(c_void_p)]), ("attn_artifact_free", None, [c_void_p]),
                ("attn_artifact_name", c_char_p, [c_void_p]), ("attn_artifact_variants", c_int32, [c_void_p]),
                ("attn_artifact_variant", c_int32, [c_void_p, c_int32, POINTER(_Variant)]),
                ("attn_artifact_find", c_int32, [c_void_p, c_char_p, c_int64, c_int64, POINTER(c_int32)]),
                ("attn_device_open", c_int32, [c_int32, c_int32, c_char_p, POINTER(c_void_p)]), ("attn_device_free", None, [c_void_p]),
                ("attn_device_get", c_int32, [c_void_p, POINTER(_DeviceInfo)]),
                ("attn_function_load", c_int32, [c_void_p, c_int32, c_void_p, POINTER(c_void_p)]), ("attn_function_free", None, [c_void_p]),
                ("attn_function_binary", c_char_p, [c_void_p]), ("attn_function_arguments", c_int32, [c_void_p]),
                ("attn_function_argument", c_int32, [c_void_p, c_int32, POINTER(_Argument)]),
                ("attn_function_kernels", c_int32, [c_void_p]),
                ("attn_function_kernel", c_int32, [c_void_p, c_int32, POINTER(_Kernel)]),
                ("attn_call_create", c_int32, [c_void_p, POINTER(c_void_p)]), ("attn_call_free", None, [c_void_p]),
                ("attn_call_tensor", c_int32, [c_void_p, c_char_p, POINTER(_Tensor)]),
                ("attn_call_int", c_int32, [c_void_p, c_char_p, c_int64]), ("attn_call_real", c_int32, [c_void_p, c_char_p, c_double]),
                ("attn_call_unset", c_int32, [c_void_p, c_char_p]), ("attn_call_stats", c_int32, [c_void_p, c_void_p]),
                ("attn_call_workspace", c_int32, [c_void_p, POINTER(c_uint64)]),
                ("attn_call_run", c_int32, [c_void_p, c_void_p, c_uint64, c_void_p])]:
            function = getattr(c, name)
            function.restype, function.argtypes = result, arguments
        if c.attn_abi_version() != ABI_VERSION:
            raise Error(0, f"the library has version {c.attn_abi_version()} of the interface, this module {ABI_VERSION}")

    def _check(self, status):
        if status:
            raise Error(status, self._c.attn_message().decode())

    def _make(self, function, *arguments):
        handle = c_void_p()
        self._check(function(*arguments, ctypes.byref(handle)))
        return handle

    def artifact(self, path):
        return Artifact(self, path)

    def device(self, ordinal=0, driver=None):
        return Device(self, ordinal, driver)


class _Handle:
    _free = ""

    def __init__(self, library, handle):
        self.library, self._handle = library, handle

    def __del__(self):
        if getattr(self, "_handle", None):
            getattr(self.library._c, self._free)(self._handle)
            self._handle = None


class Device(_Handle):
    _free = "attn_device_free"

    def __init__(self, library, ordinal, driver):
        super().__init__(library, library._make(library._c.attn_device_open, CUDA, ordinal, driver.encode() if driver else None))
        info = _DeviceInfo()
        library._check(library._c.attn_device_get(self._handle, ctypes.byref(info)))
        self.ordinal, self.name = ordinal, info.name.decode()
        self.capability, self.multiprocessors, self.shared_bytes = (info.major, info.minor), info.multiprocessors, info.shared_bytes


class Artifact(_Handle):
    _free = "attn_artifact_free"

    def __init__(self, library, path):
        super().__init__(library, library._make(library._c.attn_artifact_load, os.fspath(path).encode()))
        self.name = library._c.attn_artifact_name(self._handle).decode()

    @property
    def variants(self):
        result, one = [], _Variant()
        for n in range(self.library._c.attn_artifact_variants(self._handle)):
            self.library._check(self.library._c.attn_artifact_variant(self._handle, n, ctypes.byref(one)))
            result.append(Variant(one.dtype.decode(), one.D, one.E, one.targets.decode().split()))
        return result

    def load(self, device, dtype=None, D=0, E=0):
        """The first variant that fits, on a device."""
        index = c_int32()
        self.library._check(self.library._c.attn_artifact_find(self._handle, dtype.encode() if dtype else None, D, E, ctypes.byref(index)))
        return Function(self, index.value, device)


class Function(_Handle):
    """A variant on a device. Calling it runs it; `prepare` separates the two."""
    _free = "attn_function_free"

    def __init__(self, artifact, index, device):
        library = artifact.library
        super().__init__(library, library._make(library._c.attn_function_load, artifact._handle, index, device._handle))
        self.device, self.name, self.binary = device, artifact.name, library._c.attn_function_binary(self._handle).decode()
        self.arguments, self.kernels = [], []
        one = _Argument()
        for n in range(library._c.attn_function_arguments(self._handle)):
            library._check(library._c.attn_function_argument(self._handle, n, ctypes.byref(one)))
            self.arguments.append(Argument(one.name.decode(), KINDS[one.kind], one.dtype.decode(), one.labels.decode().split(),
                                           [one.shape[c] for c in range(one.components)], bool(one.optional)))
        kernel = _Kernel()
        for n in range(library._c.attn_function_kernels(self._handle)):
            library._check(library._c.attn_function_kernel(self._handle, n, ctypes.byref(kernel)))
            self.kernels.append(Kernel(kernel.name.decode(), kernel.path.decode(), kernel.reason.decode(), kernel.threads, kernel.registers,
                                       kernel.shared_bytes, kernel.rows, kernel.cols))

    def prepare(self, **values):
        call = Call(self)
        call.set(**values)
        return call

    def __call__(self, stream=0, workspace=None, **values):
        """Launches on `stream`. Where workspace is needed and none given, PyTorch's
        allocator gives it; it is safe to drop for later work of the same stream."""
        self.prepare(**values).run(stream, workspace)


class Call(_Handle):
    """Arguments, to be run many times."""
    _free = "attn_call_free"

    def __init__(self, function):
        super().__init__(function.library, function.library._make(function.library._c.attn_call_create, function._handle))
        self.function, self._kept = function, {}

    def set(self, **values):
        """Tensors and numbers by name. None takes an argument away."""
        c = self.library._c
        for name, value in values.items():
            word = name.encode()
            if value is None:
                self._kept.pop(name, None)
                self.library._check(c.attn_call_unset(self._handle, word))
            elif isinstance(value, (bool, int)):
                self.library._check(c.attn_call_int(self._handle, word, int(value)))
            elif isinstance(value, float):
                self.library._check(c.attn_call_real(self._handle, word, value))
            else:
                t, rank = as_tensor(value), len(as_tensor(value).shape)
                lengths = (c_int64 * rank)(*t.shape)
                strides = (c_int64 * rank)(*t.strides) if t.strides is not None else None
                tensor = _Tensor(t.data, t.device_type, t.device, rank, _dtype(t.dtype), lengths, strides, 0)
                self.library._check(c.attn_call_tensor(self._handle, word, ctypes.byref(tensor)))
                self._kept[name] = value  # the memory lives as long as the call
        return self

    def stats(self, address):
        """Three int64 in device memory to which tiles are counted; 0: nobody counts."""
        self.library._check(self.library._c.attn_call_stats(self._handle, address))

    def workspace_bytes(self):
        count = c_uint64()
        self.library._check(self.library._c.attn_call_workspace(self._handle, ctypes.byref(count)))
        return count.value

    def run(self, stream=0, workspace=None):
        """`workspace` is (address, bytes) of device memory, aligned to 256 bytes."""
        kept = None
        if workspace is None:
            count, workspace = self.workspace_bytes(), (0, 0)
            if count:
                import torch

                kept = torch.empty(count, dtype=torch.uint8, device=torch.device("cuda", self.function.device.ordinal))
                workspace = (kept.data_ptr(), count)
        self.library._check(self.library._c.attn_call_run(self._handle, workspace[0], workspace[1], stream))
