r"""The fields of a box, each with its JSON schema.

The OpenAPI document, the columns of the state file, seeds, filters and behaviour rules are made from this table. A
field's `description` completes the sentence "<name> must be ..." in error messages. `(?!\n)` precedes `$` because in
Python `$` also matches before a final line break.
"""

from typing import Any, Final

# Not \s: other regular expression dialects define white space differently.
_ADDRESS: Final = r"[^\u0000-\u0020,@]+@[^\u0000-\u0020,@]+"

BOX_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "id": {"type": "string"},
    "name": {"type": "string", "minLength": 1, "maxLength": 64, "description": "a string of 1 to 64 characters"},
    "extension_number": {
        "type": "string",
        "pattern": r"^[0-9]{3,64}(?!\n)$",
        "not": {"enum": ["555", "666", "777", "888"]},
        "description": "a string of 3 to 64 digits other than the reserved numbers 555, 666, 777 and 888",
    },
    "prompt": {
        "type": "string",
        "pattern": r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*(?!\n)$",
        "description": "a BCP 47 language tag such as en-US",
    },
    "enable_pin": {"type": "boolean", "default": True, "description": "true or false"},
    "pin": {"type": "string", "pattern": r"^[0-9]+(?!\n)$", "description": "a string of digits"},
    "enable_email_notify": {"type": "boolean", "default": False, "description": "true or false"},
    "recipients": {
        "type": "string",
        "pattern": rf"^({_ADDRESS}(,{_ADDRESS}){{0,14}})?(?!\n)$",
        "description": "a string of up to 15 email addresses, separated by commas without spaces",
    },
    "play_datetime": {
        "type": "string",
        "enum": ["DISABLE", "12_HOUR_CLOCK", "24_HOUR_CLOCK"],
        "description": "DISABLE, 12_HOUR_CLOCK or 24_HOUR_CLOCK",
    },
}
# Set when a box is created, and never changed.
FIXED_FIELDS: Final = ("id", "extension_number")
BOOLEAN_FIELDS: Final = tuple(name for name, schema in BOX_FIELDS.items() if schema["type"] == "boolean")
DEFAULTS: Final = {name: schema.get("default") for name, schema in BOX_FIELDS.items()}
