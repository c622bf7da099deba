"""Requests made of the interface's own description: no fault in the server, no answer that is not described."""

import base64
import copy
import dataclasses
import tempfile
from pathlib import Path

import hypothesis
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from fake_runner import FakeRunner, png
from selfmend.jobs.job import EXAMPLE_ID
from selfmend.server.app import create_app
from selfmend.server.security import Access

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


PICTURES = [png(), png(kind="GIF"), png((7, 5), kind="JPEG"), png((200, 100)), b"", b"hello"]
schemathesis.openapi.format("binary", st.sampled_from(PICTURES))
schemathesis.openapi.format("byte", st.sampled_from([base64.b64encode(one).decode() for one in PICTURES]))
schemathesis.openapi.format("json", st.sampled_from(['{"seed": 1}', '{"method": "telea"}', '{"colour": 1}', "{", "1"]))

FOLDER = tempfile.TemporaryDirectory()  # the operations are wanted when the tests are collected


class Steady(FakeRunner):
    """One that always has the job of the description's examples."""

    def __init__(self, folder):
        super().__init__(folder)
        job = self.submit("fill", {"image": png()}, {}, names={"image": "photo.png"})
        self.jobs[EXAMPLE_ID] = dataclasses.replace(self.jobs.pop(job.id), id=EXAMPLE_ID)
        self.orders[EXAMPLE_ID] = self.orders.pop(job.id)
        (folder / job.id).rename(folder / EXAMPLE_ID)

    def remove(self, job_id):
        self.get(job_id)


def described() -> schemathesis.schemas.BaseSchema:
    """The server, POST /api/jobs as one flat form: which of several holds a file's bytes, schemathesis cannot tell.

    No hook of schemathesis, which would change what the tests beside this one in the same process load.
    """
    runner = Steady(Path(FOLDER.name))
    access = Access(allowed_hosts=("testserver",))  # the name that Starlette's own client uses
    app = create_app(runner, access=access, limits=runner.limits)
    told = copy.deepcopy(app.openapi())
    parts = told["components"]["schemas"]
    body = told["paths"]["/api/jobs"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    jobs = [parts[one["$ref"].rpartition("/")[2]]["properties"] for one in body.pop("oneOf")]
    body.pop("discriminator")
    body["properties"] = {}
    for properties in jobs:
        body["properties"] |= {name: properties[name] for name in properties if name != "task"}
    body["properties"]["kind"] = {"enum": [properties["task"]["const"] for properties in jobs]}
    schema = schemathesis.openapi.from_dict(told)
    schema.app = app
    return schema


schema = described()


@schema.parametrize()
@hypothesis.settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
def test_every_answer_is_described(case):
    case.call_and_validate(checks=CHECKS)
