#!/usr/bin/env python3
"""Checks and times artifacts on a GPU. Needs PyTorch, numpy and what
bench/gpu/build made; no compiler.

  python3 bench/gpu/bench.py [--artifacts out/gpu] [--out $OUT] [--minutes 9]

1. Every example against its formula in float64, on shapes with tails, grouped
   heads, decoding, rows that see nothing and an offset; in sm_90a code and in
   sm_80 PTX.
2. Times of the examples of timing.py beside PyTorch's attention (cuDNN, flash,
   FlexAttention compiled), medians of calls between events.

Writes OUT/check.log, OUT/time.log, OUT/results.json, OUT/table.txt and prints a
summary. With --dry-run nothing is timed, and tensors lie in the host's memory:
for drivers that are no GPU ($ATTN_CUDA_DRIVER)."""
import argparse
import json
import os
import platform
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
for folder in ("python", "test/examples", "bench/gpu"):
    sys.path.insert(0, os.path.join(ROOT, folder))

import attn_runtime  # noqa: E402
import check  # noqa: E402
import hosts  # noqa: E402


class Log:
    def __init__(self, path, echo):
        self.file, self.echo = open(path, "w", encoding="utf-8"), echo

    def __call__(self, line):
        self.file.write(line + "\n")
        self.file.flush()
        if self.echo:
            print(line, flush=True)


def check_step(host, library, device, options, report):
    log = Log(os.path.join(options.out, "check.log"), options.verbose)
    start = time.time()
    shapes = check.SMALL if options.small else None
    rows = check.check_all(host, library, device, os.path.join(options.artifacts, "check"), options.only, log, shapes, options.tolerance)
    report["check"] = [dict(zip(("target", "example", "cases", "wrong", "worst"), row)) for row in rows]
    for target, name, total, wrong, worst in rows:
        if wrong:
            print(f"WRONG {target} {name}: {wrong} of {total} cases, worst relative error {worst:.2e}")
    wrong = sum(row[3] for row in rows)
    print(f"check: {len(rows)} examples, {sum(row[2] for row in rows)} cases, {wrong} wrong, "
          f"worst relative error {max((row[4] for row in rows), default=0):.2e} ({time.time() - start:.0f} s)", flush=True)
    return wrong == 0 and bool(rows)


def time_step(host, library, device, options, report, deadline):
    import timing

    torch, log = host.torch, Log(os.path.join(options.out, "time.log"), options.verbose)
    timer, rows = timing.Timer(torch), []
    bandwidth, product = timing.ceilings(torch, timer)
    report["ceilings"] = {"copy_bytes_per_second": bandwidth, "product_flops": product}
    for line in timing.WORK:
        if options.only and line[1] not in options.only:
            continue
        if time.time() > deadline:
            log(f"{line[0]}: left out, the time is up")
            continue
        rows.append(timing.time_one(torch, timer, library, device, os.path.join(options.artifacts, "time"), line, options.dtype, log))
        torch.cuda.empty_cache()
    report["time"] = rows
    text = timing.table(rows, bandwidth, product)
    with open(os.path.join(options.out, "table.txt"), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    print(text)
    return all("seconds" in row and row["error_norm"] < options.tolerance for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", default=os.path.join(ROOT, "out", "gpu"))
    parser.add_argument("--out", default=os.environ.get("OUT", os.path.join(ROOT, "out", "bench")))
    parser.add_argument("--only", default="", help="examples, by name")
    parser.add_argument("--skip", default="", help="check or time")
    parser.add_argument("--dtype", default="bf16")
    parser.add_argument("--tolerance", type=float, default=1e-2, help="relative error |out - float64| / |float64| that passes")
    parser.add_argument("--minutes", type=float, default=9, help="no further timing is begun after them")
    parser.add_argument("--small", action="store_true", help="check two small shapes only")
    parser.add_argument("--dry-run", action="store_true", help="tensors in the host's memory; nothing is timed")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    options.only = [name for name in options.only.split(",") if name]
    deadline = time.time() + 60 * options.minutes
    os.makedirs(options.out, exist_ok=True)

    library = attn_runtime.Library(os.path.join(options.artifacts, "libattn-runtime.so"))
    device = library.device(0)
    host = hosts.NumpyHost() if options.dry_run else hosts.TorchHost()
    report = {"date": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()), "command": " ".join(sys.argv), "device": device.name,
              "capability": device.capability, "multiprocessors": device.multiprocessors, "python": platform.python_version()}
    if not options.dry_run:
        report["torch"] = host.torch.__version__
        state = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version,clocks.sm,clocks.mem,temperature.gpu", "--format=csv,noheader"],
                               capture_output=True, text=True, check=False)
        report["nvidia-smi"] = state.stdout.strip()
    print(f"{device.name}, compute capability {device.capability[0]}.{device.capability[1]}, {device.multiprocessors} multiprocessors, {report['date']}", flush=True)

    good = True
    try:
        if "check" not in options.skip:
            good &= check_step(host, library, device, options, report)
        if "time" not in options.skip and not options.dry_run:
            good &= time_step(host, library, device, options, report, deadline)
    finally:
        with open(os.path.join(options.out, "results.json"), "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1, default=str)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
