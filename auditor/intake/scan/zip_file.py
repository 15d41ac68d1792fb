"""Zip archives: PyTorch, numpy's .npz, Keras, skops and any other. Members are read from their bytes and not by `zipfile`, which
refuses what other loaders accept: wrong check sums, a second name in the local header, a flag for encryption that is not used."""

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from auditor.intake.scan import keras, skops
from auditor.intake.scan.meter import Meter
from auditor.intake.scan.part import Part, Reading
from auditor.intake.scan.sighting import Kind
from auditor.intake.scan.unpack import inflate, unpack

Look = Callable[[Part], Reading | None]
STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
LOCAL = b"PK\x03\x04"
RAW_STORAGE = re.compile(r"(.*/)?data/\d+")
DAMAGE = (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, UnicodeDecodeError, OSError, EOFError, IndexError)


@dataclass(frozen=True)
class Member:
    """`wrong`: what is wrong with it, empty if nothing is."""

    name: str
    data: bytes
    wrong: str = ""


def is_zip(data: bytes) -> bool:
    return data.startswith((LOCAL, b"PK\x05\x06"))


def read(part: Part, look: Look) -> Reading:
    """Every member, whatever its name."""
    whole = bytes(part.data[:])
    try:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            entries = archive.infolist()
    except DAMAGE:
        return Reading("zip", sightings=[part.saw(Kind.UNREAD, "the directory of the archive cannot be read")])
    names = [entry.filename for entry in entries]
    reading = Reading(_kind(names))
    doubles = sorted({name for name in names if names.count(name) > 1}) if len(names) < 5000 else []
    reading.sightings += [part.saw(Kind.IRREGULAR, f"two members are named {name[:100]}") for name in doubles]
    for entry in entries:
        part.meter.member()
        if not entry.is_dir() and not (reading.format == "PyTorch archive" and RAW_STORAGE.fullmatch(entry.filename)):
            _look_into(part, _member(whole, entry, part.meter), reading, look)
    if reading.format == "zip":
        reading.sightings.append(part.saw(Kind.UNREAD, "it is an archive of no model format that is known here"))
    return reading


def _kind(names: list[str]) -> str:
    if any(name == "data.pkl" or name.endswith("/data.pkl") for name in names):
        return "PyTorch archive"
    if "schema.json" in names:
        return "skops"
    if "config.json" in names and "metadata.json" in names:
        return "Keras"
    return "numpy archive" if names and all(name.endswith(".npy") for name in names) else "zip"


def _look_into(part: Part, member: Member, reading: Reading, look: Look) -> None:
    inner = part.inner(member.data, member.name[:100])
    if member.wrong:
        reading.sightings.append(inner.saw(Kind.IRREGULAR, member.wrong))
    if reading.format == "PyTorch archive" and re.fullmatch(r"([^/]*/)?code/.*\.py", member.name):
        reading.sightings.append(inner.saw(Kind.OUTSIDE, "it holds TorchScript code, which runs when the model is asked"))
    elif reading.format == "skops" and member.name == "schema.json":
        reading.sightings += skops.look(inner)
    elif reading.format == "Keras" and member.name == "config.json":
        reading.sightings += keras.look(inner)
    else:
        found = look(inner)
        if found is not None:
            reading.executes |= found.executes
            reading.sightings += found.sightings


def _member(whole: bytes, entry: zipfile.ZipInfo, meter: Meter) -> Member:
    """By the local header, as loaders do."""
    at = entry.header_offset
    header = whole[at : at + 30]
    if len(header) < 30 or not header.startswith(LOCAL):
        return Member(entry.filename, b"", "its header is not where the directory of the archive says")
    name_length, extra_length = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
    name = whole[at + 30 : at + 30 + name_length]
    start = at + 30 + name_length + extra_length
    packed = whole[start : start + entry.compress_size]
    data, wrong = _unpacked(packed, entry.compress_type, meter)
    wrong = wrong or _difference(entry, header, name, data)
    return Member(entry.filename, data, wrong)


def _unpacked(packed: bytes, method: int, meter: Meter) -> tuple[bytes, str]:
    if method == STORED:
        meter.unpack(len(packed))
        return packed, ""
    if method == DEFLATED:
        data, _, wrong = inflate(packed, meter)
        return data, wrong
    if method == BZIP2:
        got = unpack("bz2", packed, meter)
        return got.data, got.wrong
    return b"", "it is compressed in a way that cannot be read here"


def _difference(entry: zipfile.ZipInfo, header: bytes, name: bytes, data: bytes) -> str:
    """Where the directory and the member contradict each other, which is how readers of either are shown different things."""
    if name not in (entry.orig_filename.encode("utf-8", "replace"), entry.orig_filename.encode("cp437", "replace")):
        return "its own header gives it another name than the directory of the archive"
    if int.from_bytes(header[8:10], "little") != entry.compress_type:
        return "its own header names another compression than the directory of the archive"
    if entry.flag_bits & 1 or header[6] & 1:
        return "it is marked as encrypted"
    if zlib.crc32(data) != entry.CRC:
        return "its check sum is wrong"
    return ""
