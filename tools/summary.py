"""Prints what lit wrote with `-o` as one line: `N passed, M failed, K skipped`.

The exit status is 1 if a test failed or none ran.
"""
import json
import sys

PASSED = {"PASS", "FLAKYPASS", "XFAIL"}
SKIPPED = {"UNSUPPORTED", "SKIPPED", "EXCLUDED"}


def main(path):
    try:
        with open(path, encoding="utf-8") as file:
            tests = json.load(file)["tests"]
    except OSError:
        tests = []
    codes = [test["code"] for test in tests]
    passed = sum(code in PASSED for code in codes)
    skipped = sum(code in SKIPPED for code in codes)
    failed = len(codes) - passed - skipped
    for test in tests:
        if test["code"] not in PASSED | SKIPPED:
            print(f"{test['code']}: {test['name']}")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


sys.exit(main(sys.argv[1]))
