"""IOPaint's interface, with the requests that its own page and tools written for it send."""

import asyncio
import base64
import io
import json

import pytest
from PIL import Image as PILImage

from fake_runner import png


def body(**fields):
    picture = base64.b64encode(png()).decode()
    return {"image": f"data:image/png;base64,{picture}", "mask": picture, **fields}


PAGE = {  # what IOPaint's page sends beside the pictures (web_app/src/lib/api.ts)
    "ldm_steps": 30, "ldm_sampler": "ddim", "zits_wireframe": True, "cv2_flag": "INPAINT_NS", "cv2_radius": 5,
    "hd_strategy": "Crop", "hd_strategy_crop_triger_size": 640, "hd_strategy_crop_margin": 128,
    "hd_trategy_resize_imit": 2048, "prompt": "", "negative_prompt": "", "use_croper": False, "croper_x": 0,
    "croper_y": 0, "croper_height": 512, "croper_width": 512, "use_extender": False, "extender_x": 0, "extender_y": 0,
    "extender_height": 512, "extender_width": 512, "sd_mask_blur": 12, "sd_strength": 1.0, "sd_steps": 50,
    "sd_guidance_scale": 7.5, "sd_sampler": "UniPC", "sd_seed": -1, "sd_match_histograms": False,
    "sd_lcm_lora": False, "paint_by_example_example_image": None, "p2p_image_guidance_scale": 1.5,
    "enable_controlnet": False, "controlnet_conditioning_scale": 0.4, "controlnet_method": "",
    "enable_brushnet": False, "brushnet_method": "", "brushnet_conditioning_scale": 1.0,
    "powerpaint_task": "text-guided",
}  # fmt: skip


def test_a_hole_is_filled_and_nothing_is_kept(client, runner):
    answer = client.post("/api/v1/inpaint", json=body(**PAGE))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    picture = PILImage.open(io.BytesIO(answer.content))
    assert (picture.format, picture.size, picture.getexif()[271]) == ("PNG", (6, 4), "a camera")
    ((files, _),) = runner.orders.values()
    assert files == {"image": png(), "mask": png()}
    assert runner.jobs == {}


def test_the_extender_makes_the_canvas_larger_and_all_new_pixels_hole(client, runner):
    box = {"use_extender": True, "extender_x": -2, "extender_y": 0, "extender_width": 9, "extender_height": 5}
    assert client.post("/api/v1/inpaint", json=body(**box)).status_code == 200
    ((files, _),) = runner.orders.values()
    picture, mask = (PILImage.open(io.BytesIO(files[name])) for name in ("image", "mask"))
    own = PILImage.open(io.BytesIO(png()))
    assert picture.size == mask.size == (9, 5)
    assert picture.crop((2, 0, 8, 4)).tobytes() == own.tobytes()
    outside = PILImage.new("L", (9, 5), 255)
    outside.paste(own.convert("L"), (2, 0))
    assert mask.tobytes() == outside.tobytes()


@pytest.mark.parametrize("box", [{}, {"extender_width": 2, "extender_height": 2}, {"extender_x": -9999}])
def test_an_extender_that_adds_nothing_or_too_much_is_refused(client, box):
    answer = client.post("/api/v1/inpaint", json=body(use_extender=True, **box))
    assert answer.status_code == 422
    assert "extender" in answer.json()["error"]


def test_the_seed_is_told(client, runner):
    told = [client.post("/api/v1/inpaint", json=body(**more)).headers["x-seed"] for more in ({"sd_seed": 7}, {}, PAGE)]
    seeds = [settings["seed"] for settings in runner.settings]
    assert told == [str(seed) for seed in seeds]
    assert seeds[:2] == [7, 42]
    assert 0 < seeds[2] < 10**8


