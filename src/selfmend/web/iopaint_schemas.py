"""What IOPaint's clients send and expect, as types."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
_UNUSED: dict[Any, str] = {  # settings of models that are not here: accepted if they are of their type
    int: "ldm_steps hd_strategy_crop_trigger_size hd_strategy_crop_margin hd_strategy_resize_limit croper_x croper_y "
    "croper_height croper_width extender_x extender_y extender_height extender_width sd_mask_blur sd_steps",
    float: "sd_scale sd_strength sd_guidance_scale p2p_image_guidance_scale controlnet_conditioning_scale "
    "brushnet_conditioning_scale fitting_degree sd_outpainting_softness sd_outpainting_space",
    bool: "zits_wireframe use_croper sd_match_histograms sd_lcm_lora sd_keep_unmasked_area",
    str: "ldm_sampler hd_strategy prompt negative_prompt sd_sampler controlnet_method brushnet_method powerpaint_task",
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
    use_extender: bool = Field(False, description=_DIFFUSION)
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

    model_config = ConfigDict(protected_namespaces=())
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
