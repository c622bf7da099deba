"""SqueezeNet's features: official keys, the numbers of another implementation, and the smallest picture."""

import importlib.util

import numpy as np
import pytest
import torch

import lpips_files
from golden import assert_golden, outside
from selfmend.nn.perceptual import SQUEEZENET_CHANNELS, SQUEEZENET_LEAST_SIZE, SqueezeNetFeatures


def test_keys_are_official() -> None:
    ours = {key: tuple(value.shape) for key, value in SqueezeNetFeatures().state_dict().items()}
    assert ours == {k: s for k, s in lpips_files.backbone_shapes("squeeze").items() if k.startswith("features")}


def test_features_are_those_of_another_implementation_with_imagenet_weights() -> None:
    spec = importlib.util.spec_from_file_location("scorer_outside", outside("tools/score.py"))
    assert spec is not None
    assert spec.loader is not None
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    caffe = scorer.SqueezeNet()
    places = {2: 3, 3: 4, 4: 6, 5: 7, 6: 9, 7: 10, 8: 11, 9: 12}  # Caffe's fire modules among torchvision's layers
    names = {"features.0": "conv1"}
    for fire, place in places.items():
        for part in ("squeeze", "expand1x1", "expand3x3"):
            names[f"features.{place}.{part}"] = f"fire{fire}/{part}{'1x1' if part == 'squeeze' else ''}"
    net = SqueezeNetFeatures()
    net.load_state_dict(
        {
            f"{ours}.{kind}": caffe.weights[f"{theirs}/{kind}"]
            for ours, theirs in names.items()
            for kind in ("weight", "bias")
        }
    )
    image = torch.from_numpy(np.random.default_rng(0).random((1, 3, 75, 90), np.float32))
    x = image.flip(1) * 255 - torch.tensor([104.0, 117.0, 123.0]).view(1, 3, 1, 1)  # Caffe's own: BGR, less the mean
    with torch.inference_mode():
        found = net(x)
    theirs = caffe.features(image)
    assert [f.shape[1] for f in found] == list(SQUEEZENET_CHANNELS)
    for name, place in {"conv1": 0, "fire3": 1, "fire5": 2, "fire9": 6}.items():
        assert_golden(found[place], theirs[name], 1e-5)


def test_the_smallest_picture() -> None:
    assert SqueezeNetFeatures()(torch.zeros(1, 3, SQUEEZENET_LEAST_SIZE, 40))[-1].shape[2] == 1
    with pytest.raises(RuntimeError):
        SqueezeNetFeatures()(torch.zeros(1, 3, SQUEEZENET_LEAST_SIZE - 1, 40))
