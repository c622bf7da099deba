"""IOPaint's HTTP interface, so that tools written for it go on working (Sanster/IOPaint, iopaint/api.py, 1.6)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import secrets
import threading
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from starlette.concurrency import run_in_threadpool

from selfmend.api.expanding import added
from selfmend.errors import OptionError, check_known
from selfmend.jobs.job import Job, UnknownJob
from selfmend.jobs.runner import Runner
from selfmend.methods.registry import method_info
from selfmend.server.catalogue import catalogue
from selfmend.server.errors import ENDS, RequestError
from selfmend.server.schemas import answers
from selfmend.server.state import State, submitted

_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
_UNUSED: dict[Any, str] = {  # settings of models that are not here: accepted if they are of their type
    int: "ldm_steps hd_strategy_crop_trigger_size croper_x croper_y "
    "croper_height croper_width extender_x extender_y extender_height extender_width sd_mask_blur sd_steps",
    float: "sd_scale sd_strength sd_guidance_scale p2p_image_guidance_scale controlnet_conditioning_scale "
    "brushnet_conditioning_scale fitting_degree sd_outpainting_softness sd_outpainting_space",
    bool: "zits_wireframe use_croper sd_match_histograms sd_lcm_lora sd_keep_unmasked_area",
    str: "ldm_sampler prompt negative_prompt sd_sampler controlnet_method brushnet_method powerpaint_task",
}
_CODED: dict[str, Any] = {"format": "byte"}
_DIFFUSION = "only diffusion models do this, and there are none here"


class _Used(BaseModel):
    """A picture and its hole."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"example": {"image": f"data:image/png;base64,{_PIXEL}", "mask": _PIXEL, "sd_seed": -1}},
    )
    image: str = Field(description="base64 or a data URL of a picture file", json_schema_extra=_CODED)
    mask: str = Field(description="the same, white where the hole is", json_schema_extra=_CODED)
    sd_seed: int = Field(42, description="-1: drawn anew; the header X-Seed tells it")
    cv2_flag: str = Field("INPAINT_NS", description="of the model cv2: INPAINT_NS or INPAINT_TELEA")
    cv2_radius: int = Field(4, ge=1, le=100, description="of the model cv2, in pixels")
    hd_strategy: str | None = Field(None, description="of networks with weights of their own: Crop, Resize, Original")
    hd_strategy_crop_margin: int | None = Field(None, description="of these: surroundings of a hole, in pixels")
    hd_strategy_resize_limit: int | None = Field(None, description="of Resize: the longest side, in pixels")
    use_extender: bool = Field(False, description="the picture grows to the extender's box, and what is new is filled")
    enable_controlnet: bool = Field(False, description=_DIFFUSION)
    enable_brushnet: bool = Field(False, description=_DIFFUSION)
    enable_powerpaint_v2: bool = Field(False, description=_DIFFUSION)
    paint_by_example_example_image: str | None = Field(None, description=_DIFFUSION)


_more: dict[str, Any] = {
    name: (kind | None, Field(None, description="accepted, without influence"))
    for kind, names in _UNUSED.items()
    for name in names.split()
}
InpaintRequest: Any = create_model("InpaintRequest", __base__=_Used, __doc__=_Used.__doc__, **_more)


class ModelInfo(BaseModel):
    """A model as IOPaint describes one: what only fills holes can do nothing more."""

    model_config = ConfigDict(
        protected_namespaces=(), json_schema_extra={"example": {"name": "telea", "path": "telea"}}
    )
    name: str
    path: str
    model_type: str = "inpaint"
    is_single_file_diffusers: bool = False
    need_prompt: bool = False
    controlnets: list[str] = []
    brushnets: list[str] = []
    support_strength: bool = False
    support_outpainting: bool = False
    support_lcm_lora: bool = False
    support_controlnet: bool = False
    support_brushnet: bool = False
    support_powerpaint_v2: bool = False


