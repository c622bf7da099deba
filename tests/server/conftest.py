"""An application over a runner without processes, and a client of it."""

import pytest
from fastapi.testclient import TestClient

from fake_runner import FakeRunner
from selfmend.server.app import create_app


@pytest.fixture
def runner(tmp_path):
    return FakeRunner(tmp_path)


@pytest.fixture
def client(runner):
    app = create_app(runner, limits=runner.limits)
    return TestClient(app, base_url="http://localhost:8418", raise_server_exceptions=False)
