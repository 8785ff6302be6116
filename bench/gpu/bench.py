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
import supervise  # noqa: E402


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", default=os.path.join(ROOT, "out", "gpu"))
    parser.add_argument("--out", default=os.environ.get("OUT", os.path.join(ROOT, "out", "bench")))
    parser.add_argument("--only", default="", help="examples, by name")
    parser.add_argument("--skip", default="", help="check or time")
    parser.add_argument("--dtype", default="bf16")
    parser.add_argument("--tolerance", type=float, default=1e-2, help="relative error |out - float64| / |float64| that passes")
    parser.add_argument("--minutes", type=float, default=9, help="nothing further is begun after them")
    parser.add_argument("--seconds", type=float, default=150, help="what one example or one line of the table may take")
    parser.add_argument("--small", action="store_true", help="check two small shapes only")
    parser.add_argument("--dry-run", action="store_true", help="tensors in the host's memory; nothing is timed")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.only = [name for name in options.only.split(",") if name]
    return options


def work(options):
    """The process that talks to the device."""
    library = attn_runtime.Library(os.path.join(options.artifacts, "libattn-runtime.so"))
    host = hosts.NumpyHost() if options.dry_run else hosts.TorchHost()
    device = library.device(0)

    def describe():
        result = {"device": device.name, "capability": list(device.capability), "multiprocessors": device.multiprocessors}
        if not options.dry_run:
            result["torch"] = host.torch.__version__
            state = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version,clocks.sm,clocks.mem,temperature.gpu", "--format=csv,noheader"],
                                   capture_output=True, text=True, check=False)
            result["nvidia-smi"] = state.stdout.strip()
        return result

    def check_job(_target, name, path):
        return check.check_example(host, library, device, path, name, check.SMALL if options.small else check.SHAPES, options.tolerance)

    def ceilings():
        import timing

        bandwidth, product = timing.ceilings(host.torch, timing.Timer(host.torch))
        return {"copy": bandwidth, "product": product}

    def time_job(number):
        import timing

        row = timing.time_one(host.torch, timing.Timer(host.torch), library, device, os.path.join(options.artifacts, "time"), timing.WORK[number], options.dtype)
        host.torch.cuda.empty_cache()
        return row

    supervise.serve({"describe": describe, "check": check_job, "ceilings": ceilings, "time": time_job})


class Log:
    def __init__(self, path, echo):
        self.file, self.echo = open(path, "w", encoding="utf-8"), echo

    def __call__(self, line):
        self.file.write(line + "\n")
        self.file.flush()
        if self.echo:
            print(line, flush=True)


def check_step(command, options, report, deadline):
    log, start, rows = Log(os.path.join(options.out, "check.log"), options.verbose), time.time(), []
    jobs = [("check", *found) for found in check.find(os.path.join(options.artifacts, "check"), options.only)]
    for (_, target, name, _), result in supervise.run_jobs(command, jobs, options.seconds, deadline):
        for line in result.get("lines", []):
            log(f"{target} {line}")
        if "cases" not in result:
            log(f"{target} WRONG {name} {result['error']}")
            result = {"cases": 1, "wrong": 1, "worst": float("inf"), "error": result["error"]}
        rows.append({"target": target, "example": name, **{key: result[key] for key in ("cases", "wrong", "worst", "error") if key in result}})
        if result["wrong"]:
            print(f"WRONG {target} {name}: {result['wrong']} of {result['cases']} cases, worst relative error {result['worst']:.2e} {result.get('error', '')}", flush=True)
    report["check"] = rows
    wrong = sum(row["wrong"] for row in rows)
    print(f"check: {len(rows)} examples, {sum(row['cases'] for row in rows)} cases, {wrong} wrong, "
          f"worst relative error {max((row['worst'] for row in rows), default=0):.2e} ({time.time() - start:.0f} s)", flush=True)
    return wrong == 0 and bool(rows)


def time_step(command, options, report, deadline):
    import timing

    log, rows, ceilings = Log(os.path.join(options.out, "time.log"), options.verbose), [], {"copy": float("nan"), "product": float("nan")}
    jobs = [("ceilings",)] + [("time", n) for n, line in enumerate(timing.WORK) if not options.only or line[1] in options.only]
    for job, result in supervise.run_jobs(command, jobs, options.seconds, deadline):
        for line in result.get("lines", []):
            log(line)
        if job[0] == "ceilings":
            ceilings.update(result)
        else:
            rows.append({**dict(zip(("name", "example", "lengths", "params"), timing.WORK[job[1]])), **result})
            if "error" in result:
                log(f"{rows[-1]['name']}: {result['error']}")
    report["ceilings"], report["time"] = ceilings, rows
    text = timing.table(rows, ceilings["copy"], ceilings["product"])
    with open(os.path.join(options.out, "table.txt"), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    print(text)
    return all("seconds" in row and row["error_norm"] < options.tolerance for row in rows)


def main():
    options = read_options()
    if options.worker:
        return work(options)
    deadline = time.time() + 60 * options.minutes
    os.makedirs(options.out, exist_ok=True)
    command = [sys.executable, os.path.abspath(__file__), *sys.argv[1:], "--worker"]
    report = {"date": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()), "command": " ".join(sys.argv), "python": platform.python_version()}
    for _, result in supervise.run_jobs(command, [("describe",)], options.seconds):
        report.update(result)
    if "device" not in report:
        sys.exit(f"no device: {report['error']}")
    print(f"{report['device']}, compute capability {'.'.join(map(str, report['capability']))}, {report['multiprocessors']} multiprocessors, {report['date']}", flush=True)
    good = True
    try:
        if "check" not in options.skip:
            good &= check_step(command, options, report, deadline)
        if "time" not in options.skip and not options.dry_run:
            good &= time_step(command, options, report, deadline)
    finally:
        with open(os.path.join(options.out, "results.json"), "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1, default=str)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
