"""A study of people: can they tell what was made from what was photographed? Kept in SQLite, scored with intervals.

The two protocols of SinGAN (Shaham et al., ICCV 2019, Sec. 3): *paired*, real and fake side by side for a second: which
is the fake? *Unpaired*, one picture for a second: is it real or fake? *Confusion* is the share of wrong answers: 50 %
is as good as guessing. Now and then a *catch trial* has a fake that nobody who looks can miss; who misses them is left
out. Nothing that a page is told before an answer says which picture is which.
"""

from __future__ import annotations

import io
import math
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from selfmend.errors import ImageError, MissingWeightsError, OptionError, RunError, check_known
from selfmend.image.draw import to_rgb
from selfmend.image.picture_files import pictures_at, read_rgb
from selfmend.image.resize import resize
from selfmend.seeding import make_rng
from selfmend.types import Image, size_of

PROTOCOLS = ("paired", "unpaired")
SECONDS = 1.0
"""How long pictures are shown."""

CATCH_SHARE = 0.1
LEAST_CAUGHT = 0.75
"""Share of catch trials that one must get right to be counted."""

_LEVEL_Z = 1.959964  # of 95 %
_RESAMPLES = 10_000
_TABLES = """
CREATE TABLE IF NOT EXISTS pictures (number INTEGER PRIMARY KEY, real TEXT NOT NULL, fake TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS participants (id TEXT PRIMARY KEY, protocol TEXT NOT NULL, began REAL NOT NULL);
CREATE TABLE IF NOT EXISTS trials (
    participant TEXT NOT NULL, number INTEGER NOT NULL, picture INTEGER NOT NULL, catch INTEGER NOT NULL,
    fake INTEGER NOT NULL, first TEXT NOT NULL UNIQUE, second TEXT NOT NULL UNIQUE,
    answer INTEGER, shown REAL, answered REAL, PRIMARY KEY (participant, number)
);
"""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a page may know of a trial.

    Attributes:
        number: from 1 on.
        count: of all trials of this person.
        protocol: of `PROTOCOLS`.
        images: keys of the pictures that are shown, two or one.
    """

    number: int
    count: int
    protocol: str
    images: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StudyResult:
    """What came out of one protocol.

    Attributes:
        protocol: of `PROTOCOLS`.
        people: who are counted.
        left_out: who missed too many of the catch trials, or have answered none.
        answers: that are counted, without catch trials.
        confusion: share of wrong ones; None without any.
        interval: of 95 %: of several people by drawing people anew, of one Wilson's of the answers.
        fakes_taken: share of fakes that were taken for real; of unpaired.
        reals_taken: share of real pictures that were taken for fake; of unpaired.
        by_picture: confusion of each fake, by its file.
        correlation: of confusion and SIFID over the fakes (Pearson); None where it cannot be had.
    """

    protocol: str
    people: int
    left_out: int
    answers: int
    confusion: float | None
    interval: tuple[float, float] | None
    fakes_taken: float | None = None
    reals_taken: float | None = None
    by_picture: Mapping[str, float] = field(default_factory=dict)
    correlation: float | None = None


def pair_fakes(reals: Path, fakes: Path) -> list[tuple[Path, Path]]:
    """Each fake with the real picture whose name it bears: cat.png and cat.png, cat-2.png, or cat/1.png.

    Raises:
        ImageError: no pictures, or a fake without a real one.
    """
    named = {file.stem: file for file in pictures_at(reals)}
    pairs = []
    for file in pictures_at(fakes):
        names = [name for name in named if file.stem == name or file.stem.startswith((f"{name}-", f"{name}_"))]
        names = names or [file.parent.name] * (file.parent.name in named)
        if not names:
            raise ImageError(f"{file} bears the name of no picture in {reals}; NAME-1.png of NAME.png fits")
        pairs.append((named[max(names, key=len)], file))
    return pairs


def sifid_of_pairs(pairs: Iterable[tuple[str, str]], weights: Path | None = None) -> tuple[dict[str, float], str]:
    """SIFID of each fake to its real picture, by the fake's file; or why it cannot be had.

    Raises:
        WeightsError: the weights that were named do not fit.
    """
    try:
        from selfmend.metrics.frechet import sifid
        from selfmend.nn.inception import load_inception

        net = load_inception(weights)
    except (MissingWeightsError, ImportError) as error:
        return {}, f"not here: {error}"
    return {fake: float(sifid(read_rgb(Path(fake)), read_rgb(Path(real)), net=net)) for real, fake in pairs}, ""


class Study:
    """A study in a file; several people may take part at once.

    Args:
        path: of the SQLite file, made where there is none.
        pairs: real and fake files; None goes on with those of the file.

    Raises:
        OptionError: the file has other pictures, or none were given.
        RunError: the file is no study.
    """

    def __init__(self, path: Path, pairs: Sequence[tuple[Path, Path]] | None = None) -> None:
        self.path, self._lock = path, threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path, check_same_thread=False)
            self._base.executescript(f"PRAGMA journal_mode=WAL; {_TABLES}")
            kept = self._base.execute("SELECT real, fake FROM pictures ORDER BY number").fetchall()
        except (sqlite3.Error, OSError) as error:
            raise RunError(f"{path} cannot be used as a study ({error}); another file fits") from error
        came = None if pairs is None else [(str(real.resolve()), str(fake.resolve())) for real, fake in pairs]
        if not kept and not came:
            raise OptionError(f"{path} holds no study yet; name the real and the made pictures")
        if kept and came is not None and sorted(kept) != sorted(came):
            raise OptionError(f"{path} is a study of other pictures; name another file, or leave the pictures out")
        if not kept:
            with self._base:
                self._base.executemany("INSERT INTO pictures (real, fake) VALUES (?, ?)", came or ())
        self.pairs = dict(enumerate(kept or came or (), 1))

    def close(self) -> None:
        """No more answers."""
        self._base.close()

    def begin(self, protocol: str, *, trials: int = 50, seed: int | None = None) -> str:
        """A new participant, whose trials are drawn; their secret name.

        Args:
            protocol: of `PROTOCOLS`.
            trials: how many at most, without catch trials; each pair comes once.
            seed: of the order; None takes another one each time.

        Raises:
            OptionError: an unknown protocol.
        """
        check_known("protocol", protocol, PROTOCOLS)
        person = secrets.token_urlsafe(16)
        rng = make_rng(secrets.randbits(60) if seed is None else seed, "study", protocol)
        order = [int(n) for n in rng.permutation(list(self.pairs))[:trials]]
        shown = [(n, 0) for n in order]
        for _ in range(max(2, math.ceil(CATCH_SHARE * len(order)))):
            shown.insert(int(rng.integers(len(shown) + 1)), (int(rng.choice(order)), 1))
        sides = rng.permutation(np.arange(len(shown)) % 2)  # as many on either side, or real and fake
        rows = [
            (person, number, picture, catch, 1 if catch and protocol == "unpaired" else int(side), _key(), _key())
            for number, ((picture, catch), side) in enumerate(zip(shown, sides, strict=True), 1)
        ]
        with self._lock, self._base:
            self._base.execute("INSERT INTO participants VALUES (?, ?, ?)", (person, protocol, time.time()))
            self._base.executemany(
                "INSERT INTO trials (participant, number, picture, catch, fake, first, second) VALUES (?,?,?,?,?,?,?)",
                rows,
            )
        return person

    def next_trial(self, person: str) -> Trial | None:
        """The first trial without an answer; None at the end.

        Raises:
            LookupError: nobody of this name.
        """
        with self._lock:
            protocol, count = self._known(person)
            row = self._base.execute(
                "SELECT number, first, second FROM trials WHERE participant = ? AND answer IS NULL ORDER BY number",
                (person,),
            ).fetchone()
        if row is None:
            return None
        images = row[1:] if protocol == "paired" else row[1:2]
        return Trial(number=row[0], count=count, protocol=protocol, images=tuple(images))

    def answer(self, person: str, number: int, said: int, *, shown: float) -> None:
        """Note an answer.

        Args:
            person: as `begin` named them.
            number: of the trial that is next.
            said: paired: 0 the left one is the fake, 1 the right one; unpaired: 0 real, 1 fake.
            shown: milliseconds that the page showed the pictures.

        Raises:
            LookupError: nobody of this name.
            OptionError: no such answer, or of another trial than the next.
        """
        if said not in (0, 1) or not math.isfinite(shown):
            raise OptionError(f"the answer is {said}; 0 or 1 fits")
        trial = self.next_trial(person)
        if trial is None or trial.number != number:
            raise OptionError(f"trial {number} is not the next; " + ("all are answered" if trial is None else "ask"))
        with self._lock, self._base:
            self._base.execute(
                "UPDATE trials SET answer = ?, shown = ?, answered = ? WHERE participant = ? AND number = ? "
                "AND answer IS NULL",
                (said, shown, time.time(), person, number),
            )

    def picture(self, key: str) -> bytes:
        """The PNG behind a key of a trial that is not answered; real and fake are told by nothing but their pixels.

        Raises:
            LookupError: no such key, or an old one.
        """
        with self._lock:
            row = self._base.execute(
                "SELECT p.protocol, t.picture, t.catch, t.fake, t.first = ? FROM trials t JOIN participants p "
                "ON p.id = t.participant WHERE (t.first = ? OR t.second = ?) AND t.answer IS NULL",
                (key, key, key),
            ).fetchone()
        if row is None:
            raise LookupError("no such picture")
        protocol, number, catch, fake, first = row
        is_fake = bool(fake) if protocol == "unpaired" else bool(first) == (fake == 0)
        real_file, fake_file = self.pairs[number]
        real = read_rgb(Path(real_file))
        if not is_fake:
            made = real
        elif catch:
            made = _scrambled(real)
        else:
            made = resize(read_rgb(Path(fake_file)), size_of(real)).clip(0, 1)
        out = io.BytesIO()
        to_rgb(made).save(out, "PNG")
        return out.getvalue()

    def results(self, sifid: Mapping[str, float] | None = None) -> list[StudyResult]:
        """Of each protocol that somebody took part in.

        Args:
            sifid: of each fake, by its file, for the correlation.
        """
        with self._lock:
            rows = self._base.execute(
                "SELECT p.protocol, t.participant, t.picture, t.catch, t.fake, t.answer FROM participants p "
                "LEFT JOIN trials t ON t.participant = p.id AND t.answer IS NOT NULL"
            ).fetchall()
        found = []
        for protocol in PROTOCOLS:
            mine = [row[1:] for row in rows if row[0] == protocol]
            if mine:
                found.append(self._result(protocol, mine, sifid or {}))
        return found

    def _result(self, protocol: str, rows: list[tuple[Any, ...]], sifid: Mapping[str, float]) -> StudyResult:
        people: dict[str, list[tuple[Any, ...]]] = {}
        silent = 0
        for person, *rest in rows:
            if person is None:
                silent += 1
            else:
                people.setdefault(person, []).append(tuple(rest))
        counted, left_out = [], silent
        for answers in people.values():
            caught = [said == fake for _, catch, fake, said in answers if catch]
            if caught and np.mean(caught) < LEAST_CAUGHT:
                left_out += 1
            elif any(not catch for _, catch, _, _ in answers):
                counted.append([(picture, fake, said != fake) for picture, catch, fake, said in answers if not catch])
        everything = [one for answers in counted for one in answers]
        if not everything:
            return StudyResult(protocol=protocol, people=0, left_out=left_out, answers=0, confusion=None, interval=None)
        wrong = np.array([one[2] for one in everything], float)
        by_picture: dict[str, list[float]] = {}
        for picture, fake, missed in everything:
            if protocol == "paired" or fake:
                by_picture.setdefault(self.pairs[picture][1], []).append(float(missed))
        rates = {file: float(np.mean(values)) for file, values in sorted(by_picture.items())}
        fakes = [missed for _, fake, missed in everything if fake]
        reals = [missed for _, fake, missed in everything if not fake]
        single = protocol == "unpaired"
        return StudyResult(
            protocol=protocol, people=len(counted), left_out=left_out, answers=len(everything),
            confusion=float(wrong.mean()), interval=_interval([[one[2] for one in answers] for answers in counted]),
            fakes_taken=float(np.mean(fakes)) if single and fakes else None,
            reals_taken=float(np.mean(reals)) if single and reals else None,
            by_picture=rates, correlation=_correlation(rates, sifid),
        )  # fmt: skip

    def _known(self, person: str) -> tuple[str, int]:
        row = self._base.execute(
            "SELECT p.protocol, COUNT(*) FROM participants p JOIN trials t ON t.participant = p.id WHERE p.id = ? "
            "GROUP BY p.id",
            (person,),
        ).fetchone()
        if row is None:
            raise LookupError("nobody of this name takes part")
        return str(row[0]), int(row[1])


def _key() -> str:
    return secrets.token_urlsafe(12)


def _scrambled(image: Image) -> Image:
    """A fake that nobody who looks can miss: the picture's blocks in another order, and its colours turned round."""
    height, width = (side // 8 * 8 for side in size_of(image))
    rng = np.random.default_rng(0)
    made = image.copy()
    blocks = image[:height, :width].reshape(8, height // 8, 8, width // 8, 3).swapaxes(1, 2).reshape(64, -1)
    mixed = blocks[rng.permutation(64)].reshape(8, 8, height // 8, width // 8, 3).swapaxes(1, 2)
    made[:height, :width] = 1 - mixed.reshape(height, width, 3)
    return made


def _interval(people: Sequence[Sequence[bool]]) -> tuple[float, float]:
    """Of the share of wrong answers: several people are drawn anew, of one Wilson's interval of the answers counts."""
    wrong, count = np.array([sum(one) for one in people]), np.array([len(one) for one in people])
    if len(people) == 1:
        share, total = wrong[0] / count[0], float(count[0])
        middle = share + _LEVEL_Z**2 / (2 * total)
        reach = _LEVEL_Z * math.sqrt(share * (1 - share) / total + (_LEVEL_Z / (2 * total)) ** 2)
        low, high = ((middle + sign * reach) / (1 + _LEVEL_Z**2 / total) for sign in (-1, 1))
        return max(0.0, float(low)), min(1.0, float(high))
    drawn = make_rng(0, "study", "interval").integers(len(people), size=(_RESAMPLES, len(people)))
    shares = wrong[drawn].sum(1) / count[drawn].sum(1)
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(low), float(high)


def _correlation(rates: Mapping[str, float], sifid: Mapping[str, float]) -> float | None:
    """Pearson's, over the fakes of which both are known; None of fewer than three, or where one does not vary."""
    both = [(rates[file], sifid[file]) for file in rates if file in sifid]
    if len(both) < 3:
        return None
    x, y = np.array(both).T
    if x.std() == 0 or y.std() == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])
