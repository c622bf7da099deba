"""A long fuzz test of a real server by its own description (schemathesis): no fault, no answer that is not described.

    python benchmarks/fuzz_server.py --seconds 300

Jobs are found and used by the ids that answers name (stateful phase), so what has been asked for is also listened to,
fetched, cancelled and removed. The server's log must be empty at the end, and it must still answer.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import httpx

from served import served

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method,use_after_free"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with served("--max-queue", "20", "--max-minutes", "0.2") as server:
        command = [
            Path(sys.executable).with_name("schemathesis"), "run", f"{server.address}/openapi.json", "--checks", CHECKS,
            "--max-time", str(arguments.seconds), "--seed", str(arguments.seed), "--continue-on-failure",
            "--request-timeout", "120", "--generation-database", "none", "--no-color",
        ]  # fmt: skip
        code = subprocess.run(command, check=False).returncode
        health = httpx.get(f"{server.address}/api/health", timeout=60).raise_for_status().json()
        log = server.log.read_text()
    print("health afterwards:", health)
    print(f"the log: {log or 'empty'}")
    raise SystemExit(code or bool(log))


if __name__ == "__main__":
    main()
