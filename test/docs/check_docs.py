"""Runs what the documentation shows.

usage: check_docs.py ATTNC ROOT

In README.md and docs/**/*.md of ROOT:
  ```attn            a program that the compiler accepts
  ```attn-wrong      a program, and in the ```text block behind it what
                     `attnc check` says about it, word for word
  ```console         lines `$ attnc ...`, each followed by what it prints, where
                     `...` stands for anything (alone on a line: for any lines)

Links between pages must lead somewhere, and docs/index.md to every page.

Programs are checked under the name of their first pattern; console lines run in
ROOT with a fresh folder for the files that they write.
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```([\w-]*)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)


def run(command, folder):
    result = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, encoding="utf-8", timeout=120, check=False)
    return result.returncode, result.stdout


def check_program(attnc, text, folder):
    """Checks a program under its own name; what the compiler printed."""
    name = re.search(r"\bpattern\s+([A-Za-z_]\w*)", text)
    file = (name.group(1) if name else "formulas") + ".attn"
    with open(os.path.join(folder, file), "w", encoding="utf-8") as out:
        out.write(text)
    return run([attnc, "check", file], folder)


def expected_pattern(lines):
    """A regular expression for the lines that a command should print."""
    pattern = ""
    for line in lines:
        if line.strip() == "...":
            pattern += "(?:.*\n)*"
        else:
            pattern += ".*".join(re.escape(part.rstrip()) for part in line.split("...")) + "[ ]*\n"
    return pattern


def console_commands(text):
    """Pairs of a command line and the lines that should follow."""
    commands = []
    for line in text.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        elif commands:
            commands[-1][1].append(line)
    return commands


def check_console(attnc, root, text, folder):
    for line, lines in console_commands(text):
        words = shlex.split(line)
        if words[0] != "attnc":
            continue
        words = [attnc] + [word.replace("out/", folder + "/") for word in words[1:]]
        status, printed = run(words, root)
        printed = printed.replace(folder + "/", "out/")
        wanted = expected_pattern(lines)
        if (status != 0) != any("error:" in wanted_line for wanted_line in lines):
            yield f"`{line}` returns {status}\n{printed}"
        elif lines and not re.fullmatch(wanted, "".join(p.rstrip() + "\n" for p in printed.splitlines())):
            yield f"`{line}` prints\n{printed}"


def check_file(attnc, root, path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    blocks = [(match.start(), *match.groups()) for match in FENCE.finditer(text)]
    for number, (start, kind, body) in enumerate(blocks):
        place = f"{os.path.relpath(path, root)}:{text.count(chr(10), 0, start) + 1}"
        with tempfile.TemporaryDirectory() as folder:
            if kind == "attn":
                status, printed = check_program(attnc, body, folder)
                if status:
                    yield f"{place}: the program is rejected\n{printed}"
            elif kind == "attn-wrong":
                follower = blocks[number + 1][1:] if number + 1 < len(blocks) else ("", "")
                _, printed = check_program(attnc, body, folder)
                if follower[0] != "text":
                    yield f"{place}: no ```text block follows"
                elif printed.strip() != follower[1].strip():
                    yield f"{place}: the compiler says\n{printed}"
            elif kind == "console":
                for problem in check_console(attnc, root, body, folder):
                    yield f"{place}: {problem}"
            else:
                continue
            yield None  # one block was looked at


def check_links(root, files):
    linked = set()
    for path in files:
        with open(path, encoding="utf-8") as file:
            for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", file.read()):
                full = os.path.normpath(os.path.join(os.path.dirname(path), target))
                if not os.path.exists(full):
                    yield f"{os.path.relpath(path, root)}: nothing at {target}"
                if os.path.basename(path) == "index.md":
                    linked.add(full)
    for path in files[1:]:
        if path not in linked and os.path.basename(path) != "index.md":
            yield f"docs/index.md: no link to {os.path.relpath(path, root)}"


def main(attnc, root):
    files = [os.path.join(root, "README.md")]
    for folder, _, names in os.walk(os.path.join(root, "docs")):
        files += [os.path.join(folder, name) for name in sorted(names) if name.endswith(".md")]
    blocks, problems = 0, list(check_links(root, files))
    for path in files:
        for problem in check_file(attnc, root, path):
            if problem is None:
                blocks += 1
            else:
                problems.append(problem)
    print("\n".join(problems))
    print(f"{blocks} blocks, {len(problems)} wrong")
    return 1 if problems or not blocks else 0


sys.exit(main(*sys.argv[1:]))