class ServerConfig(BaseModel):
    """What IOPaint's page asks for when it starts."""

    plugins: list[str] = []
    modelInfos: list[ModelInfo]  # noqa: N815
    removeBGModel: str = ""  # noqa: N815
    removeBGModels: list[str] = []  # noqa: N815
    realesrganModel: str = ""  # noqa: N815
    realesrganModels: list[str] = []  # noqa: N815
    interactiveSegModel: str = ""  # noqa: N815
    interactiveSegModels: list[str] = []  # noqa: N815
    enableFileManager: bool = False  # noqa: N815
    enableAutoSaving: bool = False  # noqa: N815
    enableControlnet: bool = False  # noqa: N815
    controlnetMethod: str | None = None  # noqa: N815
    disableModelSwitch: bool = False  # noqa: N815
    isDesktop: bool = False  # noqa: N815
    samplers: list[str] = []


class SwitchModel(BaseModel):
    """The model that is to fill from now on."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "telea"}})
    name: str = Field(max_length=200)


class AdjustMask(BaseModel):
    """A mask that is to become larger, smaller or its opposite."""

    model_config = ConfigDict(json_schema_extra={"example": {"mask": _PIXEL, "operate": "expand", "kernel_size": 5}})
    mask: str = Field(
        description="base64 or a data URL of a picture file, white where the hole is", json_schema_extra=_CODED
    )
    operate: str = Field(description="expand, shrink or reverse", pattern="^(expand|shrink|reverse)$")
    kernel_size: int = Field(5, ge=0, le=500, description="pixels to each side")


class GenerationInfo(BaseModel):
    """The prompt in a picture's metadata; no method here has one."""

    prompt: str = ""
    negative_prompt: str = ""


CV2 = "cv2"  # IOPaint's name for OpenCV's two methods
_CV2_METHODS = {"INPAINT_NS": "navier-stokes", "INPAINT_TELEA": "telea"}
_HD_STRATEGIES = ("crop", "resize", "original", "detail")  # the last is ours
_AT_ONCE = threading.Lock()  # a large mask takes much memory
_ABSENT = ("enable_controlnet", "enable_brushnet", "enable_powerpaint_v2")
_PNG: dict[str, Any] = {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
_SEED_HEADER = {"headers": {"X-Seed": {"description": "seed of the fill", "schema": {"type": "integer"}}}}


def iopaint_routes(state: State) -> APIRouter:
    """The routes under /api/v1."""
    routes = APIRouter(prefix="/api/v1", tags=["IOPaint"])
    schema = InpaintRequest.model_json_schema()
    body = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}

    @routes.post(
        "/inpaint",
        response_class=Response,
        responses=answers(409, 413, 415, 422, 429, 503, 507)
        | {200: {**_PNG, **_SEED_HEADER, "description": "the picture"}},
        openapi_extra=body,
    )
    async def inpaint(request: Request) -> Response:
        """Fill a hole and wait for the picture; a client that goes away cancels the work."""
        job = await _ordered(request, state)
        try:
            job = await _finished(request, state, job)
            path = await run_in_threadpool(state.runner.result_path, job.id, 0)
            data = await run_in_threadpool(path.read_bytes)
        finally:
            await asyncio.shield(run_in_threadpool(_forget, state.runner, job.id))
        return Response(data, media_type="image/png", headers={"X-Seed": str(job.settings.get("seed"))})

    @routes.get("/model", responses=answers())
    async def model() -> ModelInfo:
        """What fills for clients that say no more."""
        return _info(state.iopaint_model)

    @routes.post("/model", responses=answers(413, 422, 503))
    async def switch_model(came: SwitchModel) -> ModelInfo:
        """Let another method fill, for all clients of this interface."""
        check_known("model", came.name, await run_in_threadpool(_model_names))
        state.iopaint_model = came.name
        return _info(came.name)

    @routes.get("/server-config", responses=answers())
    async def server_config() -> ServerConfig:
        """What IOPaint's page asks for when it starts."""
        names = await run_in_threadpool(_model_names)
        return ServerConfig(modelInfos=[_info(name) for name in names])

    @routes.post(
        "/adjust_mask",
        response_class=Response,
        responses=answers(413, 415, 422, 503) | {200: {**_PNG, "description": "mask"}},
    )
    async def adjust_mask(came: AdjustMask) -> Response:
        """Grow, shrink or invert a mask; it comes back in the colour of IOPaint's brush."""
        data = await run_in_threadpool(_adjusted, came, state)
        return Response(data, media_type="image/png")

    _add_small(routes)
    return routes


