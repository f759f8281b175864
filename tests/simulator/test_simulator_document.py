"""The simulator answers every request that schemathesis generates as its document describes."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from bulkvm.simulator import SimulatorSettings, create_app
from bulkvm.simulator.behaviours import Behaviours
from bulkvm.simulator.fault_rules import FaultRules
from bulkvm.simulator.openapi import NUMBER_LISTS, make_openapi
from tests.simulator.requests import TOKEN, in_process

schema = schemathesis.openapi.from_asgi("/openapi.json", create_app())


# What a schema cannot express: a filter has a language of its own, a password is right or wrong.
BEYOND_SCHEMAS = {"list", "login", *NUMBER_LISTS}


@schema.parametrize()
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_call_keeps_the_document(case: "Case[Any]") -> None:
    beyond = case.operation.definition.raw["operationId"] in BEYOND_SCHEMAS
    case.call_and_validate(
        headers={"Authorization": f"Bearer {TOKEN}"}, excluded_checks=[positive_data_acceptance] if beyond else []
    )


async def test_the_document_is_served_without_a_login() -> None:
    settings = SimulatorSettings(pin_min=8)
    async with in_process(create_app(settings=settings), token="") as pbx:
        assert (await pbx.get("/openapi.json")).json() == make_openapi(settings, Behaviours())


def test_its_schemas_are_valid_and_its_calls_can_have_faults() -> None:
    for operations in make_openapi(SimulatorSettings(), Behaviours())["paths"].values():
        for operation in operations.values():
            assert FaultRules([f"503:{operation['operationId']}:1"]).match(operation["operationId"])
            for content in operation.get("requestBody", {}).get("content", {}).values():
                Draft202012Validator.check_schema(content["schema"])
