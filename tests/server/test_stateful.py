"""Jobs made, looked at, cancelled and removed in any order, along the links that schemathesis infers."""

import collections
import copy

import hypothesis
import schemathesis
from fastapi.testclient import TestClient
from schemathesis.specs.openapi.checks import (
    ensure_resource_availability,
    response_schema_conformance,
    status_code_conformance,
    use_after_free,
)

from fake_runner import FakeRunner, png
from selfmend.server.app import create_app
from selfmend.server.security import Access

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    response_schema_conformance,
    use_after_free,
    ensure_resource_availability,
]


def test_no_order_of_requests_finds_a_fault(tmp_path):
    runner = FakeRunner(tmp_path)
    app = create_app(runner, access=Access(allowed_hosts=("testserver",)), limits=runner.limits)
    client = TestClient(app)
    described, seen = copy.deepcopy(app.openapi()), collections.Counter()
    del described["paths"]["/api/jobs"]["post"]["requestBody"]
    schema = schemathesis.openapi.from_dict(described).include(path_regex="/api/jobs")
    schema.app = app

    class Orders(schema.as_state_machine()):
        def get_call_kwargs(self, case):
            if case.operation.label != "POST /api/jobs":
                return {}
            return {"files": {"image": ("a.png", png()), "mask": ("b.png", png())}}  # test_fuzz.py tries all forms

        def validate_response(self, response, case, **_):
            seen[case.operation.label, response.status_code] += 1
            case.validate_response(response, checks=CHECKS)
            if case.method == "DELETE" and response.status_code == 204:  # a second time, as a page with old news asks
                assert client.delete(f"/api/jobs/{case.path_parameters['job_id']}").status_code == 404

    Orders.run(
        settings=hypothesis.settings(
            max_examples=8,
            stateful_step_count=8,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
    )
    job = "/api/jobs/{job_id}"
    for step in (("POST /api/jobs", 201), (f"GET {job}", 200), (f"GET {job}/events", 200), (f"DELETE {job}", 204)):
        assert seen[step], dict(seen)
