"""Compares the messages for wrong programs with the recorded ones.

corpus.py [--update] TOOL FOLDER SOURCES: every NAME.attn in FOLDER has one
fault, NAME.txt is what TOOL prints for it; a first line `# options: ..` goes to
TOOL. SOURCES is where the checker is: a
message in Sema*.cpp that no recorded text contains is an error too.
"""

import concurrent.futures
import difflib
import glob
import os
import re
import subprocess
import sys


def messages(folder):
    """The longest literal part of each message that Sema*.cpp can give."""
    for path in sorted(glob.glob(os.path.join(folder, "Sema*.cpp"))):
        with open(path, encoding="utf-8") as source:
            text = source.read()
        for call in re.finditer(r"\b(?:error|later|mark|note|suggest|warning)\(", text):
            statement = text[call.end() : text.index(";", call.end())]
            statement = re.split(r"\)\s*\.(?:mark|note|suggest)\(", statement)[0]
            parts = [p.replace('\\"', '"') for p in re.findall(r'"((?:[^"\\]|\\.)*)"', statement)]
            if parts and len(max(parts, key=len)) > 5:
                yield os.path.basename(path), max(parts, key=len)


def main(arguments):
    update = arguments[:1] == ["--update"]
    tool, folder, sources = arguments[update:]
    programs = sorted(glob.glob(os.path.join(folder, "*.attn")))

    def run(path):
        with open(path, encoding="utf-8") as program:
            first = program.readline()
        options = first[len("# options:") :].split() if first.startswith("# options:") else []
        return subprocess.run([tool, *options, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    failed, recorded = False, ""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path, result in zip(programs, pool.map(run, programs)):
            got = result.stdout.decode()
            status = 0 if got.startswith("warning:") else 1
            if result.returncode != status:
                print(f"{path}: exit status {result.returncode}, {status} expected")
                failed = True
            expected_path = path[: -len(".attn")] + ".txt"
            if update:
                with open(expected_path, "w", encoding="utf-8") as out:
                    out.write(got)
            with open(expected_path, encoding="utf-8") as expected:
                wanted = expected.read()
            recorded += wanted
            if got != wanted:
                failed = True
                print(f"{path}:")
                sys.stdout.writelines(difflib.unified_diff(wanted.splitlines(True), got.splitlines(True), "recorded", "now"))
    if len(programs) < 150:
        failed = True
        print(f"{len(programs)} programs, at least 150 expected")
    for source, part in messages(sources):
        if part not in recorded:
            failed = True
            print(f"{source}: no program here shows: {part}")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
