"""A long fuzz test of a real server by its own description (schemathesis): no fault, no answer that is not described.

    python benchmarks/fuzz_server.py --seconds 300

Files are pictures as often as not. Jobs are found and used by the ids that answers name (stateful phase), so what has
been asked for is also listened to, fetched, cancelled and removed. At the end no error may stand in the server's log,
and it must still answer.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import schemathesis
from hypothesis import strategies as st

from served import photo, served

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method,use_after_free"
)

PICTURES = [*photo(48, 36, 8), *photo(36, 48, 10), b"", b"no picture"]
SETTINGS = ['{"seed": 1}', '{"method": "telea"}', '{"method": "gpnn", "samples": 2}', '{"format": "png"}', "{", "[]"]
schemathesis.openapi.format("binary", st.sampled_from(PICTURES) | st.binary(max_size=200))
schemathesis.openapi.format("byte", st.sampled_from([base64.b64encode(one).decode() for one in PICTURES]) | st.text())
schemathesis.openapi.format("json", st.sampled_from(SETTINGS) | st.text())


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
        path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
        here = {"SCHEMATHESIS_HOOKS": Path(__file__).stem, "PYTHONPATH": path}
        code = subprocess.run(command, check=False, env={**os.environ, **here}).returncode
        health = httpx.get(f"{server.address}/api/health", timeout=60).raise_for_status().json()
        log = server.log.read_text()
    print("health afterwards:", health)
    print(f"the log: {log or 'empty'}")
    raise SystemExit(code or bool(re.search("ERROR|Traceback", log)))


if __name__ == "__main__":
    main()
