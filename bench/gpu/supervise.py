"""Jobs in a process of their own: one that hangs or takes the device down with
it costs itself only."""
import json
import queue
import subprocess
import sys
import threading
import time

MARK = "RESULT "


def serve(handlers):
    """The worker: jobs (lists of a kind and arguments) from the standard input,
    results to the standard output, one line each."""
    for line in sys.stdin:
        kind, *arguments = json.loads(line)
        try:
            result = handlers[kind](*arguments)
        except Exception as error:  # what a job raises is its result
            result = {"error": f"{type(error).__name__}: {error}"}
        print(MARK + json.dumps(result, default=str), flush=True)
        if "CUDA error" in result.get("error", "") or "lost" in result:
            sys.exit(3)  # this process gets nothing more from the device


def run_jobs(command, jobs, seconds, deadline=None):
    """Yields (job, result) in order. `seconds` is what one job may take; after
    `deadline` no further job is begun."""
    pending, worker, lines = list(jobs), None, None
    while pending:
        if deadline and time.time() > deadline:
            yield pending.pop(0), {"error": "left out: the time is up"}
            continue
        if worker is None:
            worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            lines = queue.Queue()
            threading.Thread(target=_read, args=(worker.stdout, lines), daemon=True).start()
        result = _ask(worker, lines, pending[0], seconds)
        job = pending.pop(0)
        dead = worker.poll() is not None or result is None or "CUDA error" in result.get("error", "") or "lost" in result
        if result is None:
            result = {"error": f"no answer after {seconds} s" if worker.poll() is None else f"the process died with status {worker.returncode}"}
        if dead:
            worker.kill()
            worker.wait()
            worker = None
        yield job, result
    if worker:
        worker.stdin.close()
        worker.wait()


def _read(pipe, to):
    for line in pipe:
        to.put(line)
    to.put(None)


def _ask(worker, lines, job, seconds):
    try:
        worker.stdin.write(json.dumps(job) + "\n")
        worker.stdin.flush()
    except BrokenPipeError:
        return None
    end = time.time() + seconds
    while True:
        try:
            line = lines.get(timeout=max(end - time.time(), 0.01))
        except queue.Empty:
            return None
        if line is None:
            worker.wait()
            return None
        if line.startswith(MARK):
            return json.loads(line[len(MARK):])
