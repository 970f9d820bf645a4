"""Checkpoints: tensors as safetensors, all else as JSON beside them; never pickle.

The tensors get a file of their own name, after their digest; then the JSON names it; then older ones go. So
whenever this is stopped, a whole checkpoint is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.disk.unfinished import new_file
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Missing, Unreadable, read_bytes
from deltasim.runtime.readers.json_text import read_json
from deltasim.runtime.readers.tensors import read_tensors

FILE = "checkpoint.json"


class Form(NamedTuple):
    """Checkpoints of one kind: format and version, the types of their fields, and what is said of wrong ones.

    ``belongs`` says what one of another subject is of; ``remedy`` what to do about a damaged one, ``origin``
    what folder has one.
    """

    format: str
    version: int
    fields: Mapping[str, Any]
    belongs: str
    remedy: str
    origin: str


def write_checkpoint(
    form: Form,
    folder: Path,
    subject: str,
    fields: Mapping[str, Any],
    tensors: Mapping[str, Numbers],
    place: str,
    kept: str,
) -> None:
    """Write a checkpoint; ``subject`` says of what it is: only that goes on from it.

    ``place`` is where the work is, ``kept`` which checkpoint is left where the disk does not take this one:
    both for the InputError then.
    """
    from safetensors.numpy import save

    content = save(dict(tensors))
    digest = hashlib.sha256(content).hexdigest()
    file = f"checkpoint-{digest[:16]}.safetensors"
    record = {
        "format": form.format,
        "version": form.version,
        "subject": subject,
        "tensors": file,
        "digest": digest,
        **fields,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with new_file(folder / file) as part:
            part.write(content)
        with new_file(folder / FILE) as part:
            part.write((json.dumps(record, indent=1) + "\n").encode())
        remove_tensors(folder, but=file)
    except OSError as error:
        rule = f"a checkpoint could not be written ({error.strerror or error})"
        raise InputError(folder, place, rule, f"{kept} is kept: make room, then resume.") from None


def remove_tensors(folder: Path, but: str = "") -> None:
    """Remove the tensors of all checkpoints but one."""
    for older in folder.glob("checkpoint-*.safetensors"):
        if older.name != but:
            older.unlink()


def remove_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a folder, where it has one."""
    (folder / FILE).unlink(missing_ok=True)
    remove_tensors(folder)


def read_checkpoint(form: Form, folder: Path, subject: str) -> tuple[dict[str, Any], dict[str, Numbers]]:
    """The record and the tensors of a folder's checkpoint.

    Errors: InputError for none, a damaged one, or one of another subject.
    """
    place = folder / FILE
    try:
        record = read_json(place)
    except Missing:
        rule = "there is no checkpoint to go on from"
        raise InputError(place, "no such file", rule, f"Name the folder of {form.origin}.") from None
    except Unreadable as error:
        rule = f"it is no checkpoint ({error.reason})"
        raise InputError(error.at(place), "damaged", rule, form.remedy) from None
    require_record(form, record, place)
    if record["subject"] != subject:
        rule = f"it is of {form.belongs}"
        raise InputError(place, f"subject {record['subject'][:12]}", rule, "Give what it was begun with.")
    return record, tensors_of(folder / Path(record["tensors"]).name, record["digest"], form.remedy)


def require_record(form: Form, record: Any, place: Path) -> None:
    """Refuse JSON that is no checkpoint's of this form."""
    kinds: Mapping[str, Any] = {"subject": str, "tensors": str, "digest": str, **form.fields}
    sound = (
        isinstance(record, dict)
        and record.get("format") == form.format
        and record.get("version") == form.version
        and all(isinstance(record.get(name), kind) for name, kind in kinds.items())
    )
    if not sound:
        raise InputError(place, "other content", "it is no checkpoint of this version", form.remedy)


def tensors_of(place: Path, digest: str, remedy: str) -> dict[str, Numbers]:
    """The tensors of a checkpoint."""
    try:
        if hashlib.sha256(read_bytes(place)).hexdigest() != digest:
            raise Unreadable("its content is not what was written")
        return read_tensors(place)
    except Unreadable as error:
        rule = f"the tensors of a checkpoint are safetensors ({error.reason})"
        raise InputError(place, "damaged", rule, remedy) from None
