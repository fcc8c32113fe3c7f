"""What a customer can lay under the camera: ID cards of people who do not exist, and a card that says SPECIMEN."""

from importlib.resources import files
from typing import Literal, get_args

Document = Literal["specimen", "citizen", "worn", "expired", "copy"]
"""Nobody's data; a good ID card, one rubbed off in part, one that has run out; a photocopy of the good one."""

Side = Literal["front", "back"]
"""Which side is up."""

DOCUMENTS: tuple[Document, ...] = get_args(Document)


def jpeg(document: Document, side: Side) -> bytes:
    """Return the picture of a side, in colour; there is none of `specimen`, and a copy's is that of its original.

    Raises:
        FileNotFoundError: there is none.
    """
    name = "citizen" if document == "copy" else document
    return files("device_sim").joinpath(f"id_pictures/{name}_{side}.jpg").read_bytes()
