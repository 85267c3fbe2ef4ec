"""What the chart writes of kinds that Kubernetes itself does not know, by their documentation."""

from collections.abc import Mapping
from typing import Any, Final

_TEXTS: Final = {"type": "object", "additionalProperties": {"type": "string"}}


def _only(required: Mapping[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {**required, **optional},
    }


_SECRET_KEY: Final = _only({"name": {"type": "string"}, "key": {"type": "string"}})
_SELECTOR: Final = _only({"matchLabels": _TEXTS})
_RULE: Final = _only(
    {"alert": {"type": "string"}, "expr": {"type": "string"}, "labels": _TEXTS},
    **{"for": {"type": "string", "pattern": "^[0-9]+(s|m|h|d)$"}, "annotations": _TEXTS},
)

OF_OPERATORS: Final[Mapping[str, Any]] = {
    "ServiceMonitor": _only(
        {
            "jobLabel": {"type": "string"},
            "selector": _SELECTOR,
            "endpoints": {
                "type": "array",
                "minItems": 1,
                "items": _only(
                    {"port": {"type": "string"}, "path": {"type": "string"}},
                    interval={"type": "string", "pattern": "^[0-9]+(s|m)$"},
                    authorization=_only({"type": {"const": "Bearer"}, "credentials": _SECRET_KEY}),
                ),
            },
        }
    ),
    "PrometheusRule": _only(
        {
            "groups": {
                "type": "array",
                "items": _only(
                    {"name": {"type": "string"}, "rules": {"type": "array", "items": _RULE}}
                ),
            }
        }
    ),
    "HTTPRoute": _only(
        {
            "parentRefs": {
                "type": "array",
                "items": _only({"name": {"type": "string"}}, namespace={"type": "string"}),
            },
            "rules": {
                "type": "array",
                "items": _only(
                    {
                        "backendRefs": {
                            "type": "array",
                            "items": _only({"name": {"type": "string"}, "port": {"minimum": 1}}),
                        }
                    }
                ),
            },
        },
        hostnames={"type": "array", "items": {"type": "string"}},
    ),
}
"""What we write of kinds that Kubernetes itself does not know, by their documentation."""
