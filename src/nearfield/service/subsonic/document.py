"""Answers as players read them: one tree, written as XML or as JSON."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final
from xml.etree import ElementTree

import orjson
from starlette.responses import Response

from nearfield.playlists.tracks import one_line
from nearfield.service.subsonic.errors import SubsonicError

Tree = Mapping[str, Any]
"""Names to text, numbers, truths, trees, and lists of these; None is left out.

In XML, trees and lists become elements, ``value`` the text of its own, all else attributes.
"""

API_VERSION: Final = "1.16.1"
NAMESPACE: Final = "http://subsonic.org/restapi"


def answered(tree: Tree, form: str) -> Response:
    """Return the answer to a call that went well."""
    return _response({"status": "ok", **_about(), **tree}, form)


def failed(error: SubsonicError, form: str) -> Response:
    """Return the answer to a call that failed; HTTP itself is fine, as players expect."""
    told = {"code": int(error.code), "message": error.message}
    return _response({"status": "failed", **_about(), "error": told}, form)


def _about() -> dict[str, Any]:
    return {
        "version": API_VERSION,
        "type": "nearfield",
        "serverVersion": version("nearfield"),
        "openSubsonic": True,
    }


def _response(tree: Tree, form: str) -> Response:
    if form == "json":
        body = orjson.dumps({"subsonic-response": _without_none(tree)})
        return Response(body, media_type="application/json")
    root = ElementTree.Element("subsonic-response", {"xmlns": NAMESPACE})
    _fill(root, tree)
    text = ElementTree.tostring(root, encoding="unicode")
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}', media_type="text/xml")


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_none(one) for one in value]
    return value


def _fill(element: ElementTree.Element, tree: Tree) -> None:
    for name, value in tree.items():
        if value is None:
            continue
        if name == "value":
            element.text = _text(value)
        elif isinstance(value, list):
            for one in value:
                _add(element, name, one)
        elif isinstance(value, Mapping):
            _add(element, name, value)
        else:
            element.set(name, _text(value))


def _add(parent: ElementTree.Element, name: str, value: Any) -> None:
    child = ElementTree.SubElement(parent, name)
    if isinstance(value, Mapping):
        _fill(child, value)
    else:
        child.text = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    # XML cannot hold every sign; looking at each takes long
    return text if text.isprintable() else one_line(text)
