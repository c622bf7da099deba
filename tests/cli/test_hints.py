"""One line that says what was meant, where a command is given what another one takes."""

import os

import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("inpaint photo.png mask.png", "inpaint takes one picture; the mask has a name: --mask mask.png"),
        ("inpaint clip.mp4 --mask mask.png", "clip.mp4 is a film; to fill its subtitles: selfmend video clip.mp4"),
        ("inpaint photos", "photos is a folder; for all pictures in it: selfmend batch photos"),
        ("sample photos", "photos is a folder of pictures and no run; sample takes one picture, or a RUN of"),
        ("retarget photos --size 3x3", "photos is a folder of pictures and no run; retarget takes one picture"),
        ("super-resolve photos -f 2", "photos is a folder; super-resolve takes one picture"),
        ("batch photo.png", "photo.png is a picture; to fill it: selfmend inpaint photo.png --mask MASK"),
        ("paint photos mask.png", "photos is a folder of pictures and no run; paint takes one picture"),
        ("repair photo.png", "no command 'repair'; did you mean: selfmend inpaint"),
    ],
)
def test_what_was_meant(refused, folder, words, message):
    os.mkdir("photos")
    os.link("photo.png", "photos/photo.png")
    (folder / "clip.mp4").touch()
    assert refused(*words.split()).startswith(message)
