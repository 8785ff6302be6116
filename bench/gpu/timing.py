"""Times on the device: ours and PyTorch's on the same random tensors, each
result checked in float64 on some rows first."""
import glob
import math
import os
import statistics
import time

import rivals

# name, example, lengths, run-time parameters, mask(i, j) on tensors or None, rivals.
# The reports' figures are those of bf16 unless artifacts of another type were built.
WORK = [
    ("full D=128 16k", "dense", dict(B=2, H=16, G=16, N=16384, M=16384, D=128), {}, "cudnn flash flex"),
    ("causal D=128 16k", "causal", dict(B=2, H=16, G=16, N=16384, M=16384, D=128), {}, "cudnn flash flex"),
    ("causal D=128 2k", "causal", dict(B=16, H=16, G=16, N=2048, M=2048, D=128), {}, "cudnn flash"),
    ("causal D=64 16k", "causal", dict(B=2, H=32, G=32, N=16384, M=16384, D=64), {}, "cudnn flash flex"),
    ("causal D=256 16k", "causal", dict(B=2, H=8, G=8, N=16384, M=16384, D=256), {}, "cudnn flash"),
    ("gqa 32:4 D=128 16k", "gqa", dict(B=1, H=32, G=4, N=16384, M=16384, D=128), {}, "cudnn flash"),
    ("window 1024 D=128 16k", "sliding_window", dict(B=2, H=16, G=16, N=16384, M=16384, D=128), {"w": 1023}, "flex"),
    ("packed D=128 32k", "packed", dict(B=1, H=16, G=16, N=32768, M=32768, D=128), {}, "flex"),
    ("sigmoid D=128 16k", "flash_sigmoid", dict(B=2, H=16, G=16, N=16384, M=16384, D=128), {"bias": -9.7}, ""),
    ("alibi D=128 16k", "alibi_8", dict(B=2, H=16, G=16, N=16384, M=16384, D=128), {}, "flex"),
    ("softcap 50 D=128 16k", "softcap_50", dict(B=2, H=16, G=16, N=16384, M=16384, D=128), {}, "flex"),
    ("decode gqa 32:8 D=128 8k", "gqa", dict(B=64, H=32, G=8, N=1, M=8192, D=128), {}, "cudnn flash"),
    ("decode gqa 32:8 D=128 32k b8", "gqa", dict(B=8, H=32, G=8, N=1, M=32768, D=128), {}, "cudnn flash"),
]


class Timer:
    """Median of single calls between events, after warming up."""

    def __init__(self, torch, seconds=0.4):
        self.torch, self.seconds = torch, seconds

    def __call__(self, call):
        torch = self.torch
        for _ in range(3):
            call()
        torch.cuda.synchronize()
        start = time.perf_counter()
        call()
        torch.cuda.synchronize()
        count = max(5, min(200, int(self.seconds / max(time.perf_counter() - start, 1e-5))))
        events = [(torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)) for _ in range(count)]
        for first, last in events:
            first.record()
            call()
            last.record()
        torch.cuda.synchronize()
        times = sorted(first.elapsed_time(last) / 1e3 for first, last in events)
        return statistics.median(times), times[0], times[-1]


