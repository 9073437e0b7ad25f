"""Networks and trainings as files: JSON to read, ``.npz`` to be small and fast; never a pickle.

A model as JSON is made for people: what the network is comes first, then each layer, a row of its
weights on a line. Decimals are as short as they can be while every number comes back as it was, bit
for bit.

An ``.npz`` file is a zip file of arrays, which ``numpy.load`` reads too. The weights of layer 1
are its members ``W1.npy`` and ``b1.npy``, as they are in memory; a training adds ``velocity.npy``.
What else there is to know stands in ``header.json``.

Whatever a file claims is checked before memory is spent on it.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from hashlib import sha256
from io import BytesIO
from itertools import pairwise
from typing import Any, BinaryIO
from zipfile import ZipFile, ZipInfo

import numpy as np

from .checks import Array, check_type
from .data import Digits, Examples, Scaling
from .files import Npz, StrPath, check_path, opened, replacing
from .model import MLP
from .params import Params
from .train import History, TrainConfig, Training

MODEL, TRAINING = "mnist_nn model", "mnist_nn training"
VERSION = 1

_HEADER = "header.json"
_JSON_NUMBERS = 2_000_000  # parameters in a JSON file: with more, text is the wrong form
_JSON_BYTES = 64_000_000  # room for so many, of 26 characters each
_NUMBER = (int, float)
_ARCHITECTURE: dict[str, Any] = {
    "sizes": list,
    "activation": str,
    "c": _NUMBER,
    "output": str,
    "scaling": dict,
    "dtype": str,
}
_BIT_GENERATORS = {
    f.__name__: f
    for f in (
        np.random.PCG64,
        np.random.PCG64DXSM,
        np.random.MT19937,
        np.random.Philox,
        np.random.SFC64,
    )
}
# The single integers in the state of a generator are below these.
_STATE_LIMITS = {
    "state": 2**128,
    "inc": 2**128,
    "has_uint32": 2,
    "uinteger": 2**32,
    "pos": 625,  # up to 624: the next number starts a new block
    "buffer_pos": 5,
}


# ---------------------------------------------------------------- save


def save_model(model: MLP, path: StrPath) -> None:
    """Save a network: as text that a person can read (.json), or as arrays (.npz).

    Parameters
    ----------
    model
        The network. Its parameters, sizes, activation, output, c, scaling and dtype are saved.
    path
        The file, written whole or not at all. Its suffix says which form it takes.

    Raises
    ------
    ValueError
        If the suffix is another, a parameter is not finite, or there are more than two million for
        JSON.
    TypeError
        If an argument has the wrong type.
    OSError
        If the file cannot be written; one that was there before is left as it was.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> model = MLP((2, 2), rng=np.random.default_rng(0))
    >>> with TemporaryDirectory() as folder:
    ...     save_model(model, folder + "/model.json")
    ...     copy = load_model(folder + "/model.json")
    >>> print(np.array_equal(copy.params.flat, model.params.flat))
    True
    """
    check_type("model", model, MLP)
    _check_finite(model.params, "a parameter of the model")
    header = {"format": MODEL, "version": VERSION, **architecture(model)}
    if _suffix(path, ".json", ".npz") == ".npz":
        content = _npz(header, _arrays(model))
    else:
        if model.params.flat.size > _JSON_NUMBERS:
            raise ValueError(
                f"path is {path}, but {model} has more than {_JSON_NUMBERS:,} parameters; "
                "save it as .npz"
            )
        content = "".join(_json(header, model)).encode()
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def save_training(
    training: Training, path: StrPath, digits: Digits | Examples | None = None
) -> None:
    """Save a training: all that its next epoch depends on, but for the digits.

    That is the network, the configuration, the velocity, the state of the generator and the
    history.

    Parameters
    ----------
    training
        What :class:`~mnist_nn.train.Training` holds between two epochs.
    path
        The file, with the suffix .npz, written whole or not at all.
    digits
        What the network learns from. Given here, their :func:`fingerprint` is saved too.

    Raises
    ------
    ValueError
        If the suffix is another, a parameter is not finite, or the generator is none of NumPy's.
    TypeError
        If an argument has the wrong type.
    OSError
        If the file cannot be written; one that was there before is left as it was.
    """
    content = _training_content(training, fingerprint(digits))
    _suffix(path, ".npz")
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def training_to_bytes(training: Training) -> bytes:
    """Return what :func:`save_training` writes without digits.

    Raises
    ------
    ValueError
        If a parameter is not finite, or the generator is none of NumPy's.
    TypeError
        If `training` has the wrong type.
    """
    return _training_content(training, "")


def _training_content(training: Training, digits: str) -> bytes:
    check_type("training", training, Training)
    _check_finite(training.model.params, "training: a parameter")
    arrays = _arrays(training.model)
    if training.velocity is not None:
        _check_finite(training.velocity, "training: a velocity")
        arrays["velocity"] = training.velocity.flat
    state = training.rng.bit_generator.state
    if state["bit_generator"] not in _BIT_GENERATORS:
        raise ValueError(
            f"training: the generator is {state['bit_generator']}; "
            f"expected one of {', '.join(_BIT_GENERATORS)}"
        )
    header = {
        "format": TRAINING,
        "version": VERSION,
        "model": architecture(training.model),
        "config": asdict(training.config),
        "generator": state,
        "history": asdict(training.history),
    }
    return _npz(header | ({"digits": digits} if digits else {}), arrays)


def fingerprint(digits: Digits | Examples | None) -> str:
    """Return a text that no other digits have, a SHA-256 of their numbers; empty for None.

    Raises
    ------
    TypeError
        If `digits` are neither Digits nor Examples.

    Examples
    --------
    >>> xor = Examples([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> copy = Examples(xor.X.copy(), xor.labels.copy())
    >>> len(fingerprint(xor)), fingerprint(xor) == fingerprint(copy)
    (64, True)
    """
    if digits is None:
        return ""
    if not isinstance(digits, Digits | Examples):
        raise TypeError(f"digits is of type {type(digits).__name__}; expected Digits or Examples")
    return _sha256(digits.images if isinstance(digits, Digits) else digits.X, digits.labels)


def _sha256(*arrays: Array) -> str:
    sha = sha256()
    for array in arrays:
        sha.update(f"{array.dtype} {array.shape} ".encode())
        sha.update(np.ascontiguousarray(array).data)
    return sha.hexdigest()


def architecture(model: MLP) -> dict[str, Any]:
    """Return what a network is, but for its parameters, as plain values.

    Raises
    ------
    TypeError
        If `model` is not a network.
    """
    check_type("model", model, MLP)
    return {
        "sizes": list(model.sizes),
        "activation": model.activation,
        "c": model.c,
        "output": model.output,
        "scaling": asdict(model.scaling),
        "dtype": model.dtype.name,
    }


def _suffix(path: StrPath, *expected: str) -> str:
    """Return the suffix of a file, one of those expected."""
    suffix = check_path(path).suffix.lower()
    if suffix not in expected:
        raise ValueError(f"path is {path}; expected a name that ends in {' or '.join(expected)}")
    return suffix


def _check_finite(params: Params, what: str) -> None:
    if not np.isfinite(params.flat).all():
        raise ValueError(
            f"{what} is not finite, so that nothing is saved; "
            "start again with a smaller learning rate"
        )


def _arrays(model: MLP) -> dict[str, Array]:
    """Return the parameters by the names that they have in a file."""
    params = model.params
    return {
        f"{kind}{l}": views[l]
        for l in params.W
        for kind, views in (("W", params.W), ("b", params.b))
    }


def _npz(header: dict[str, Any], arrays: dict[str, Array]) -> bytes:
    """Return the content of an .npz file: the same for the same numbers, with no date in it."""
    file = BytesIO()
    with ZipFile(file, "w") as archive:  # not compressed: weights are noise to a packer
        archive.writestr(_member(_HEADER), "{\n" + ",\n".join(_entries(header)) + "\n}\n")
        for name, array in arrays.items():
            with archive.open(_member(name + ".npy"), "w", force_zip64=True) as member:
                little_endian = array.astype(array.dtype.newbyteorder("<"), copy=False)
                np.lib.format.write_array(member, little_endian, (1, 0), allow_pickle=False)
    return file.getvalue()


def _member(name: str) -> ZipInfo:
    info = ZipInfo(name)  # dated 1980
    info.external_attr = 0o644 << 16  # unpacked, a file that its owner can read
    return info


def _json(header: dict[str, Any], model: MLP) -> Iterator[str]:
    """Give a model as JSON, piece by piece: one row of weights on a line."""
    yield "{\n" + ",\n".join(_entries(header)) + ',\n  "layers": [\n'
    for l, W in model.params.W.items():
        rows = ",\n".join(f"        [{_numbers(row)}]" for row in W)
        end = "," if l < len(model.params.W) else ""
        yield f'    {{\n      "W": [\n{rows}\n      ],\n'
        yield f'      "b": [{_numbers(model.params.b[l])}]\n    }}{end}\n'
    yield "  ]\n}\n"


def _entries(header: dict[str, Any]) -> list[str]:
    """Return the names and values of an object as lines of JSON."""
    return [
        f"  {json.dumps(key)}: {json.dumps(value, default=lambda a: a.tolist(), allow_nan=False)}"
        for key, value in header.items()
    ]


def _numbers(values: Array) -> str:
    """Write numbers as the shortest decimals that are read as the same numbers."""
    texts = [str(x) for x in values]
    # Decimals are read as float64. Rounded to float32 again, a few of the shortest give the
    # neighbour of the number that they stand for; with nine digits none does.
    back = np.array([float(text) for text in texts]).astype(values.dtype)
    if not np.array_equal(back, values):
        texts = [f"{x:.9g}" for x in values.tolist()]
    return ", ".join(texts)


# ---------------------------------------------------------------- load


def load_model(path: StrPath) -> MLP:
    """Load a network that :func:`save_model` has saved, or the network of a saved training.

    Parameters
    ----------
    path
        A file whose name ends in .json or .npz.

    Returns
    -------
    MLP
        The same network, bit for bit.

    Raises
    ------
    ValueError
        If the suffix is another, or the file is not an undamaged model.
    TypeError
        If `path` is not the name of a file.
    OSError
        If the file cannot be read: FileNotFoundError, PermissionError.
    """
    suffix = _suffix(path, ".json", ".npz")
    with opened(path) as file:
        if suffix == ".json":
            return _model_from_json(file, str(path))
        npz = Npz(file, str(path))
        with _explaining(str(path)):
            header = _header(npz)
            if header.get("format") == TRAINING:
                return _training(npz, header).model
            _check_format(header, MODEL)
            del header["format"], header["version"]
            return _model(npz, header, others=set())


def load_training(path: StrPath, digits: Digits | Examples | None = None) -> Training:
    """Load a training that :func:`save_training` has saved.

    Given the same digits, its next epoch gives the same weights, bit for bit, as if it had never
    been stopped.

    Parameters
    ----------
    path
        A file whose name ends in .npz.
    digits
        What it shall go on with. They are compared with those it was saved with, if it was.

    Raises
    ------
    ValueError
        If the suffix is another, the file is not an undamaged training, or the digits are others.
    TypeError
        If `path` is not the name of a file, or `digits` are neither Digits nor Examples.
    OSError
        If the file cannot be read: FileNotFoundError, PermissionError.
    """
    _suffix(path, ".npz")
    given = fingerprint(digits)
    with opened(path) as file:
        training, saved = _training_from(file, str(path))
    if given and saved and given != saved:
        raise ValueError(f"digits are not those that {path} was saved with; give the same")
    return training


def training_from_bytes(content: bytes, name: str) -> Training:
    """Return the training in what :func:`training_to_bytes` returned.

    Parameters
    ----------
    content
        The bytes.
    name
        What to call them in messages.

    Raises
    ------
    ValueError
        If they are not an undamaged training.
    TypeError
        If an argument has the wrong type.
    """
    check_type("content", content, bytes)
    check_type("name", name, str)
    return _training_from(BytesIO(content), name)[0]


def _training_from(file: BinaryIO, name: str) -> tuple[Training, str]:
    """Return a training, and the fingerprint of its digits, empty where none was saved."""
    npz = Npz(file, name)
    with _explaining(name):
        header = _header(npz)
        return _training(npz, header), header.get("digits", "")


@contextmanager
def _explaining(name: str) -> Iterator[None]:
    """Name the file in every error of what it holds."""
    try:
        yield
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        reason = " ".join(str(error).split())
        if not reason.startswith(name):  # the reader of .npz has said it
            reason = f"{name} cannot be used: {_short(reason)}; save it again or get a fresh copy"
        raise ValueError(reason) from None


def _short(text: str) -> str:
    return text if len(text) <= 160 else text[:157] + "..."


def _header(npz: Npz) -> dict[str, Any]:
    header = _parse(npz.read_text(_HEADER))
    if type(header) is not dict:
        raise ValueError(f"{_HEADER} is not an object with names and values")
    return header


def _parse(content: bytes) -> Any:
    """Read JSON as strictly as its standard, and more: no NaN, no name twice in an object."""
    try:
        text = content.decode("utf-8-sig")  # some editors put a mark at the start
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8") from None
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON ({error})") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return record


def _no_constant(text: str) -> None:
    raise ValueError(f"it holds {text}; expected finite numbers")


def _check_format(header: dict[str, Any], expected: str) -> None:
    """Check what a file says that it is, before anything else in it."""
    found, version = header.get("format"), header.get("version")
    if found != expected:
        raise ValueError(f"its format is {_short(repr(found))}; expected {expected!r}")
    if type(version) is not int or version != VERSION:
        advice = "; it was written by another version of mnist_nn: update that"
        raise ValueError(f"its version is {_short(repr(version))}; expected {VERSION}{advice}")


def _check_record(name: str, record: Any, kinds: dict[str, Any]) -> None:
    """Check that an object has exactly these names, with values of these types."""
    _check_names(name, record, kinds)
    for key, kind in kinds.items():
        expected = kind if isinstance(kind, tuple) else (kind,)
        if type(record[key]) not in expected:  # exactly: a bool is an int
            names = " or ".join(k.__name__ for k in expected)
            found = type(record[key]).__name__
            raise ValueError(f"{key} in {name} is of type {found}; expected {names}")


def _check_names(name: str, record: Any, names: Iterable[str]) -> None:
    """Check that an object has exactly these names."""
    if type(record) is not dict:
        raise ValueError(f"{name} is of type {type(record).__name__}; expected an object")
    for key in set(names) - record.keys():
        raise ValueError(f"{name} has no {key!r}")
    for key in record.keys() - set(names):
        raise ValueError(f"{name} has an unknown {_short(repr(key))}")


def _check_architecture(record: Any, layers: int) -> list[tuple[int, int]]:
    """Check what a network is said to be, of which so many layers are there.

    Return the shapes of its weights.
    """
    _check_record("the model", record, _ARCHITECTURE)
    if len(record["sizes"]) not in (0, 1, layers + 1):  # before memory is spent on each of them
        raise ValueError(f"sizes has {len(record['sizes'])} entries, but there are {layers} layers")
    _check_record("scaling", record["scaling"], {"low": _NUMBER, "high": _NUMBER})
    if record["dtype"] not in ("float32", "float64"):  # NumPy would take any text for a program
        raise ValueError(f"dtype is {record['dtype']!r}; expected float32 or float64")
    sizes = record["sizes"]
    if len(sizes) < 2 or any(type(n) is not int or n < 1 for n in sizes):
        raise ValueError("sizes are not two or more integers of at least 1")
    return list(pairwise(sizes))


def _network(record: dict[str, Any]) -> MLP:
    """Make a network with all parameters zero; the numbers it needs have been seen."""
    scaling = Scaling(**record["scaling"])
    nothing = {"init": "zeros", "rng": np.random.default_rng(0)}
    return MLP(**record | {"scaling": scaling} | nothing)


def _model_from_json(file: BinaryIO, name: str) -> MLP:
    with _explaining(name):
        if os.fstat(file.fileno()).st_size > _JSON_BYTES:
            raise ValueError(f"it is larger than {_JSON_BYTES} bytes, too large for a model")
        header = _parse(file.read())
        if type(header) is not dict:
            raise ValueError("it is not an object with names and values")
        _check_format(header, MODEL)
        del header["format"], header["version"]
        layers = header.pop("layers", None)
        if type(layers) is not list:
            raise ValueError("layers are not a list")
        shapes = _check_architecture(header, len(layers))
        for l, (layer, (n_in, n_out)) in enumerate(zip(layers, shapes, strict=True), start=1):
            _check_record(f"layer {l}", layer, {"W": list, "b": list})
            if len(layer["W"]) != n_in:
                found = len(layer["W"])
                raise ValueError(f"W in layer {l} has {found} rows; expected {n_in}, as sizes says")
            for row in layer["W"]:
                _check_numbers(f"a row of W in layer {l}", row, n_out)
            _check_numbers(f"b in layer {l}", layer["b"], n_out)
        model = _network(header)
        with np.errstate(over="ignore"):  # too large for float32: infinite, and said below
            for l, layer in enumerate(layers, start=1):
                model.params.W[l][:] = [[float(x) for x in row] for row in layer["W"]]
                model.params.b[l][:] = [float(x) for x in layer["b"]]
        _check_loaded(model.params)
        return model


def _check_numbers(name: str, row: Any, n: int) -> None:
    if type(row) is not list or len(row) != n or not set(map(type, row)) <= set(_NUMBER):
        raise ValueError(f"{name} is not a list of {n} numbers, as sizes says")


def _check_loaded(params: Params) -> None:
    if not np.isfinite(params.flat).all():
        raise ValueError("a number is infinite or NaN; expected finite numbers")


def _model(npz: Npz, record: dict[str, Any], others: set[str]) -> MLP:
    """Read the network in an .npz file that has arrays called `others` besides."""
    shapes: dict[str, tuple[int, ...]] = {}
    layers = sum(name.startswith("W") for name in npz.arrays)
    for l, (n_in, n_out) in enumerate(_check_architecture(record, layers), start=1):
        shapes |= {f"W{l}": (n_in, n_out), f"b{l}": (n_out,)}
    if npz.texts != {_HEADER} or npz.arrays.keys() != shapes.keys() | others:
        raise ValueError("it does not hold one W and b for each layer, as sizes says")
    for name, shape in shapes.items():
        _check_array(npz, name, shape, record["dtype"])
    model = _network(record)
    for l in model.params.W:
        model.params.W[l] = npz.read(f"W{l}")
        model.params.b[l] = npz.read(f"b{l}")
    _check_loaded(model.params)
    return model


def _check_array(npz: Npz, name: str, shape: tuple[int, ...], dtype: str) -> None:
    found = npz.arrays[name]
    if found.shape != shape or found.dtype.newbyteorder("=").name != dtype:
        claim = _short(f"{found.dtype} of shape {found.shape}")
        raise ValueError(f"{name} is {claim}; expected {_short(dtype)} of shape {shape}")


def _training(npz: Npz, header: dict[str, Any]) -> Training:
    _check_format(header, TRAINING)
    kinds = {"model": dict, "config": dict, "generator": dict, "history": dict}
    more = {"digits": str} if "digits" in header else {}
    _check_record("the header", header, {"format": str, "version": int} | more | kinds)
    # TrainConfig checks the values; but a default would take the place of one that is missing.
    _check_names("config", header["config"], [f.name for f in fields(TrainConfig)])
    config = TrainConfig(**header["config"])
    model = _model(npz, header["model"], {"velocity"} if config.momentum else set())
    training = Training(model, config, _generator(header["generator"]))
    if training.velocity is not None:
        _check_array(npz, "velocity", model.params.flat.shape, model.dtype.name)
        training.velocity.flat = npz.read("velocity")
        _check_loaded(training.velocity)
    training.history = _history(header["history"], config.epochs)
    return training


def _history(record: dict[str, Any], epochs: int) -> History:
    _check_record("history", record, {f.name: list for f in fields(History)})
    for name, values in record.items():
        if not all(type(x) is float and abs(x) < np.inf for x in values):
            raise ValueError(f"{name} in history is not a list of finite numbers")
    history = History(**record)
    done, measured = len(history.train_loss), len(history.val_loss)
    if done > epochs or measured not in (0, done) or measured != len(history.val_accuracy):
        raise ValueError("the lists in history do not fit one another, or the number of epochs")
    return history


def _generator(record: dict[str, Any]) -> np.random.Generator:
    """Make a generator whose state is the saved one, checked number by number.

    NumPy would take a position beyond the end of its buffer, and read there.
    """
    name = record.get("bit_generator")
    if type(name) is not str or name not in _BIT_GENERATORS:
        expected = ", ".join(_BIT_GENERATORS)
        raise ValueError(f"the generator is {_short(repr(name))}; expected one of {expected}")
    bit_generator = _BIT_GENERATORS[name](0)
    bit_generator.state = _state("the generator", record, bit_generator.state)
    return np.random.Generator(bit_generator)


def _state(name: str, saved: Any, example: Any) -> Any:
    """Return a saved state, or a part of one, in the form of an `example`."""
    if isinstance(example, dict):
        _check_names(name, saved, example)
        return {key: _state(key, saved[key], part) for key, part in example.items()}
    if isinstance(example, str):
        return saved
    is_array = isinstance(example, np.ndarray)
    limit = np.iinfo(example.dtype).max + 1 if is_array else _STATE_LIMITS[name]
    numbers = saved if is_array else [saved]
    if (
        type(numbers) is not list
        or len(numbers) != np.size(example)
        or not all(type(n) is int and 0 <= n < limit for n in numbers)
    ):
        raise ValueError(f"{name} of the generator is not a possible one")
    return np.array(saved, example.dtype) if is_array else saved
