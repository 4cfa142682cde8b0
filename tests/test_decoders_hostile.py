"""Files that are forged, damaged or cut: one error that names the file; nothing is run, or takes memory."""

import functools
import gzip
import io
import pickle
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import containers
import numpy as np
import pytest
from conftest import mostly_slow
from containers import BATCHES, FEW, FORMATS, LETTERS, PHOTOGRAPHS, REVIEWS, SMALL, written

from actbench.datasets.published.decoders import cifar, idx, mat, npz, pickles
from actbench.datasets.published.decoders.bounds import MARGIN, Known

MOST = 8 * 2**20
"""Bytes that a reader may take for the small files here; what is promised in vain below is far more."""
BEGIN = b"\x80\x02"


def refused(read, *said, most=MOST):
    """That a call raises ValueError with these words, and how little memory it took."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError) as error:
            read()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most
    for word in said:
        assert word in str(error.value)
    assert len(str(error.value)) < 500


# Pickles


class Called:
    """Pickled as a call of anything."""

    def __init__(self, function, *given):
        self.call = function, given

    def __reduce__(self):
        return self.call


def touch(path):
    """What a malicious file would do."""
    Path(path).write_text("was here")


TRACE = "was-here"
"""Where: in the folder that a test starts in."""


def calls():
    """Pickles that leave a trace when Python's own reader reads them."""
    shell = b"X" + struct.pack("<I", 14) + b"touch was-here"
    code = b"open('was-here', 'w')"
    evaluated = b"X" + struct.pack("<I", len(code)) + code
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield f"reduce, protocol {protocol}", pickle.dumps(Called(eval, code.decode()), protocol)
        yield f"in a list, protocol {protocol}", pickle.dumps([1, {"data": Called(eval, code.decode())}], protocol)
    yield "os.system", BEGIN + b"cos\nsystem\n(" + shell + b"tR."
    yield "builtins.eval", BEGIN + b"cbuiltins\neval\n" + evaluated + b"\x85R."
    yield "Python 2's eval", BEGIN + b"c__builtin__\neval\n" + evaluated + b"\x85R."
    imported = b"cbuiltins\n__import__\nX\x02\x00\x00\x00os\x85R"
    yield (
        "a name within a name",
        BEGIN + b"cbuiltins\ngetattr\n" + imported + b"X\x06\x00\x00\x00system\x86R" + shell + b"\x85R.",
    )
    yield "a name with dots", b"\x80\x04\x8c\x02os\x8c\x06system\x93" + shell + b"\x85R."
    yield "by way of numpy", BEGIN + b"cnumpy\n__builtins__\n0cbuiltins\neval\n" + evaluated + b"\x85R."
    yield "named through the memo", BEGIN + b"cbuiltins\neval\nq\x000]q\x01h\x00" + evaluated + b"\x85Ra."
    yield "stack_global from the memo", b"\x80\x04\x8c\x08builtins\x94\x8c\x04eval\x94\x93" + evaluated + b"\x85R."
    yield "inst", b"(" + evaluated + b"ibuiltins\neval\n."
    yield "obj", BEGIN + b"(cbuiltins\neval\n" + evaluated + b"o."


@pytest.mark.parametrize(("name", "data"), [*calls()], ids=[name for name, _ in calls()])
def test_nothing_that_a_pickle_names_is_called(name, data, own_folder):
    refused(lambda: pickles.unpickled(data))
    assert [*own_folder.iterdir()] == []
    pickle.loads(data)  # such a file is no toy
    assert (own_folder / TRACE).exists()


