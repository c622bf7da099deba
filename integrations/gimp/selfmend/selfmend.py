#!/usr/bin/env python3
"""A GIMP 3 plug-in: what is selected is mended by a running `selfmend serve`, on a new layer."""

import os
import sys
import tempfile

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gegl, Gimp, Gio, GLib, GObject  # noqa: E402

from selfmend_client import (  # noqa: E402
    DEFAULT_ADDRESS,
    BackgroundFill,
    Client,
    ServerError,
    describe,
)

PROCEDURE = "python-fu-selfmend"
METHODS = {
    "auto": "The best for each part (auto)",
    "patchmatch": "Texture, quicker (patchmatch)",
    "telea": "Thin scratches, at once (telea)",
    "navier-stokes": "Thin scratches, at once (navier-stokes)",
    "biharmonic": "Smooth (biharmonic)",
    "singan": "Learn from the picture, slow (singan)",
}
# With the colour profile: without it, the result's colours would be converted when it comes back.
EXPORT = {"include-color-profile": True, "include-thumbnail": False, "save-transparent": True, "compression": 3}
LOOK = 0.1  # seconds between two looks at the work


class NothingToDoError(Exception):
    """What was asked for cannot be done; the message is one line for a person."""


class SelfmendPlugIn(Gimp.PlugIn):
    """The plug-in as GIMP knows it."""

    def do_set_i18n(self, _name):
        return False

    def do_query_procedures(self):
        return [PROCEDURE]

    def do_create_procedure(self, name):
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("RGB*, GRAY*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        procedure.set_menu_label("_Mend Selection with Selfmend...")
        procedure.add_menu_path("<Image>/Filters/Enhance")
        about = "Fill what is selected from the rest of the layer"
        procedure.set_documentation(about, f"{about}: a running 'selfmend serve' does it, on a new layer.", name)
        procedure.set_attribution("The Selfmend authors", "The Selfmend authors", "2026")
        both = GObject.ParamFlags.READWRITE
        methods = Gimp.Choice.new()
        for number, (method, label) in enumerate(METHODS.items()):
            methods.add(method, number, label, "")
        procedure.add_choice_argument("method", "_Method", "How the hole is filled", methods, "auto", both)
        procedure.add_int_argument("grow", "_Grow selection (px)", "Pixels added around it", 0, 100, 0, both)
        procedure.add_int_argument("seed", "S_eed", "Another number gives another fill", 0, 2**31 - 1, 0, both)
        procedure.add_string_argument("server", "Ser_ver", "Address of 'selfmend serve'", DEFAULT_ADDRESS, both)
        hint = "The server's --token, if it has one; empty: the variable SELFMEND_TOKEN"
        procedure.add_string_argument("token", "_Token", hint, "", both)
        return procedure


def run(procedure, run_mode, image, drawables, config, _data):
    """The dialog, where there is one, the work, and what GIMP is told of it."""
    interactive = run_mode == Gimp.RunMode.INTERACTIVE
    status, error = Gimp.PDBStatusType.SUCCESS, GLib.Error()
    try:
        layer = the_layer(image, drawables)
        if (interactive and not asked(procedure, config)) or not mend(image, layer, config, interactive=interactive):
            status = Gimp.PDBStatusType.CANCEL
    except (NothingToDoError, ServerError, OSError) as wrong:
        status, error = Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(str(wrong))
    return procedure.new_return_values(status, error)


def the_layer(image, drawables):
    """The one selected layer, if there is something to do for it."""
    layer = drawables[0] if len(drawables) == 1 else None
    if isinstance(layer, Gimp.LayerMask):
        layer = Gimp.Layer.from_mask(layer)
    if not isinstance(layer, Gimp.Layer) or layer.is_group():
        raise NothingToDoError("select one layer that is no group")
    if Gimp.Selection.is_empty(image):
        raise NothingToDoError("nothing is selected; select what is to be filled")
    return layer


def asked(procedure, config):
    """Whether the user said OK in the dialog."""
    gi.require_version("GimpUi", "3.0")
    from gi.repository import GimpUi

    GimpUi.init(PROCEDURE)
    dialog = GimpUi.ProcedureDialog.new(procedure, config, "Mend Selection with Selfmend")
    dialog.fill(None)
    answer = dialog.run()
    dialog.destroy()
    return answer


def mend(image, layer, config, *, interactive):
    """Have the selection filled and lay the result above the layer; False where the user cancelled."""
    client = Client(config.get_property("server"), token=config.get_property("token") or os.getenv("SELFMEND_TOKEN"))
    grow = config.get_property("grow")
    with tempfile.TemporaryDirectory(prefix="selfmend-") as folder:
        fill = BackgroundFill(
            client,
            exported(picture_of(image, layer), folder),
            exported(hole_of(image, layer, grow), folder),
            method=config.get_property("method"),
            seed=config.get_property("seed"),
        )
        fill.start()
        (watch_in_window if interactive else watch)(fill)
        if fill.error is not None:
            raise fill.error if isinstance(fill.error, ServerError) else NothingToDoError(repr(fill.error))
        if fill.result is None:
            return False
        for warning in fill.job.get("warnings") or ():
            Gimp.message(warning)
        path = os.path.join(folder, "result.png")
        with open(path, "wb") as file:
            file.write(fill.result)
        lay_above(image, layer, Gio.File.new_for_path(path), grow)
    return True


def picture_of(image, layer):
    """The layer alone as an image of its own: same depth and colours, without mask, mode and opacity."""
    picture = Gimp.Image.new_with_precision(
        layer.get_width(), layer.get_height(), image.get_base_type(), image.get_precision()
    )
    if image.get_color_profile() is not None:  # before the layer comes in, which would be converted
        picture.set_color_profile(image.get_color_profile())
    copy = Gimp.Layer.new_from_drawable(layer, picture)
    picture.insert_layer(copy, None, 0)
    if copy.get_mask() is not None:
        copy.remove_mask(Gimp.MaskApplyMode.DISCARD)
    copy.set_offsets(0, 0)
    copy.set_mode(Gimp.LayerMode.NORMAL)
    copy.set_opacity(100)
    copy.set_visible(True)
    return picture


def hole_of(image, layer, grow):
    """The selection within the layer's bounds, white on black, as an image of its own."""
    _, x, y = layer.get_offsets()
    copy = image.duplicate()
    harden(copy, grow)
    copy.resize(layer.get_width(), layer.get_height(), -x, -y)
    if not Gimp.Selection.bounds(copy).non_empty:
        copy.delete()
        raise NothingToDoError("the selection lies outside the selected layer")
    for other in copy.get_layers():
        copy.remove_layer(other)
    opaque = Gimp.ImageType.GRAY_IMAGE if copy.get_base_type() == Gimp.ImageBaseType.GRAY else Gimp.ImageType.RGB_IMAGE
    hole = Gimp.Layer.new(copy, "hole", copy.get_width(), copy.get_height(), opaque, 100, Gimp.LayerMode.NORMAL)
    copy.insert_layer(hole, None, 0)
    Gimp.context_push()
    Gimp.context_set_foreground(Gegl.Color.new("black"))
    hole.fill(Gimp.FillType.FOREGROUND)
    Gimp.context_pop()
    hole.edit_fill(Gimp.FillType.WHITE)
    return copy


def harden(image, grow):
    """Give the selection a hard edge, as a hole has, and let it grow by some pixels."""
    Gimp.Selection.sharpen(image)
    if grow:
        Gimp.Selection.grow(image, grow)


def exported(image, folder):
    """The image as the bytes of a PNG; the image is deleted."""
    path = os.path.join(folder, "exported.png")
    export = Gimp.get_pdb().lookup_procedure("file-png-export")
    settings = export.create_config()
    settings.set_property("image", image)
    settings.set_property("file", Gio.File.new_for_path(path))
    for name, value in EXPORT.items():
        settings.set_property(name, value)
    try:
        if export.run(settings).index(0) != Gimp.PDBStatusType.SUCCESS:
            raise NothingToDoError("GIMP could not write a PNG file into its temporary folder")
        with open(path, "rb") as file:
            return file.read()
    finally:
        image.delete()


def watch(fill):
    """Show the progress where GIMP shows it, until the work is over."""
    Gimp.progress_init("Selfmend")
    while fill.is_alive():
        fill.join(LOOK)
        Gimp.progress_update(fill.job.get("done") or 0)
    Gimp.progress_end()


def watch_in_window(fill):
    """A window with a bar and Cancel, until the work is over.

    GIMP's own bar has a Cancel that kills the plug-in: the server would never hear of it and work on.
    """
    gi.require_version("Gtk", "3.0")
    from gi.repository import Gtk

    window = Gtk.Dialog(title="Selfmend", resizable=False)
    window.add_button("_Cancel", Gtk.ResponseType.CANCEL)
    bar = Gtk.ProgressBar(show_text=True, text="waits", margin=18, width_request=320)
    window.get_content_area().add(bar)

    def look():
        if not fill.is_alive():
            window.response(Gtk.ResponseType.OK)
            return False
        bar.set_text(describe(fill.job) if fill.job else "waits")
        bar.set_fraction(fill.job.get("done") or 0)
        return True

    GLib.timeout_add(int(1000 * LOOK), look)
    window.show_all()
    if window.run() != Gtk.ResponseType.OK:  # Cancel, Escape or the window closed
        fill.stop()
        window.hide()
        fill.join()  # it hears of it within a second
    window.destroy()


def lay_above(image, layer, file, grow):
    """The mended picture as a layer above, masked to the hole: one step to undo, the selection as it was."""
    image.undo_group_start()
    try:
        mended = Gimp.file_load_layer(Gimp.RunMode.NONINTERACTIVE, image, file)
        image.insert_layer(mended, layer.get_parent(), image.get_item_position(layer))
        _, x, y = layer.get_offsets()
        mended.set_offsets(x, y)
        mended.set_name(f"{layer.get_name()} mended")
        before = Gimp.Selection.save(image)
        harden(image, grow)
        mended.add_mask(mended.create_mask(Gimp.AddMaskType.SELECTION))
        mended.set_edit_mask(False)  # else the next brush stroke would paint on the mask
        image.select_item(Gimp.ChannelOps.REPLACE, before)
        image.remove_channel(before)
        image.set_selected_layers([mended])
    finally:
        image.undo_group_end()
    Gimp.displays_flush()


Gimp.main(SelfmendPlugIn.__gtype__, sys.argv)
