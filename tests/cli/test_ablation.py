"""`selfmend ablation`: the two forms of its option, what it prints, and mistakes."""

import json

import pytest

import lpips_files
from folder_of_pictures import draw_folder

SMALL = ("--held-back", "2", "--seeds", "1", "--preset", "tiny", "--masks", "center", "--workers", "0")


@pytest.fixture
def faces(folder, folder_learner):
    draw_folder(folder / "other", count=1)
    return draw_folder(folder / "faces")


def test_eta_is_short_for_an_option_of_dmfn(run, folder, faces) -> None:
    done = run("ablation", "dmfn", "--data", "faces", "-o", "out", "--eta", "0, 5", *SMALL)
    assert done.code == 0
    said = "warning: LPIPS is left out: LPIPS on alex looks at pictures of at least 31 px, and size is 16"
    assert done.err.splitlines()[0] == said  # a slow machine also shows its progress
    lines = done.out.splitlines()
    assert [lines[0], lines[4]] == ["the hole:", "whole pictures:"]
    assert lines[1].split() == lines[5].split() == ["matching", "psnr", "ssim", "mae"]
    assert [line.split()[0] for line in lines[2:4]] == ["0", "5"]
    assert sorted(line.split()[6] == "best" for line in lines[2:4]) == [False, True]
    assert lines[-1].startswith("out/table.md  (worse: than the best, by more than chance")
    told = json.loads(run("ablation", "dmfn", "--data", "faces", "-o", "out", "--vary", "matching=0,5", *SMALL,
                          "--json").out)  # fmt: skip
    assert told["output"] == "out"
    assert [c["metric"] for c in told["comparisons"]][3:] == ["psnr-hole", "ssim-hole", "mae-hole"]
    shown = [line.split()[1] for line in lines[2:4]]
    assert shown == [f"{row['mean']['mean']:.2f}" for row in told["comparisons"][3]["rows"]]


