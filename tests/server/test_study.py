"""The study's page and its interface: what a page is told, and what it is not."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image as PILImage

from selfmend.evaluation.study import Study, pair_fakes
from selfmend.server.security import Access
from selfmend.server.study import create_study_app


@pytest.fixture
def study(tmp_path: Path) -> Study:
    for folder in ("real", "fake"):
        (tmp_path / folder).mkdir()
        for k in range(3):
            PILImage.new("RGB", (8, 8), (40 * k, 100, 0)).save(tmp_path / folder / f"{k}.png")
    return Study(tmp_path / "study.sqlite", pair_fakes(tmp_path / "real", tmp_path / "fake"))


@pytest.fixture
def client(study: Study) -> TestClient:
    return TestClient(create_study_app(study, access=Access()), base_url="http://127.0.0.1:8419")


def test_protocols_come_in_turn_and_a_part_is_done_in_order(client: TestClient, study: Study) -> None:
    began = [client.post("/api/study", json={}).json() for _ in range(2)]
    assert [one["protocol"] for one in began] == ["paired", "unpaired"]
    person, trials = began[0]["person"], 0
    while not (trial := client.get(f"/api/study/{person}/next").json())["done"]:
        assert set(trial) == {"done", "number", "count", "images"}
        assert len(trial["images"]) == 2
        for address in trial["images"]:
            picture = client.get(address)
            assert picture.headers["content-type"] == "image/png"
            assert picture.headers["cache-control"] == "no-store"
        said = {"number": trial["number"], "answer": 0, "shown": 1000.5}
        assert client.post(f"/api/study/{person}/answer", json=said).status_code == 200
        assert client.post(f"/api/study/{person}/answer", json=said).status_code == 409
        trials += 1
    assert trials == trial.get("count", 5)
    assert study.results()[0].answers + study.results()[0].left_out > 0


def test_what_is_wrong_is_one_line(client: TestClient) -> None:
    assert client.get("/api/study/nobody/next").json()["error"] == "nobody of this name takes part"
    assert client.get("/api/study/picture/../../etc/passwd").status_code == 404
    assert client.get("/api/study/picture/nothing").status_code == 404
    assert client.post("/api/study", json={"protocol": "both"}).status_code == 422
    person = client.post("/api/study", json={"protocol": "unpaired"}).json()["person"]
    for bad in ({"number": 1, "answer": 2, "shown": 1}, {"number": 1, "answer": 1, "shown": -1}, {"number": 1}):
        assert client.post(f"/api/study/{person}/answer", json=bad).status_code == 422
    assert client.post("/api/study", json={}, headers={"Origin": "http://elsewhere"}).status_code == 403
    assert client.get("/", headers={"Host": "elsewhere"}).status_code == 403


def test_the_page_is_whole(client: TestClient) -> None:
    page = client.get("/")
    assert "study.js" in page.text
    for name in ("study.js", "study.css"):
        assert client.get(f"/static/{name}").status_code == 200