@pytest.mark.parametrize(
    ("came", "status", "line"),
    [
        (body(sd_seed="x"), 422, "sd_seed: input should be a valid integer"),
        (body(sd_steps=[1]), 422, "sd_steps: input should be a valid integer"),
        ({"image": "aaaa"}, 422, "mask: field required"),
        (body(mask=None), 422, "mask: input should be a valid string"),
        (body(mask="%%"), 422, "mask is no base64"),
        (body(mask="data:image/png,abc"), 422, "mask is a data URL without base64"),
        (body(enable_brushnet=True), 422, "enable_brushnet is for diffusion models"),
        (body(paint_by_example_example_image="aaaa"), 422, "no Paint by Example"),
        ([1], 422, "the body: "),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(client, came, status, line):
    answer = client.post("/api/v1/inpaint", json=came)
    assert answer.status_code == status
    assert line in answer.json()["error"]
    assert answer.json()["errors"] == answer.json()["detail"] == answer.json()["error"]  # where its clients look


def test_text_that_is_no_json_is_refused(client):
    answer = client.post("/api/v1/inpaint", content=b"\xff{")
    assert answer.status_code == 422


def test_models_are_the_methods_and_can_be_changed(client, runner, tmp_path, monkeypatch):
    monkeypatch.setattr("selfmend.nn.owned_weights.weights_folders", lambda: [tmp_path])
    config = client.get("/api/v1/server-config").json()
    names = [model["name"] for model in config["modelInfos"]]
    assert names[0] == "auto"
    assert {"telea", "singan", "cv2"} < set(names)
    assert config["plugins"] == config["samplers"] == []
    assert client.get("/api/v1/model").json()["name"] == "auto"
    assert client.post("/api/v1/model", json={"name": "cv2"}).json()["name"] == "cv2"
    assert client.get("/api/v1/model").json()["model_type"] == "inpaint"
    client.post("/api/v1/inpaint", json=body(cv2_flag="INPAINT_TELEA", cv2_radius=6))
    assert runner.settings[-1] == {"method": "telea", "seed": 42, "format": "png", "options": {"radius": 6}}
    answer = client.post("/api/v1/model", json={"name": "lama"})
    assert answer.status_code == 422
    assert "unknown model 'lama'" in answer.json()["error"]
    (tmp_path / "lama.safetensors").touch()  # somebody brings them while the server runs
    assert "lama" in [model["name"] for model in client.get("/api/v1/server-config").json()["modelInfos"]]
    assert client.post("/api/v1/model", json={"name": "lama"}).json()["name"] == "lama"
    assert client.post("/api/v1/inpaint", json=body()).status_code == 200
    assert runner.settings[-1]["method"] == "lama"
    resize = {"hd_strategy": "Resize", "hd_strategy_resize_limit": 900, "hd_strategy_crop_margin": 0}
    client.post("/api/v1/inpaint", json=body(**resize))
    assert runner.settings[-1]["options"] == {"strategy": "resize", "limit": 900, "margin": 8}
    assert "did you mean 'crop'" in client.post("/api/v1/inpaint", json=body(hd_strategy="Croop")).json()["error"]


def test_other_calls_of_its_page(client):
    assert client.post("/api/v1/samplers").json() == client.get("/api/v1/samplers").json() == []
    answer = client.post("/api/v1/gen-info", files={"file": ("a.png", png())})
    assert answer.json() == {"prompt": "", "negative_prompt": ""}
    assert client.get("/api/v1/inputimage").status_code == 404
    answer = client.post("/api/v1/run_plugin_gen_mask", json={"name": "x", "image": "aaaa"})
    assert "no plugins" in answer.json()["error"]


@pytest.mark.parametrize(("operate", "holes"), [("expand", 21), ("shrink", 0), ("reverse", 91)])
def test_masks_grow_shrink_and_turn(client, operate, holes):
    mask = PILImage.new("L", (10, 10))
    mask.paste(255, (4, 4, 7, 7))
    target = io.BytesIO()
    mask.save(target, "PNG")
    came = {"mask": base64.b64encode(target.getvalue()).decode(), "operate": operate, "kernel_size": 1}
    came |= {"kernel_size": 2} if operate == "shrink" else {}
    answer = client.post("/api/v1/adjust_mask", json=came)
    shown = PILImage.open(io.BytesIO(answer.content))
    expected = {(255, 203, 0, 186): holes, (0, 0, 0, 0): 100 - holes}
    assert {colour: count for count, colour in shown.getcolors()} == {c: n for c, n in expected.items() if n}


def test_a_failed_job_is_one_line(client, runner):
    runner.finishes = False
    runner.fails = "the mask is empty"
    answer = client.post("/api/v1/inpaint", json=body())
    assert (answer.status_code, answer.json()["error"]) == (422, "the mask is empty")
    assert runner.jobs == {}


def test_a_client_that_goes_away_cancels_its_job(client, runner):
    runner.finishes = False
    content = json.dumps(body()).encode()
    scope = {
        "type": "http", "method": "POST", "path": "/api/v1/inpaint", "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")], "scheme": "http",
        "server": ("localhost", 80), "client": ("127.0.0.1", 5), "http_version": "1.1", "root_path": "",
    }  # fmt: skip

    async def talk():
        came = iter([{"type": "http.request", "body": content}])
        left = asyncio.Event()
        sent = []

        async def receive():
            for message in came:
                return message
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        asking = asyncio.create_task(client.app(scope, receive, send))
        while not any(runner.listeners.values()):
            await asyncio.sleep(0.01)
        assert len(runner.jobs) == 1
        left.set()
        await asking
        return sent

    asyncio.run(asyncio.wait_for(talk(), 10))
    assert runner.jobs == {}
    assert not any(runner.listeners.values())
