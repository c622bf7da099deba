"""A ComfyUI node that has a running `selfmend serve` fill the masked part of images."""

from .node import SelfmendInpaint

NODE_CLASS_MAPPINGS = {"SelfmendInpaint": SelfmendInpaint}
NODE_DISPLAY_NAME_MAPPINGS = {"SelfmendInpaint": "Mend with Selfmend"}
__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