NUMPY = b"cnumpy.core.multiarray\n_reconstruct\n"
ARRAY = NUMPY + b"cnumpy\nndarray\nK\x00\x85U\x01b\x87R"
U1 = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
OBJECTS = U1.replace(b"u1", b"O8")
FORGED = {
    "empty": b"",
    "nothing": b".",
    "two things": BEGIN + b"NN.",
    "a mark that is left": BEGIN + b"N(.",
    "no end": BEGIN + b"]",
    "pops what is not there": BEGIN + b"a.",
    "a tuple of what is not there": BEGIN + b"N\x87.",
    "appends to a number": BEGIN + b"K\x01K\x02a.",
    "sets in a list": BEGIN + b"]K\x01K\x02s.",
    "a list as key": BEGIN + b"}]Ns.",
    "a key without a value": BEGIN + b"}(Nu.",
    "recalls what it never remembered": BEGIN + b"h\x07.",
    "recalls far": BEGIN + b"j\xff\xff\xff\x7f.",
    "an extension": BEGIN + b"\x82\x01.",
    "a persistent id": BEGIN + b"U\x01aQ.",
    "a persistent id as text": b"Pabc\n.",
    "newobj": BEGIN + b"cnumpy\nndarray\n)\x81.",
    "a buffer": b"\x80\x05\x97.",
    "a frame": b"\x80\x04\x95" + struct.pack("<Q", 2**40) + b"N.",
    "protocol 4": b"\x80\x04N.",
    "protocol 255": b"\x80\xffN.",
    "4 GB of text": BEGIN + b"T\xff\xff\xff\xffabc.",
    "4 GB of bytes": BEGIN + b"B\xff\xff\xff\xffabc.",
    "4 GB of unicode": BEGIN + b"X\xff\xff\xff\xffabc.",
    "2⁶⁴ bytes": BEGIN + b"\x8e" + b"\xff" * 8 + b"abc.",
    "a bytearray": b"\x80\x05\x96" + b"\xff" * 8 + b"abc.",
    "a large number": BEGIN + b"\x8b\xff\xff\xff\x7f\x01.",
    "text that is none": BEGIN + b"X\x01\x00\x00\x00\xff.",
    "a name without end": BEGIN + b"c" + b"n" * 10_000,
    "a name that is none": BEGIN + b"c\xff\xfe\n\n.",
    "calls ndarray": BEGIN + b"cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85\x85R.",
    "calls a list": BEGIN + b"])R.",
    "an array of a huge shape": BEGIN + NUMPY + b"cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85U\x01b\x87R.",
    "a subclass": BEGIN + NUMPY + b"cnumpy\nmatrix\nK\x00\x85U\x01b\x87R.",
    "more promised than there": BEGIN + ARRAY + b"(K\x01J\xff\xff\xff\x7f\x85" + U1 + b"\x89U\x01atb.",
    "less promised than there": BEGIN + ARRAY + b"(K\x01K\x02\x85" + U1 + b"\x89U\x03abctb.",
    "a negative shape": BEGIN + ARRAY + b"(K\x01J\xff\xff\xff\xffJ\xff\xff\xff\xff\x86" + U1 + b"\x89U\x01atb.",
    "a shape of text": BEGIN + ARRAY + b"(K\x01U\x01a\x85" + U1 + b"\x89U\x01atb.",
    "a thousand dimensions": BEGIN + ARRAY + b"(K\x01(" + b"K\x01" * 1000 + b"t" + U1 + b"\x89U\x01atb.",
    "many objects": BEGIN + ARRAY + b"(K\x01J\xff\xff\xff\x7f\x85" + OBJECTS + b"\x89]tb.",
    "objects as bytes": BEGIN + ARRAY + b"(K\x01K\x08\x85" + OBJECTS + b"\x89U\x08abcdefghtb.",
    "numbers as a list": BEGIN + ARRAY + b"(K\x01K\x01\x85" + U1 + b"\x89](K\x01etb.",
    "a wide type": BEGIN + ARRAY + b"(K\x01K\x01\x85" + U1.replace(b"U\x02u1", b"U\x0bV1000000000") + b"\x89U\x01atb.",
    "a type of fields": BEGIN + U1.replace(b"NNN", b"N}N") + b".",
    "a type with metadata": BEGIN + U1.replace(b"K\x00tb", b"K\x00}tb") + b".",
    "an order that is none": BEGIN + ARRAY + b"(K\x01K\x01\x85" + U1.replace(b"U\x01|", b"U\x01x") + b"\x89U\x01atb.",
    "set twice": BEGIN + ARRAY + b"q\x00(K\x01K\x01\x85" + U1 + b"\x89U\x01atb(K\x01K\x01\x85" + U1 + b"\x89U\x01btb.",
    "sets in a dict": BEGIN + b"}}b.",
    "an encoding of another kind": BEGIN + b"c_codecs\nencode\nX\x02\x00\x00\x0000X\x03\x00\x00\x00hex\x86R.",
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_pickles_are_refused_before_memory_is_taken(name):
    refused(lambda: pickles.unpickled(FORGED[name]))


def test_the_parts_of_the_forged_arrays_are_good_ones():
    whole = BEGIN + ARRAY + b"(K\x01K\x01\x85" + U1 + b"\x89U\x01atb."
    np.testing.assert_array_equal(pickles.unpickled(whole), [97])
    assert pickles.unpickled(BEGIN + ARRAY + b"(K\x01K\x01\x85" + OBJECTS + b"\x89](K\x07etb.") == [7]


def test_an_array_that_was_only_announced_is_none():
    found = pickles.unpickled(BEGIN + b"](" + ARRAY + b"e.")
    assert not isinstance(found[0], (np.ndarray, list))


def test_what_is_remembered_takes_no_room_for_what_is_not():
    tracemalloc.start()
    assert pickles.unpickled(BEGIN + b"Nr\xff\xff\xff\xff.") is None
    assert tracemalloc.get_traced_memory()[1] < MOST
    tracemalloc.stop()


def laughs(depth):
    """A list of ten lists of ten lists …, each of them remembered: 10ⁿ numbers in some hundred bytes."""
    data = b"](" + b"K\x01" * 10 + b"e"
    for level in range(depth):
        data = b"](" + data + b"q%c" % level + b"h%c" % level * 9 + b"e"
    return data


def in_reviews(folder, pickled):
    """Keras's archive of film reviews with such a pickle in the place of the training texts."""
    header = containers.npy(containers.reviews()["x_train"])
    header = header[: header.index(b"\x80\x02")]
    return containers.npz(folder / "imdb.npz", {**containers.reviews(), "x_train": header + pickled})


def rows(*texts):
    """A pickled array of these texts, each already pickled; to the count that is known."""
    count = REVIEWS.train - len(texts)
    head = b"(K\x01" + bytes([75, REVIEWS.train]) + b"\x85" + OBJECTS + b"\x89]("
    return BEGIN + ARRAY + head + b"".join(texts) + b"]" * count + b"etb."


TEXTS = {
    "no pickle": b"",
    "a dict": BEGIN + b"}.",
    "a list of the wrong length": BEGIN + b"](]]e.",
    "an array that is only announced": rows(ARRAY),
    "a text of texts": rows(b"](](K\x01ee"),
    "a negative word": rows(b"](J\xff\xff\xff\xffe"),
    "a word that overflows": rows(b"](\x8a\x08" + b"\xff" * 7 + b"\x7fe"),
    "a large word": rows(b"](\x8a\x05" + b"\xff" * 4 + b"\x00e"),
    "a truth value": rows(b"](\x88e"),
    "nothing as a word": rows(b"](Ne"),
    "text as a word": rows(b"](U\x01ae"),
    "an array of two dimensions": rows(ARRAY + b"(K\x01K\x01K\x01\x86" + U1 + b"\x89U\x01atb"),
    "an array of floats": rows(ARRAY + b"(K\x01K\x01\x85" + U1.replace(b"u1", b"f8") + b"\x89U\x08abcdefghtb"),
    "numbers": rows(b"K\x01" * REVIEWS.train),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_of_anything_but_words_are_refused(name, tmp_path):
    paths = in_reviews(tmp_path, TEXTS[name])
    refused(lambda: npz.decode_texts(paths, REVIEWS), "imdb.npz is not as it was published")


def test_forged_texts_are_made_of_good_ones(tmp_path):
    npz.decode_texts(in_reviews(tmp_path, rows(b"](K\x01K\x02e")), REVIEWS)


def test_texts_that_say_the_same_words_again_and_again_are_refused(tmp_path):
    paths = in_reviews(tmp_path, rows(laughs(12)))
    refused(lambda: npz.decode_texts(paths, REVIEWS), "imdb.npz")
    long = b"](" + b"K\x01" * 5000 + b"eq\x00" + b"h\x00" * (REVIEWS.train - 1)
    again = rows(long)[: -len(b"etb.") - (REVIEWS.train - 1)] + b"etb."
    paths = in_reviews(tmp_path, again)
    refused(lambda: npz.decode_texts(paths, REVIEWS), "more words than bytes")


@pytest.mark.parametrize(("name", "data"), [*calls()], ids=[name for name, _ in calls()])
def test_nothing_is_called_inside_archives(name, data, own_folder, tmp_path):
    paths = in_reviews(tmp_path, data)
    refused(lambda: npz.decode_texts(paths, REVIEWS), "imdb.npz is not as it was published")
    batch = containers.Python2.pickle(containers.batches(containers.made_up(PHOTOGRAPHS))["batches/one"])
    paths = containers.cifar_tar(
        tmp_path / "c.tar.gz", {"batches/one": batch, "batches/two": data, "batches/test": batch}
    )
    refused(lambda: cifar.decode(paths, PHOTOGRAPHS, BATCHES, "labels"), "c.tar.gz is not as it was published")
    assert not (own_folder / TRACE).exists()


# Every format, cut and damaged


def found_in(read, path):
    """The arrays, or None where the file is refused by its name."""
    try:
        return read()
    except ValueError as error:
        reason = str(error)
    assert path.name in reason
    return None


def assert_same(found, expected):
    for key, array in expected.items():
        np.testing.assert_array_equal(found[key], array)


@pytest.mark.parametrize("name", mostly_slow([*FORMATS], quick=2))
def test_files_that_are_cut_are_refused(name, tmp_path):
    paths, whole, read = written(name, tmp_path)
    for path in paths:
        content = path.read_bytes()
        for size in sorted({*range(0, len(content), max(1, len(content) // 60)), len(content) - 1}):
            path.write_bytes(content[:size])
            found = found_in(read, path)
            if found is not None:  # what is missing was no part of the data: the blanks at the end of a tar archive
                assert name == "cifar"
                assert_same(found, whole)
        path.write_bytes(content)


@pytest.mark.parametrize("name", mostly_slow([*FORMATS], quick=2))
def test_files_with_flipped_bits_are_refused_or_hold_what_they_should(name, tmp_path):
    paths, whole, read = written(name, tmp_path)
    random = np.random.RandomState(0)
    refusals = 0
    for _ in range(150):
        path = paths[random.randint(len(paths))]
        content = path.read_bytes()
        damaged = bytearray(content)
        for _ in range(random.randint(1, 4)):
            damaged[random.randint(len(damaged))] ^= 1 << random.randint(8)
        path.write_bytes(damaged)
        found = found_in(read, path)
        refusals += found is None
        for key, array in (found or {}).items():
            assert (array.shape, array.dtype) == (whole[key].shape, whole[key].dtype)
        path.write_bytes(content)
    assert refusals > 15


@pytest.mark.parametrize("name", ["idx", "emnist", "npz"])
def test_sums_find_what_flipped_bits_left_readable(name, tmp_path):
    paths, whole, read = written(name, tmp_path)
    random = np.random.RandomState(1)
    for _ in range(100):
        content = paths[0].read_bytes()
        damaged = bytearray(content)
        damaged[random.randint(len(damaged))] ^= 1 << random.randint(8)
        paths[0].write_bytes(damaged)
        found = found_in(read, paths[0])
        assert_same(found or whole, whole)
        paths[0].write_bytes(content)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "content", [b"", b"<html>404</html>", b"\x00" * 1000, b"\x1f\x8b", b"PK\x05\x06" + b"\x00" * 18]
)
def test_files_of_another_kind_are_refused(name, content, tmp_path):
    paths, _, read = written(name, tmp_path)
    paths[0].write_bytes(content)
    refused(read, f"{paths[0].name} is not as it was published")


@pytest.mark.parametrize("name", FORMATS)
def test_what_the_system_says_of_a_file_is_passed_on(name, tmp_path):
    paths, _, read = written(name, tmp_path)
    paths[-1].unlink()
    with pytest.raises(FileNotFoundError):
        read()


def other_counts(known):
    return [
        Known(known.train + 1, known.test, known.shape, known.classes),
        Known(known.train, known.test - 1, known.shape, known.classes),
        Known(known.train, known.test, (*known.shape[:-1], known.shape[-1] + 1), known.classes),
        Known(known.train, known.test, known.shape, 1),
    ]


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("reviews", "topics")])
@pytest.mark.parametrize("which", range(4))
def test_another_number_of_inputs_or_classes_is_refused(name, which, tmp_path):
    write, known, decode = FORMATS[name]
    arrays = containers.made_up(known)
    arrays["y_train"][:2], arrays["y_test"][:2] = [0, 1], [1, 0]
    paths = write(tmp_path, arrays)
    refused(lambda: decode(paths, other_counts(known)[which]), "is not as it was published")


@pytest.mark.parametrize(("name", "decode"), [("reviews", npz.decode_texts), ("topics", npz.decode_topics)])
def test_another_number_of_texts_is_refused(name, decode, tmp_path):
    paths, _, _ = written(name, tmp_path)
    known = FORMATS[name][1]
    for other in (other_counts(known)[0], other_counts(known)[1], other_counts(known)[3]):
        refused(lambda other=other: decode(paths, other), "is not as it was published")


# What only one format can do


def zeros(size):
    """So many zeros, packed; made in parts, so that the test takes no memory either."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as packed:
        for _ in range(size // 2**20):
            packed.write(bytes(2**20))
    return out.getvalue()


def test_an_idx_header_that_promises_more_than_the_file_holds(tmp_path):
    paths = containers.idx_files(tmp_path, containers.made_up(SMALL))
    header = struct.pack(">HBB3I", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1)
    paths[0].write_bytes(gzip.compress(header + b"abc"))
    refused(lambda: idx.decode(paths, SMALL), paths[0].name, "x_train begins with")


def test_an_idx_file_that_goes_on(tmp_path):
    arrays = containers.made_up(SMALL)
    paths = containers.idx_files(tmp_path, arrays)
    paths[0].write_bytes(gzip.compress(containers.idx(arrays["x_train"])) + zeros(2**25))
    refused(lambda: idx.decode(paths, SMALL), "x_train goes on after 12 bytes")


def test_an_idx_file_of_other_numbers(tmp_path):
    paths = containers.idx_files(tmp_path, containers.made_up(SMALL))
    whole = gzip.decompress(paths[0].read_bytes())
    paths[0].write_bytes(gzip.compress(whole[:2] + b"\x0d" + whole[3:]))
    refused(lambda: idx.decode(paths, SMALL), "x_train begins with 00000d03")


def test_letters_that_count_from_0_are_refused(tmp_path):
    arrays = containers.made_up(LETTERS)
    arrays["y_test"][0] = 255  # becomes 0
    paths = containers.emnist_zip(tmp_path / "gzip.zip", arrays)
    refused(lambda: idx.decode_emnist(paths, LETTERS, "letters"), "gzip.zip", "y_test holds labels")


def test_a_zip_archive_that_unpacks_without_end(tmp_path):
    path = tmp_path / "gzip.zip"
    containers.emnist_zip(path, containers.made_up(SMALL))
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "gzip/emnist-letters-train-images-idx3-ubyte.gz"
    empty = gzip.compress(b"")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content if member != name else empty * (3 * MARGIN // 2 // len(empty)))
    refused(lambda: idx.decode_emnist([path], SMALL, "letters"), "it unpacks to more than")


def test_a_zip_archive_without_the_part(tmp_path):
    paths = containers.emnist_zip(tmp_path / "gzip.zip", containers.made_up(SMALL), part="digits")
    refused(lambda: idx.decode_emnist(paths, SMALL, "letters"), "gzip.zip", "emnist-letters-train-images")


def members_of(known):
    arrays = containers.made_up(known)
    return {name: containers.Python2.pickle(batch) for name, batch in containers.batches(arrays).items()}


def read_cifar(path):
    return cifar.decode([path], FEW, BATCHES, "labels")


def forged_tar(path, *before, members=None):
    """CIFAR's archive with other members in front of its own."""
    with tarfile.open(path, "w:gz") as archive:
        for info, content in before:
            archive.addfile(info, io.BytesIO(content))
        for name, content in (members_of(FEW) if members is None else members).items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def entry(name, kind=tarfile.REGTYPE, size=0, **facts):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    for key, value in facts.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_a_member_that_is_no_plain_file_is_none(kind, tmp_path):
    members = members_of(FEW)
    del members["batches/one"]
    path = forged_tar(tmp_path / "c.tar.gz", (entry("batches/one", kind, linkname="/etc/passwd"), b""), members=members)
    refused(lambda: read_cifar(path), "it has no member 'batches/one'")
    path = forged_tar(tmp_path / "d.tar.gz", (entry("batches/one", kind, linkname="/etc/passwd"), b""))
    read_cifar(path)


def test_a_tar_archive_that_unpacks_without_end(tmp_path):
    path = tmp_path / "c.tar.gz"
    path.write_bytes(zeros(2**25))
    refused(lambda: read_cifar(path), "c.tar.gz")
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        archive.addfile(entry("other", size=0))
    header = bytearray(plain.getvalue()[:512])
    header[124:136] = b"%011o\x00" % (2 * MARGIN)
    header[148:156] = b"%06o\x00 " % (sum(header[:148]) + 32 * 8 + sum(header[156:]))
    path.write_bytes(gzip.compress(bytes(header)) + zeros(2**25))
    refused(lambda: read_cifar(path), "it promises a member of 2097152 bytes")
    header[124:136] = b"%011o\x00" % (MARGIN // 2)
    header[148:156] = b"%06o\x00 " % (sum(header[:148]) + 32 * 8 + sum(header[156:]))
    block = bytes(header) + bytes(MARGIN // 2)
    path.write_bytes(gzip.compress(block) * 100)
    refused(lambda: read_cifar(path), "it unpacks to more than")


def test_a_tar_archive_of_very_many_members(tmp_path):
    path = tmp_path / "c.tar.gz"
    path.write_bytes(gzip.compress(bytes(entry("x").tobuf()) * 2000))
    refused(lambda: read_cifar(path), "it has more than 100 members")
    path.write_bytes(gzip.compress(bytes(entry("x", tarfile.XHDTYPE).tobuf()) * 2000))
    refused(lambda: read_cifar(path), "c.tar.gz")


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_headers_of_a_tar_archive_that_promise_much(kind, tmp_path):
    path = tmp_path / "c.tar.gz"
    header = bytearray(entry("x", kind, size=2**30).tobuf(tarfile.GNU_FORMAT))
    path.write_bytes(gzip.compress(bytes(header)) + zeros(2**25))
    refused(lambda: read_cifar(path), "it unpacks to more than")
    path.write_bytes(gzip.compress(bytes(header) + b"abc"))
    refused(lambda: read_cifar(path), "c.tar.gz")


def test_a_sparse_member_is_no_batch(tmp_path):
    header = bytearray(entry("batches/one", tarfile.GNUTYPE_SPARSE, size=0).tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"%011o\x00" % (2**33 - 1)  # its size with the holes
    header[148:156] = b"%06o\x00 " % (sum(header[:148]) + 32 * 8 + sum(header[156:]))
    path = tmp_path / "c.tar.gz"
    path.write_bytes(gzip.compress(bytes(header) + bytes(1024)))
    refused(lambda: read_cifar(path), "c.tar.gz")


BATCH = {b"data": np.zeros((1, 48), np.uint8), b"labels": [3]}
WRONG = {
    "a list": [1],
    "no data": {b"labels": [3]},
    "no labels": {b"data": BATCH[b"data"]},
    "data as a list": {**BATCH, b"data": [1, 2]},
    "data of another type": {**BATCH, b"data": np.zeros((1, 48))},
    "data of one dimension": {**BATCH, b"data": np.zeros(48, np.uint8)},
    "data of another width": {**BATCH, b"data": np.zeros((1, 47), np.uint8)},
    "labels of text": {**BATCH, b"labels": [b"3"]},
    "labels beyond a byte": {**BATCH, b"labels": [2**40]},
    "a negative label": {**BATCH, b"labels": [-1]},
    "a label that is no class": {**BATCH, b"labels": [10]},
    "fewer labels": {**BATCH, b"labels": []},
    "labels as an array": {**BATCH, b"labels": np.array([3])},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_batch_of_another_form_is_refused(name, tmp_path):
    members = members_of(FEW)
    assert pickle.loads(members["batches/one"], encoding="bytes").keys() >= BATCH.keys()
    members["batches/one"] = pickle.dumps(WRONG[name], protocol=2)
    path = forged_tar(tmp_path / "c.tar.gz", members=members)
    refused(lambda: read_cifar(path), "c.tar.gz is not as it was published")
    members["batches/one"] = pickle.dumps(BATCH, protocol=2)
    read_cifar(forged_tar(path, members=members))


def test_npy_headers_that_promise_more_than_there_is(tmp_path):
    good = containers.made_up(SMALL)
    for shape in ((3, 2, 2000), (10**12, 2, 2), (-3, 2, 2), (3, 2), ()):
        out = io.BytesIO()
        np.lib.format.write_array_header_1_0(out, {"descr": "|u1", "fortran_order": False, "shape": shape})
        forged = out.getvalue() + good["x_train"].tobytes()
        paths = containers.npz(tmp_path / "mnist.npz", {**good, "x_train": forged})
        refused(functools.partial(npz.decode, paths, SMALL), "x_train promises the shape")


def test_npy_headers_of_other_kinds(tmp_path):
    good = containers.made_up(SMALL)
    array = containers.npy(good["x_train"])
    header = array[10 : 10 + struct.unpack("<H", array[8:10])[0]]
    forged = {
        "a header of 4 GB": b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1) + header,
        "code in the header": array.replace(b"'descr': '|u1'", b"'descr': ''+''"),
        "objects": containers.npy(np.array([[[1, 2]] * 2] * 3, dtype=object), protocol=3),
        "floats": containers.npy(good["x_train"].astype("f4")),
        "by columns": array.replace(b"False", b"True "),
        "longer": array + b"x",
        "shorter": array[:-1],
    }
    for name, content in forged.items():
        assert content != array, name
        paths = containers.npz(tmp_path / "mnist.npz", {**good, "x_train": content})
        refused(functools.partial(npz.decode, paths, SMALL), "mnist.npz is not as it was published")


def test_an_archive_without_an_array_or_with_a_password(tmp_path):
    good = containers.made_up(SMALL)
    paths = containers.npz(tmp_path / "mnist.npz", {key: good[key] for key in ("x_train", "y_train", "x_test")})
    refused(lambda: npz.decode(paths, SMALL), "mnist.npz", "y_test.npy")
    paths = containers.npz(tmp_path / "mnist.npz", good)
    content = bytearray(paths[0].read_bytes())
    for at in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[at] |= 1
    paths[0].write_bytes(content)
    refused(lambda: npz.decode(paths, SMALL), "mnist.npz", "encrypted")


def test_lists_that_unpack_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(npz, "MOST_UNPACKED", MARGIN)
    head = containers.npy(containers.reviews()["x_train"])
    head = head[: head.index(b"\x80\x02")]
    paths = containers.npz(tmp_path / "imdb.npz", {**containers.reviews(), "x_train": head + bytes(2**24)})
    refused(lambda: npz.decode_texts(paths, REVIEWS), "it unpacks to more than 1048576 bytes")


def matlab(*elements):
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + b"".join(elements)


def element(kind, data, size=None):
    return struct.pack("<II", kind, len(data) if size is None else size) + data + bytes(-len(data) % 8)


def matrix(name=b"X", shape=(4, 4, 3, 2), kind=9, numbers=2, data=bytes(96), flags=0, **sizes):
    parts = element(6, struct.pack("<BBHI", kind, flags, 0, 0)) + element(5, struct.pack(f"<{len(shape)}i", *shape))
    return element(14, parts + element(1, name) + element(numbers, data, sizes.get("data_size")), sizes.get("size"))


LABELS = matrix(b"y", (2, 1), data=b"\x01\x0a")
MATLAB = {
    "promises 4 GB": matlab(matrix(size=2**32 - 1), LABELS),
    "promises 4 GB of data": matlab(matrix(data_size=2**32 - 1), LABELS),
    "promises 4 GB packed": matlab(struct.pack("<II", 15, 2**32 - 1) + b"abc"),
    "promises a huge shape": matlab(matrix(shape=(2**31 - 1,) * 4), LABELS),
    "a negative shape": matlab(matrix(shape=(-4, -4, 3, 2)), LABELS),
    "no shape": matlab(matrix(shape=()), LABELS),
    "a cell": matlab(matrix(kind=1), LABELS),
    "a structure": matlab(matrix(kind=2), LABELS),
    "an object": matlab(matrix(kind=3), LABELS),
    "a function": matlab(matrix(kind=16), LABELS),
    "an opaque thing": matlab(matrix(kind=17), LABELS),
    "text": matlab(matrix(kind=4), LABELS),
    "complex numbers": matlab(matrix(flags=8), LABELS),
    "data of no numbers": matlab(matrix(numbers=14), LABELS),
    "an element of its own": matlab(element(1, b"abc"), LABELS),
    "no X": matlab(LABELS),
    "no y": matlab(matrix()),
    "X of floats": matlab(matrix(numbers=7, data=bytes(384)), LABELS),
    "X of three dimensions": matlab(matrix(shape=(4, 12, 2)), LABELS),
    "a label 0": matlab(matrix(), matrix(b"y", (2, 1), data=b"\x00\x01")),
    "a label 11": matlab(matrix(), matrix(b"y", (2, 1), data=b"\x0b\x01")),
    "a label that is no number": matlab(matrix(), matrix(b"y", (2, 1), 6, 9, struct.pack("<dd", 1, float("nan")))),
    "a label between": matlab(matrix(), matrix(b"y", (2, 1), 6, 9, struct.pack("<dd", 1, 1.5))),
    "fewer labels": matlab(matrix(), matrix(b"y", (1, 1), data=b"\x01")),
    "the other order of bytes": matlab(matrix(), LABELS)[:124] + b"\x01\x00MI" + matlab(matrix(), LABELS)[128:],
    "HDF": b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\x89HDF\r\n\x1a\n",
    "packed without end": matlab(element(15, zlib.compress(matrix(), 9)[:-6])),
    "packed twice": matlab(element(15, zlib.compress(element(15, zlib.compress(matrix()))))),
}


@pytest.mark.parametrize("name", MATLAB)
def test_forged_matlab_files_are_refused(name, tmp_path):
    paths = containers.svhn(tmp_path, containers.made_up(FEW))
    paths[0].write_bytes(MATLAB[name])
    refused(lambda: mat.decode_svhn(paths, FEW), "train_32x32.mat is not as it was published")


def test_forged_matlab_files_are_made_of_good_parts(tmp_path):
    import scipy.io

    paths = containers.svhn(tmp_path, containers.made_up(FEW))
    paths[0].write_bytes(matlab(matrix(), LABELS))
    assert scipy.io.loadmat(paths[0])["X"].shape == (4, 4, 3, 2)
    assert mat.decode_svhn(paths, FEW)["y_train"].tolist() == [1, 0]


def test_a_matlab_file_that_unpacks_without_end(tmp_path):
    paths = containers.svhn(tmp_path, containers.made_up(FEW))
    packer = zlib.compressobj(9)
    bomb = packer.compress(matrix(data_size=2**26)[:-100]) + b"".join(packer.compress(bytes(2**20)) for _ in range(64))
    paths[0].write_bytes(matlab(element(15, bomb + packer.flush())))
    refused(lambda: mat.decode_svhn(paths, FEW), "train_32x32.mat")


def test_a_matlab_file_that_is_far_too_large_is_not_read(tmp_path):
    paths = containers.svhn(tmp_path, containers.made_up(FEW))
    with paths[0].open("r+b") as file:
        file.truncate(2**36)  # takes no room on the disk
    refused(lambda: mat.decode_svhn(paths, FEW), "it takes 68719476736 bytes")
