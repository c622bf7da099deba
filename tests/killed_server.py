"""A server that is killed in the middle of a job, for tests: python killed_server.py FOLDER; prints the job's id."""

import os
import signal
import sys
from pathlib import Path

from encoded import box, photo
from selfmend.jobs.runner import Runner

if __name__ == "__main__":
    runner = Runner(Path(sys.argv[1]), device="cpu")
    runner.start()
    settings = {"method": "singan", "preset": "tiny", "seed": 5, "options": {"steps": 6}}
    job = runner.submit("fill", {"image": photo(), "mask": box()}, settings)
    waiting = runner.submit(
        "fill", {"image": photo(), "mask": box()}, {"method": "singan", "preset": "tiny", "options": {"steps": 1}}
    )
    sys.stdout.write(f"{job.id} {waiting.id}\n")
    sys.stdout.flush()
    while job.stage_index < 1:  # the first scale is trained, and its state is on disk
        job = runner.wait(job.id, revision=job.revision, timeout=60)
    os.kill(os.getpid(), signal.SIGKILL)
