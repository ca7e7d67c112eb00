"""The service described for machines: OpenAPI 3.1, generated from the messages themselves."""

import json
from typing import Any

from .. import wire
from . import VERSION
from .example import small_request

type Json = dict[str, Any]


def document() -> Json:
    """The whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "HEMS Engine",
            "version": VERSION,
            "summary": "Plans the energy of a home.",
            "description": "Units are in the names (kW, kWh, h, degC). Positive power draws from the site's bus. "
            "Every timestamp carries a zone.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": {
            "/v1/plan": {"post": _plan()},
            "/v1/health": {"get": _get("health", "How the engine is.", _json("EngineHealth", "Answered at once."))},
            "/openapi.json": {
                "get": _get("openapi", "This document.", _content("application/json", {"type": "object"}))
            },
            "/metrics": {"get": _get("metrics", "For Prometheus.", _content("text/plain", {"type": "string"}))},
        },
        "components": {
            "schemas": wire.schemas(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "On TCP; a Unix socket needs none."}
            },
        },
    }


def _plan() -> Json:
    refusals = {
        "400": "Not JSON.",
        "401": "The token is missing or wrong.",
        "408": "Too slow in coming.",
        "413": "Too long.",
        "415": "Not application/json.",
        "422": "JSON, but not a valid request; `errors` names each field.",
        "500": "A fault of the engine.",
        "503": "Too many requests wait; Retry-After says for how long.",
    }
    return {
        "operationId": "plan",
        "summary": "One question, one plan; the same question gives the same plan.",
        "description": "Also answered with 200 when no plan was found in time or none exists: the plan is then "
        "made by rule and its outcome says why.",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/PlanRequest"},
                    "example": json.loads(wire.encode(small_request())),
                }
            },
        },
        "responses": {"200": _json("Plan", "The plan.")}
        | {status: _problem(text) for status, text in refusals.items()},
    }


def _get(operation: str, summary: str, answer: Json) -> Json:
    return {
        "operationId": operation,
        "summary": summary,
        "responses": {"200": answer, "401": _problem("The token is missing or wrong.")},
    }


def _json(schema: str, description: str) -> Json:
    return _content("application/json", {"$ref": f"#/components/schemas/{schema}"}, description)


def _problem(description: str) -> Json:
    return _content("application/problem+json", {"$ref": "#/components/schemas/Problem"}, description)


def _content(media_type: str, schema: Json, description: str = "The document.") -> Json:
    return {"description": description, "content": {media_type: {"schema": schema}}}
