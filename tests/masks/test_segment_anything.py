"""A model of the Segment Anything family, of which the test writes a small one."""

import sys

import numpy as np
import pytest

import sam_files
from selfmend.errors import MissingExtraError, MissingWeightsError, OptionError, WeightsError
from selfmend.masks.segment_anything import SegmentAnything


@pytest.fixture
def needs_runtime():
    pytest.importorskip("onnxruntime", reason="onnxruntime, of the extra onnx, is not installed")


@pytest.fixture
def model(tmp_path, needs_runtime):
    return SegmentAnything(sam_files.encoder(tmp_path / "e.onnx"), sam_files.decoder(tmp_path / "d.onnx"))


@pytest.fixture
def photo():
    return np.full((40, 80, 3), 0.5, np.float32)


def test_points_come_at_the_encoders_scale_and_the_best_mask_at_the_pictures_size(model, photo) -> None:
    found = model.select(photo, points=[(31, 20)])  # 80 pixels are 64 of the encoder: 31 is at 24.8, above 24
    assert found.shape == (40, 80)
    assert found.all()
    assert not model.select(photo, points=[(29, 20)]).any()


def test_a_box_is_two_points_with_labels_of_their_own(model, photo) -> None:
    assert model.select(photo, box=(16, 5, 30, 30)).all()  # label 2, at 12.8
    assert not model.select(photo, box=(14, 5, 30, 30)).any()


def test_what_the_encoder_sees_is_normalised_and_padded(tmp_path, needs_runtime, photo) -> None:
    model = SegmentAnything(sam_files.encoder(tmp_path / "e.onnx"), sam_files.decoder(tmp_path / "d.onnx"))
    seen, scale = model._seen(photo)
    assert seen.shape == (1, 3, 64, 64)
    assert scale == pytest.approx(0.8)
    assert seen[0, 0, 0, 0] == pytest.approx((127.5 - 123.675) / 58.395, abs=1e-4)
    assert (seen[0, :, 32:] == 0).all()


def test_files_that_are_no_such_model_are_refused(tmp_path, needs_runtime) -> None:
    encoder, decoder = sam_files.encoder(tmp_path / "e.onnx"), sam_files.decoder(tmp_path / "d.onnx")
    with pytest.raises(WeightsError, match="no decoder"):
        SegmentAnything(encoder, encoder)
    with pytest.raises(WeightsError, match="inputs"):
        SegmentAnything(decoder, decoder)
    with pytest.raises(MissingWeightsError, match=r"none\.onnx"):
        SegmentAnything(tmp_path / "none.onnx", decoder)
    (tmp_path / "bad.onnx").write_bytes(b"not a model")
    with pytest.raises(WeightsError, match=r"bad\.onnx"):
        SegmentAnything(tmp_path / "bad.onnx", decoder)


def test_nothing_pointed_at_is_refused(model, photo) -> None:
    with pytest.raises(OptionError, match="box or points"):
        model.select(photo)


def test_without_onnxruntime_the_extra_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"selfmend\[onnx\]"):
        SegmentAnything(tmp_path / "e.onnx", tmp_path / "d.onnx")
