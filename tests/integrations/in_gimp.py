"""What test_gimp.py has GIMP do: it runs the plug-in and writes down what came of it."""

import json
import os
import traceback

from gi.repository import Gimp, Gio

FOLDER = os.environ["SELFMEND_TEST_FOLDER"]


def fill(image, layer, **settings):
    """What the plug-in says: "" or its line."""
    procedure = Gimp.get_pdb().lookup_procedure("python-fu-selfmend")
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", [layer])
    config.set_property("server", os.environ["SELFMEND_TEST_SERVER"])
    for name, value in {"method": "telea", **settings}.items():
        config.set_property(name, value)
    status = procedure.run(config).index(0)
    return "" if status == Gimp.PDBStatusType.SUCCESS else Gimp.get_pdb().get_last_error()


def write(image, name):
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(f"{FOLDER}/{name}.png"), None)


def names(image):
    return [layer.get_name() for layer in image.get_layers()]


def check():
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(f"{FOLDER}/photo.png"))
    layer = image.get_layers()[0]
    layer.set_name("photo")
    said = {"nothing selected": fill(image, layer)}
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 40, 20, 12, 10)
    before = list(Gimp.Selection.bounds(image))
    said["fill"] = fill(image, layer, grow=2, seed=5)
    said["selection stays"] = list(Gimp.Selection.bounds(image)) == before
    said["layers"], said["channels"] = names(image), len(image.get_channels())
    said["selected"] = [one.get_name() for one in image.get_selected_layers()]
    write(image, "filled")

    said["edits the mask"] = image.get_layers()[0].get_edit_mask()
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    said["group"] = fill(image, group)
    image.remove_layer(group)
    said["mask"] = fill(image, image.get_layers()[0].get_mask())
    said["layers of the mask"] = names(image)
    outside = layer.copy()
    outside.set_name("moved")
    image.insert_layer(outside, None, 0)
    outside.set_offsets(53, 0)
    said["outside"] = fill(image, outside)
    outside.set_offsets(30, -5)
    outside.set_opacity(10)
    outside.add_mask(outside.create_mask(Gimp.AddMaskType.BLACK))
    said["moved"] = fill(image, outside)
    mended = image.get_layers()[0]
    said["moved to"] = [*list(mended.get_offsets())[1:], mended.get_width(), mended.get_height()]
    for other in image.get_layers()[1:]:
        other.set_visible(False)
    mended.remove_mask(Gimp.MaskApplyMode.DISCARD)
    write(image, "moved")
    image.convert_grayscale()
    image.convert_precision(Gimp.Precision.FLOAT_LINEAR)
    said["grey float"] = fill(image, layer)
    image.delete()
    return said


try:
    found = check()
except Exception:
    found = {"traceback": traceback.format_exc()}
with open(f"{FOLDER}/said.json", "w") as file:
    json.dump(found, file)