def test_any_option_of_any_method_that_learns_from_folders(run, folder, faces, monkeypatch) -> None:
    lpips_files.publish(folder, "squeeze", monkeypatch)
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(folder))
    varied = ("--vary", "learning-rate=0.01,1e-3", "--set", "steps=2", "--set", "size=32", "--lpips", "squeeze")
    assert run("ablation", "folder-learner", "--data", "faces", "-o", "out", *varied, *SMALL, "-q").out == ""
    assert {path.name for path in (folder / "out" / "runs").iterdir()} == {"0.01-0", "0.001-0"}
    told = json.loads((folder / "out" / "scores.json").read_text())
    assert told["lpips"] == "squeeze"
    assert {"lpips-squeeze", "lpips-squeeze-hole"} < {c["metric"] for c in told["comparisons"]}
    assert "LPIPS was left out" not in (folder / "out" / "table.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("dmfn --eta 0,5 --vary l1=0,1", "give either --vary NAME=V1,V2,... or, for dmfn, --eta V1,V2,..."),
        ("dmfn", "give either --vary NAME=V1,V2,... or, for dmfn, --eta"),
        ("folder-learner --eta 0,5", "--eta is an option of dmfn alone; for folder-learner, use --vary NAME=V1,V2,..."),
        ("dmfn --vary matching", "--vary 'matching' is not NAME=V1,V2,...; for example --vary matching=0,5"),
        ("dmfn --vary matchng=0,5", "unknown option of dmfn 'matchng'; did you mean 'matching'?"),
        ("dmfn --vary size=16,32", "option size changes the pictures or holes that are compared; vary another one"),
        ("dmfn --eta 0,five", "option matching is 'five'; a value of type float fits"),
        ("dmfn --eta 0,-1", "option matching is -1.0; at least 0 fits"),
        ("dmfn --eta 5", "values of matching are 5; two or more different ones fit"),
        ("dmfn --eta ,", "values of matching are none; two or more different ones fit"),
        ("dmfn --eta 5,5.0", "values of matching are 5, 5; two or more different ones fit"),
        ("dmfn --eta 0,5 --set matching=2", "option matching is both varied and set; leave one of them out"),
        ("dmfn --vary perceptual=none,vgg19", "weights vgg19-dcbb9e9d.pth are missing: "),
        ("dmfn --eta 0,5 --seeds 0", "seeds is 0; at least 1 fits, and 3 or more say something"),
        ("dmfn --eta 0,5 --held-back 1", "1 picture(s) are held back; at least 2 fit: one has no interval, and 10"),
        ("dmfn --eta 0,5 --held-back 6", "faces holds 6 pictures; of these, 1 to 5 can be held back"),
        ("dmfn --eta 0,5 --val other", "1 picture(s) are held back; at least 2 fit"),
        ("dmfn --eta 0,5 --val other --held-back 2", "pictures are held back by number or given as a folder of their"),
        ("dmfn --eta 0,5 --val faces", "faces and faces hold the same pictures; pictures that are not learned fit"),
        ("dmfn --eta 0,5 --val .", ". and faces hold the same pictures; pictures that are not learned fit"),
        ("dmfn --eta 0,5 --masks stars", "masks is 'stars', which is no folder and no known kind of hole"),
        ("dmfn --eta 0,5 --lpips vgg", "unknown backbone of LPIPS 'vgg'; "),
        ("dmfn --eta 0,5 --lpips alex --set size=32", "weights alexnet-owt-7be5be79.pth are missing: "),
        ("singan --vary steps=1,2", "singan does not learn from a folder of pictures (these do: context-encoder, "),
        ("dmfm --vary steps=1,2", "unknown method 'dmfm'; did you mean 'dmfn'?"),
    ],
)  # fmt: skip
def test_mistakes_end_with_one_line_and_write_nothing(refused, folder, faces, monkeypatch, arguments, message) -> None:
    monkeypatch.delenv("SELFMEND_WEIGHTS", raising=False)
    method, *rest = arguments.split()
    whole = ["--data", "faces", "-o", "new", "--preset", "tiny", "--masks", "center", "--workers", "0"]
    if "--held-back" not in rest and "--val" not in rest:
        whole += ["--held-back", "2"]
    assert refused("ablation", method, *whole, *rest).startswith(message)
    assert not (folder / "new").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--vary learning_rate=0.1,1", "out holds another ablation (its option is 'nan_at', not 'learning_rate'); cho"),
        ("--vary nan_at=-1,-2 --set steps=4", "out holds another ablation (its steps is 3, not 4); choose another"),
        ("--vary nan_at=-1,-2 --masks strokes", "out holds another ablation (its masks is 'center', not 'strokes'); "),
        ("--vary nan_at=-1,-2 --held-back 3", "out holds another ablation (it learned from 4 pictures, not 3); choose"),
        ("--vary nan_at=-1,-2 -o faces", "faces lies in faces, whose pictures are read; choose a folder outside it"),
        ("--vary nan_at=-1,-2 -o faces/out", "faces/out lies in faces, whose pictures are read; choose a folder outs"),
        ("--vary nan_at=-1,-2 -o other", "other is not empty and holds no ablation; choose a new or empty folder"),
        ("--vary nan_at=-1,-2 -o photo.png", "cannot write into photo.png: Not a directory; choose another folder"),
        ("--vary nan_at=-1,-2 -o damaged", "damaged/ablation.json is damaged ("),
    ],
)  # fmt: skip
def test_folders_that_hold_something_else_are_refused(run, refused, folder, faces, arguments, message) -> None:
    common = ("ablation", "folder-learner", "--data", "faces", "-o", "out", *SMALL)
    assert run(*common, "--vary", "nan_at=-1,-2", "-q").code == 0
    (folder / "damaged").mkdir()
    (folder / "damaged" / "ablation.json").write_text("{")
    assert refused(*common, *arguments.split()).startswith(message)