def _add_small(routes: APIRouter) -> None:
    """What IOPaint's page asks for and nothing here needs."""

    @routes.get("/samplers", responses=answers())
    @routes.post("/samplers", responses=answers(413, 503), operation_id="post_samplers")
    async def samplers() -> list[str]:
        """Samplers of diffusion models: none."""
        return []

    @routes.post("/gen-info", include_in_schema=False)
    async def generation_info(request: Request) -> GenerationInfo:
        async for _ in request.stream():  # the picture, which is not looked at
            pass
        return GenerationInfo()

    @routes.post("/run_plugin_gen_mask", include_in_schema=False)
    @routes.post("/run_plugin_gen_image", include_in_schema=False)
    @routes.post("/switch_plugin_model", include_in_schema=False)
    async def plugin() -> None:
        raise RequestError(422, "there are no plugins here: no upscaling, no face restoration, no background removal")

    @routes.post("/save_image", include_in_schema=False)
    async def save_image() -> None:
        raise RequestError(422, "this server saves no pictures into a folder; keep the one in the answer")

    @routes.get("/inputimage", include_in_schema=False)
    async def input_image() -> None:
        raise RequestError(404, "the server was not started with a picture")


def _model_names() -> list[str]:
    described = catalogue()
    names = [method["name"] for method in described["methods"] if method["fills"]]
    return [described["default"], *(name for name in names if name != described["default"]), CV2]


def _info(name: str) -> ModelInfo:
    return ModelInfo(name=name, path=name)


def _read_request(body: bytes, state: State) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The files and settings of a job, from the JSON that IOPaint's clients send."""
    try:
        came = InpaintRequest.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
    for name in _ABSENT:
        if getattr(came, name):
            raise RequestError(422, f"{name} is for diffusion models, and there are none here; leave it out")
    if came.paint_by_example_example_image:
        raise RequestError(422, "there is no Paint by Example here; leave paint_by_example_example_image out")
    files = {name: decode_base64(getattr(came, name), name) for name in ("image", "mask")}
    if came.use_extender:
        files = _extended(files, came)
    seed = 1 + secrets.randbelow(99_999_999) if came.sd_seed == -1 else came.sd_seed
    settings = {"method": state.iopaint_model, "seed": seed, "format": "png"}
    if state.iopaint_model == CV2:
        check_known("cv2_flag", came.cv2_flag, _CV2_METHODS)
        settings |= {"method": _CV2_METHODS[came.cv2_flag], "options": {"radius": came.cv2_radius}}
    elif method_info(state.iopaint_model).weights:
        settings["options"] = _strategy(came)
    return files, settings


def _strategy(came: Any) -> dict[str, Any]:
    """How a network is shown a large picture, as far as the client says so."""
    if not came.hd_strategy:
        return {}
    options: dict[str, Any] = {"strategy": check_known("hd_strategy", came.hd_strategy.lower(), _HD_STRATEGIES)}
    if came.hd_strategy_crop_margin is not None:
        options["margin"] = min(4096, max(8, came.hd_strategy_crop_margin))
    if came.hd_strategy_resize_limit is not None and options["strategy"] == "resize":
        options["limit"] = min(4096, max(64, came.hd_strategy_resize_limit))
    return options


