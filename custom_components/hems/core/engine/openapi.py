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
            "/v1/learn/load": {"post": _learn_load()},
            "/v1/forecast/load": {"post": _forecast_load()},
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


REFUSALS = {
    "400": "Not JSON.",
    "401": "The token is missing or wrong.",
    "408": "Too slow in coming.",
    "413": "Too long.",
    "415": "Not application/json.",
    "422": "JSON, but not a valid request; `errors` names each field.",
    "500": "A fault of the engine.",
    "503": "Too many requests wait; Retry-After says for how long.",
}
LEARNING_REFUSALS = REFUSALS | {"502": "The process that answers such questions failed; the log says why."}


def _plan() -> Json:
    return _post(
        "plan",
        "One question, one plan; the same question gives the same plan.",
        "Also answered with 200 when no plan was found in time or none exists: the plan is then made by rule and its "
        "outcome says why.",
        ("PlanRequest", json.loads(wire.encode(small_request()))),
        _json("Plan", "The plan."),
        REFUSALS,
    )


def _learn_load() -> Json:
    return _post(
        "learnLoad",
        "Learn how a home uses energy and keep it.",
        "The same history is learned once. Takes up to half a minute of one core, beside planning.",
        ("LearnLoadRequest", None),
        _json("LearnedLoad", "What is kept now."),
        LEARNING_REFUSALS | {"409": "Too little history to learn from, or nowhere to keep what is learned."},
    )


def _forecast_load() -> Json:
    return _post(
        "forecastLoad",
        "The load to come, by the method that was best on recent days.",
        "Without anything learned, simple methods compete among themselves and `health` says so.",
        ("LoadForecastRequest", None),
        _json("LoadForecast", "The forecast, its method and how good each method was."),
        LEARNING_REFUSALS,
    )


def _post(
    operation: str,
    summary: str,
    description: str,
    asked: tuple[str, Json | None],
    answer: Json,
    refusals: dict[str, str],
) -> Json:
    schema, example = asked
    content: Json = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
    if example is not None:
        content["example"] = example
    return {
        "operationId": operation,
        "summary": summary,
        "description": description,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {"200": answer} | {status: _problem(text) for status, text in refusals.items()},
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
