"""Compares the oracle with the formulas: compare.py TOOL EXAMPLES [NAME...]

Every file of the folder EXAMPLES must have a formula. Prints one line per
disagreement; the exit status says whether there was one."""
import os
import subprocess
import sys
import tempfile

import numpy as np

import cases
import formulas


def check(tool, folder, name, shape, seed):
    case = cases.Case(name, shape, seed)
    expected = case.expected()
    with tempfile.TemporaryDirectory() as files:
        words = [tool, os.path.join(folder, name + ".attn")] + case.arguments(files)
        outputs = ["out"] + (["lse"] if name in ("gpt_oss", "skim") else [])
        for output in outputs:
            words += ["--out", f"{output}={files}/result_{output}.npy"]
        run = subprocess.run(words, capture_output=True, text=True, check=False)
        if run.returncode:
            return run.stderr.strip().splitlines()[0] if run.stderr else f"status {run.returncode}"
        for output in outputs:
            want, got = expected[output], np.load(f"{files}/result_{output}.npy")
            want = np.broadcast_to(want, want.shape)
            if got.shape != want.shape:
                return f"{output} has shape {got.shape}, not {want.shape}"
            if not np.all(np.isfinite(want) | (output == "lse")):
                return f"the formula is not finite"
            if not np.allclose(got, want, rtol=1e-9, atol=1e-11):
                where = np.unravel_index(np.argmax(~np.isclose(got, want, rtol=1e-9, atol=1e-11)), got.shape)
                where = tuple(int(n) for n in where)
                return f"{output}{list(where)} is {got[where]!r}, not {want[where]!r}"
    return None


def main():
    tool, folder, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    files = sorted(f[:-5] for f in os.listdir(folder) if f.endswith(".attn"))
    wrong = 0
    for name in sorted(set(files) ^ set(formulas.EXAMPLES)):
        print(f"{name}: " + ("no formula" if name in files else "no such example"))
        wrong += 1
    total = 0
    for name in names or [f for f in files if f in formulas.EXAMPLES]:
        for seed, shape in enumerate(cases.SHAPES):
            total += 1
            complaint = check(tool, folder, name, shape, seed)
            if complaint:
                print(f"{name} {shape}: {complaint}")
                wrong += 1
    print(f"{total} comparisons, {wrong} disagreements")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