def _extended(files: dict[str, bytes], came: Any) -> dict[str, bytes]:
    """The picture in the extender's box, which may reach out of it, and the mask with all that is new.

    Raises:
        RequestError: a box that is not larger than the picture, or so large that there is nothing to go by.
    """
    import io

    from PIL import Image as PILImage

    with _AT_ONCE:
        try:
            picture: PILImage.Image = PILImage.open(io.BytesIO(files["image"]))
            mask = PILImage.open(io.BytesIO(files["mask"])).convert("L")
            picture.load()
        except (OSError, SyntaxError, PILImage.DecompressionBombError) as error:
            raise RequestError(422, f"the picture or the mask cannot be read: {error}") from error
        left, top = max(0, -(came.extender_x or 0)), max(0, -(came.extender_y or 0))
        right = max(0, (came.extender_x or 0) + (came.extender_width or 0) - picture.width)
        bottom = max(0, (came.extender_y or 0) + (came.extender_height or 0) - picture.height)
        try:
            added(picture.size[::-1], (top, bottom, left, right), None)
        except OptionError as error:
            raise RequestError(422, f"the extender: {error}") from error
        size = picture.width + left + right, picture.height + top + bottom
        if picture.mode in ("P", "1", "LA", "PA"):
            picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        canvas, hole = PILImage.new(picture.mode, size), PILImage.new("L", size, 255)
        canvas.paste(picture, (left, top))
        hole.paste(mask.resize(picture.size) if mask.size != picture.size else mask, (left, top))
        held = [io.BytesIO(), io.BytesIO()]
        canvas.save(held[0], "PNG")
        hole.save(held[1], "PNG")
    return files | {"image": held[0].getvalue(), "mask": held[1].getvalue()}


def decode_base64(text: str, field: str) -> bytes:
    """The bytes of base64 or of a data URL.

    Raises:
        RequestError: it is neither.
    """
    if text.startswith("data:"):
        kind, comma, text = text.partition(",")
        if not comma or not kind.endswith(";base64"):
            raise RequestError(422, f"{field} is a data URL without base64; data:image/png;base64,... fits")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(
            422, f"{field} is no base64 ({error}); base64 or a data URL of a picture file fits"
        ) from error


async def _ordered(request: Request, state: State) -> Job:
    """The job of a request, of whose body nothing is held any more when this returns: many may wait for a long time."""
    body = b"".join([piece async for piece in request.stream()])
    files, settings = await run_in_threadpool(_read_request, body, state)
    return await submitted(state.runner, "fill", files, settings)


async def _finished(request: Request, state: State, job: Job) -> Job:
    """Wait for the end of a job.

    Raises:
        RequestError: it failed or was cancelled, the client has gone, or the server ends.
    """
    waiting = asyncio.create_task(_last(state, job))
    leaving = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            raise RequestError(499, "the client has gone")
        job = waiting.result()
    finally:
        waiting.cancel()
        leaving.cancel()
        await asyncio.gather(waiting, leaving, return_exceptions=True)
    if job.state == "failed":
        raise RequestError(422, job.error or "the work failed")
    if job.state == "cancelled":
        raise RequestError(409, "the job was cancelled")
    if job.state != "done":
        raise RequestError(503, ENDS)
    return job


async def _last(state: State, job: Job) -> Job:
    async for changed in state.streams.changes(state.runner, job.id):
        job = changed
    return job


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _forget(runner: Runner, job_id: str) -> None:
    """End a job, if it still runs, and keep nothing of it: its client has the picture, or has gone."""
    with contextlib.suppress(UnknownJob):
        runner.remove(job_id)


def _adjusted(came: AdjustMask, state: State) -> bytes:
    import io

    import numpy as np
    from PIL import Image as PILImage

    from selfmend.jobs.request import check_inputs
    from selfmend.masks.reading import drawn_mask, grow_mask

    data = decode_base64(came.mask, "mask")
    check_inputs({"mask": data}, {}, state.limits)
    with _AT_ONCE:
        mask = drawn_mask(PILImage.open(io.BytesIO(data)))
        if came.operate == "reverse":
            mask = ~mask
        elif came.operate == "expand":
            mask = grow_mask(mask, came.kernel_size)
        else:
            mask = ~grow_mask(~mask, came.kernel_size)
        hole = mask
        shown = np.zeros((*hole.shape, 4), np.uint8)
        shown[hole] = (255, 203, 0, 186)  # the colour of the brush in IOPaint's page
        target = io.BytesIO()
        PILImage.fromarray(shown).save(target, "PNG")
    return target.getvalue()
