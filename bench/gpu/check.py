"""Every example on the device against its formula in float64 (test/examples)."""
import glob
import os
import zlib

import cases
import formulas
import numpy as np
from hosts import rounded

# As in the tests of the oracle, with lengths that tiles do not divide.
SHAPES = [
    dict(B=2, H=4, G=2, N=133, M=197),            # grouped heads, more keys than rows
    dict(B=1, H=2, G=1, N=256, M=256),            # square
    dict(B=1, H=3, G=3, N=1, M=333),              # decoding
    dict(B=2, H=2, G=2, N=150, M=70),             # rows before key 0: they see nothing
    dict(B=1, H=2, G=1, N=70, M=210, offset=9),   # keys behind the last row
    dict(B=1, H=1, G=1, N=1, M=1),
]
SMALL = [dict(B=1, H=2, G=1, N=21, M=37), dict(B=1, H=1, G=1, N=1, M=1)]


class Case(cases.Case):
    """A case whose numbers the storage type holds exactly."""

    def __init__(self, name, shape, seed, dtype):
        self.dtype = dtype
        super().__init__(name, shape, seed)

    def make(self, spec):
        array = super().make(spec)
        return rounded(array, self.dtype) if spec[-3] == "f" else array


def relative(got, want):
    """|got - want| / |want| over all finite places, and the largest difference
    beside the largest value; infinite where they differ in what is not finite."""
    same = np.isfinite(want)
    if got.shape != want.shape or not np.array_equal(np.where(same, 0, want), np.where(same, 0, got), equal_nan=True) or not np.all(np.isfinite(got[same])):
        return np.inf, np.inf
    difference, size = got[same] - want[same], want[same]
    norm = np.sqrt(np.sum(size * size))
    if not norm:
        return (0.0, 0.0) if not np.any(difference) else (np.inf, np.inf)
    return float(np.sqrt(np.sum(difference * difference)) / norm), float(np.max(np.abs(difference)) / np.max(np.abs(size)))


def run_case(host, function, case):
    """Outputs of one call, by name."""
    values, results, lengths = {}, {}, dict(case.shape, **case.example.lengths)
    kept = []
    for argument in function.arguments:
        if argument.kind == "input" and argument.name in case.stored:
            kept.append(host.tensor(case.stored[argument.name], argument.dtype))
            values[argument.name] = host.argument(kept[-1])
        elif argument.kind == "output":
            shape = [lengths[label] for label in argument.labels] + argument.shape
            results[argument.name] = host.poisoned(shape, argument.dtype)
            values[argument.name] = host.argument(results[argument.name])
        elif argument.name in case.example.params:
            value = case.example.params[argument.name]
            values[argument.name] = float(value) if argument.kind == "real" else int(value)
        elif argument.name == "offset" and "offset" in case.shape:
            values["offset"] = case.shape["offset"]
    call = function.prepare(**values)
    address, count, block = host.workspace(call.workspace_bytes())
    call.run(host.stream(), (address, count))
    host.synchronize()
    del block
    return {name: host.numpy(result) for name, result in results.items()}


def check_example(host, library, device, path, name, shapes, tolerance):
    """One example's artifact: {"cases", "wrong", "worst", "lines"}."""
    artifact, wrong, worst, lines, lost = library.artifact(path), 0, 0.0, [], False
    for variant in artifact.variants:
        function = artifact.load(device, variant.dtype, variant.D, variant.E)
        for number, shape in enumerate(shapes):
            if lost:
                break
            shape = dict(shape, D=variant.D or 64, E=variant.E or variant.D or 64)
            case = Case(name, shape, zlib.crc32(f"{name}{number}".encode()), variant.dtype)
            expected = {key: np.broadcast_to(value, value.shape) for key, value in case.expected().items()}
            try:
                got = run_case(host, function, case)
                errors = {key: relative(got[key], expected[key]) for key in got if key in expected}
                bad = max((error for error, _ in errors.values()), default=np.inf)
                note = ", ".join(f"{key} {norm:.2e} (max {top:.2e})" for key, (norm, top) in errors.items())
            except Exception as error:  # a launch that fails is a result of this program
                bad, note = np.inf, f"{type(error).__name__}: {error}"
                lost = "CUDA" in note
            worst, wrong = max(worst, bad), wrong + (not bad <= tolerance)
            lines.append(f"{'ok   ' if bad <= tolerance else 'WRONG'} {name} {function.binary} {variant.dtype} {shape} "
                         f"[{' '.join(kernel.path for kernel in function.kernels)}] {note}")
    result = {"cases": len(lines), "wrong": wrong, "worst": worst, "lines": lines}
    return dict(result, lost=True) if lost else result


def find(folder, names):
    """(target, example, path) of every artifact below FOLDER/TARGET/EXAMPLE."""
    found = []
    for target in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        for name in sorted(os.listdir(os.path.join(folder, target))):
            if (not names or name in names) and name in formulas.EXAMPLES:
                found += [(target, name, path) for path in glob.glob(os.path.join(folder, target, name, "*.json"))]
    return found