class Problem:
    """Tensors of one line of WORK, and what its mask and score are."""

    def __init__(self, torch, example, lengths, dtype, seed):
        self.torch, self.example, self.lengths = torch, example, lengths
        generator = torch.Generator(device="cuda").manual_seed(seed)
        B, H, G, N, M, D = (lengths[key] for key in "BHGNMD")
        make = lambda *shape: torch.randn(*shape, generator=generator, device="cuda", dtype=torch.float32).to(dtype)
        self.q, self.k, self.v = make(B, H, N, D), make(B, G, M, D), make(B, G, M, D)
        self.out = torch.full((B, H, N, D), float("nan"), dtype=dtype, device="cuda")
        self.extra = {}
        if example == "packed":
            # Documents of 1k to 8k tokens.
            cuts = torch.randint(1024, 8192, (M // 1024,), generator=generator, device="cuda").cumsum(0)
            self.doc = torch.searchsorted(cuts, torch.arange(M, device="cuda"), right=True).int()[None].expand(B, M).contiguous()
            self.extra = {"doc": self.doc, "slope": 2.0 ** (-8 * (torch.arange(H, device="cuda").float() + 1) / H),
                          "sink": torch.randn(H, generator=generator, device="cuda")}

    def mask(self, params):
        """mask(b, h, i, j) on tensors of indices, in FlexAttention's manner; None: everything is seen."""
        offset = self.lengths["M"] - self.lengths["N"]
        if self.example == "dense":
            return None
        if self.example == "sliding_window":
            width = params["w"]
            return lambda b, h, i, j: (j <= i + offset) & (i + offset - j <= width)
        if self.example == "packed":
            doc = self.doc[0]
            return lambda b, h, i, j: (j <= i) & (doc[i] == doc[j])
        return lambda b, h, i, j: j <= i + offset

    def score(self):
        """What becomes of a score s, in FlexAttention's manner; None: nothing."""
        torch, H = self.torch, self.lengths["H"]
        if self.example == "alibi_8":
            slope = 2.0 ** (-8 * (torch.arange(H, device="cuda").float() + 1) / H)
            return lambda s, b, h, i, j: s - slope[h] * (i - j)
        if self.example == "softcap_50":
            return lambda s, b, h, i, j: 50 * torch.tanh(s / 50)
        if self.example == "packed":
            slope = self.extra["slope"]
            return lambda s, b, h, i, j: s - slope[h] * (i - j)
        return None

    def pairs(self, params):
        """Visible pairs of one head, summed over the batch."""
        torch, (B, N, M) = self.torch, (self.lengths[key] for key in "BNM")
        mask, total = self.mask(params), 0
        if mask is None:
            return B * N * M
        j = torch.arange(M, device="cuda")
        for start in range(0, N, 1024):
            i = torch.arange(start, min(start + 1024, N), device="cuda")
            total += int(mask(0, 0, i[:, None], j[None]).sum())
        return total * B

    def error(self, out, params, rows=96):
        """|out - float64| / |float64| over rows of some heads."""
        torch, (B, H, G, N, M, D) = self.torch, (self.lengths[key] for key in "BHGNMD")
        generator = torch.Generator(device="cuda").manual_seed(7)
        i = torch.randint(0, N, (min(rows, N),), generator=generator, device="cuda")
        i[0], i[-1] = N - 1, 0
        j, difference, size = torch.arange(M, device="cuda"), 0.0, 0.0
        mask, score = self.mask(params), self.score()
        for b, h in {(0, 0), (B - 1, H - 1), (B // 2, H // 3)}:
            k, v = self.k[b, h * G // H].double(), self.v[b, h * G // H].double()
            s = self.q[b, h, i].double() @ k.T / math.sqrt(D)
            if score:
                s = score(s, b, torch.tensor(h, device="cuda"), i[:, None] + (M - N), j[None])
            seen = torch.ones_like(s, dtype=torch.bool) if mask is None else mask(b, h, i[:, None], j[None])
            if self.example == "flash_sigmoid":
                want = torch.where(seen, torch.sigmoid(s + params["bias"]), 0) @ v
            else:
                s = torch.where(seen, s, -math.inf)
                if self.example == "packed":
                    s = torch.cat([s, self.extra["sink"][h].double().expand(len(i), 1)], 1)
                    v = torch.cat([v, torch.zeros(1, D, device="cuda", dtype=torch.float64)])
                want = torch.softmax(s, -1) @ v
            got = out[b, h, i].double()
            difference += float(((got - want) ** 2).sum())
            size += float((want ** 2).sum())
        return math.sqrt(difference / size)


def ceilings(torch, timer):
    """What this device reaches: a copy in bytes/s and a bf16 product in FLOP/s."""
    source = torch.randn(2 ** 30, device="cuda")
    target = torch.empty_like(source)
    seconds, _, _ = timer(lambda: target.copy_(source))
    bandwidth = 2 * source.nbytes / seconds
    del source, target
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    seconds, _, _ = timer(lambda: a @ b)
    return bandwidth, 2 * 8192 ** 3 / seconds


def time_one(torch, timer, library, device, folder, line, dtype):
    """A row for the table; row["lines"] are for the log."""
    title, example, lengths, params, others = line
    row = {"name": title, "example": example, "lengths": lengths, "params": params, "dtype": dtype, "lines": []}
    log = row["lines"].append
    paths = glob.glob(os.path.join(folder, example, "*.json"))
    if not paths:
        return dict(row, error="not built")
    D = lengths["D"]
    problem = Problem(torch, example, lengths, {"bf16": torch.bfloat16, "f16": torch.float16}[dtype], seed=len(title))
    B, H, G, N, M = (lengths[key] for key in "BHGNM")
    pairs = problem.pairs(params)
    row["flops"] = 4 * D * H * pairs
    row["bytes"] = (problem.q.nbytes + problem.k.nbytes + problem.v.nbytes + problem.out.nbytes)
    try:
        function = library.artifact(paths[0]).load(device, dtype, D, D)
        row["binary"] = function.binary
        row["kernels"] = [kernel._asdict() for kernel in function.kernels]
        call = function.prepare(q=problem.q, k=problem.k, v=problem.v, out=problem.out, **problem.extra, **params)
        count = call.workspace_bytes()
        workspace = torch.empty(max(count, 1), dtype=torch.uint8, device="cuda")
        stream = torch.cuda.current_stream().cuda_stream
        ours = lambda: call.run(stream, (workspace.data_ptr(), count))
        ours()
        torch.cuda.synchronize()
        row["error_norm"] = problem.error(problem.out, params)
        row["seconds"], row["best"], row["worst"] = timer(ours)
        row["again"], _, _ = timer(ours)
        log(f"{title}: ours {row['seconds'] * 1e3:.3f} ms (again {row['again'] * 1e3:.3f}), error {row['error_norm']:.2e}, {function.binary}, "
            + ", ".join(f"{kernel.path} {kernel.rows}x{kernel.cols}" for kernel in function.kernels))
    except Exception as error:
        row["error"] = f"{type(error).__name__}: {error}"
        log(f"{title}: {row['error']}")
    row["rivals"] = {}
    for rival in others.split():
        try:
            if rival == "flex":
                other = rivals.flex(torch, problem.q, problem.k, problem.mask(params), problem.score())
            else:
                other = rivals.sdpa(torch, rival, causal=example != "dense" and N == M)
            result = other(problem.q, problem.k, problem.v)
            torch.cuda.synchronize()
            error = problem.error(result, params) if not (example == "packed") else math.nan  # no sink there
            seconds, _, _ = timer(lambda: other(problem.q, problem.k, problem.v))
            row["rivals"][rival] = {"seconds": seconds, "error_norm": error}
            log(f"{title}: {rival} {seconds * 1e3:.3f} ms, error {error:.2e}")
        except Exception as error:
            row["rivals"][rival] = {"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}
            log(f"{title}: {rival}: {row['rivals'][rival]['error']}")
    return row


def table(rows, bandwidth, product):
    """The rows as text: TFLOP/s, and GB/s where one row of queries is all there is."""
    lines = [f"ceilings here: copy {bandwidth / 1e12:.2f} TB/s, 8192^3 bf16 product {product / 1e12:.0f} TFLOP/s", "",
             f"{'':30} {'ms':>9} {'TFLOP/s':>8} {'GB/s':>6} {'error':>8}  rivals (time of theirs / ours)"]
    for row in rows:
        if "seconds" not in row:
            lines.append(f"{row['name']:30} {row.get('error', '')[:100]}")
            continue
        seconds, decode = row["seconds"], row["lengths"]["N"] == 1
        others = []
        for name, rival in row["rivals"].items():
            if "seconds" in rival:
                others.append(f"{name} {row['flops'] / rival['seconds'] / 1e12:.0f} TFLOP/s ({rival['seconds'] / seconds:.2f}x)" if not decode else
                              f"{name} {row['bytes'] / rival['seconds'] / 1e9:.0f} GB/s ({rival['seconds'] / seconds:.2f}x)")
            else:
                others.append(f"{name} -")
        rate = f"{row['bytes'] / seconds / 1e9:6.0f}" if decode else f"{'':6}"
        wrong = "" if row["error_norm"] < 1e-2 else "  WRONG"
        lines.append(f"{row['name']:30} {seconds * 1e3:9.3f} {row['flops'] / seconds / 1e12:8.1f} {rate} {row['error_norm']:8.1e}  {', '.join(others)}{wrong}")
    return "\n".join(lines)
