"""Jobs that raise, die and hang cost themselves only. usage: check_supervise.py ROOT"""
import os
import sys
import time

sys.path.insert(0, os.path.join(sys.argv[1], "bench", "gpu"))
import supervise  # noqa: E402


def fail():
    raise ValueError("no")


if len(sys.argv) > 2:
    supervise.serve({"add": lambda a, b: {"sum": a + b}, "fail": fail, "die": lambda: os._exit(9), "hang": lambda: time.sleep(600)})
else:
    command = [sys.executable, os.path.abspath(__file__), sys.argv[1], "worker"]
    jobs = [("add", 1, 2), ("fail",), ("die",), ("add", 3, 4), ("hang",), ("add", 5, 6)]
    for job, result in supervise.run_jobs(command, jobs, 20):
        print(job, result)
    for job, result in supervise.run_jobs(command, jobs[:1], 10, deadline=time.time() - 1):
        print(job, result)
