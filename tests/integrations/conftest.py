"""A server to talk to, and a picture with a hole for it."""

import numpy as np
import pytest
from skimage import data

from mending_server import MendingRunner, Server
from selfmend_client import Client


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(MendingRunner(tmp_path_factory.mktemp("jobs"))) as running:
        yield running


@pytest.fixture
def client(server):
    return Client(server.address)


@pytest.fixture(scope="module")
def photo():
    """A cat of 60 x 90 pixels."""
    return np.ascontiguousarray(data.chelsea()[::5, ::5])


@pytest.fixture(scope="module")
def hole(photo):
    """A box of 10 x 12 pixels, white."""
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[20:30, 40:52] = 255
    return mask
