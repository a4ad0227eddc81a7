"""What a user says of a device: the keys of a [[serial]] table and of [[mqtt.devices]] that concern its format.

Everything is optional; without any, the format is recognised where it names its quantity or unit.
"""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from gateway.decode.profiles import PROFILES, profile_name

list_ = list  # Device has a key of that name
Text = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Unit = Literal["C", "F", "K"]
DecoderName = Literal[
    "auto", "text", "json", "csv", "regex", "nmea", "gcode", "dcon", "sdi12", "rflink", "jeelink_lacrosse",
    "mysensors", "opentherm", "vedirect", "modbus_rtu", "ruuvi_df5", "cayenne_lpp", "tag_list", "senml", "sparkplug_b",
]  # fmt: skip

MQTT_DECODERS = frozenset({"ruuvi_df5", "cayenne_lpp", "tag_list", "senml", "sparkplug_b"})
MQTT_KEYS = frozenset({"json_paths", "list", "id", "value", "quality", "quality_ok", "tags"})


class Keys(BaseModel):
    """What the tables share: an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)  # see section.py


class Column(Keys):
    """One column with a temperature, counted from 0."""

    id: Text | None = None
    unit: Unit = "C"
    scale: float = 1.0


class Register(Keys):
    """One temperature in the registers of a Modbus device."""

    id: Text
    reg: int = Field(ge=0, le=65_535)
    type: Literal["int16", "uint16", "int32", "uint32", "float32"] = "int16"
    word_order: Literal["big", "little"] = "big"
    unit: Unit = "C"
    scale: float = 1.0
    offset: float = 0.0
    invalid: list[float] = []  # raw values that mean "no reading"
    status_reg: int | None = Field(default=None, ge=0, le=65_535)
    status_ok: list[int] = [0]


class JsonPath(Keys):
    """One temperature in a JSON document: `OPENTHERM.TB`, `sensors[0].value`."""

    path: Text
    id: Text | None = None
    unit: Unit | None = None  # None: as the document says, else Celsius
    scale: float = 1.0


class Tag(Keys):
    """One tag of a list of tags that is a temperature."""

    id: Text | None = None
    unit: Unit = "C"
    scale: float = 1.0


class Device(Keys):
    """The format of one device; each key is used by the decoders named beside it."""

    decoder: DecoderName = "auto"
    device: Text | None = None  # profile: range and values that mean "no reading", see profiles.py
    sensor_id: Text | None = None  # of a frame that names none

    # auto, text
    accept_labels: list_[Text] = []
    skip_labels: list_[Text] = []
    decimal: Literal[".", ","] | None = None
    # text, regex, dcon, sdi12
    unit: Unit | None = None
    scale: float = 1.0
    # text, csv, regex, dcon, sdi12: what the device prints, before scaling, when it has no reading
    invalid: list_[float] = []
    # any serial decoder: what ends a frame, in place of CR and LF
    terminator: Annotated[str, StringConstraints(min_length=1, max_length=8)] | None = None
    # csv, sdi12, dcon: columns with a temperature, counted from 0
    sep: Annotated[str, StringConstraints(min_length=1, max_length=8)] = ","
    columns: dict[int, Column] = {}
    id_column: int | None = Field(default=None, ge=0)
    # regex: the group `t` is the temperature, `id` the sensor, `unit` its unit
    pattern: str | None = None
    # modbus_rtu
    unit_id: int = Field(default=1, ge=0, le=255)
    function: Literal[3, 4] = 4
    start: int = Field(default=0, ge=0, le=65_535)
    count: int = Field(default=1, ge=1, le=125)
    fields: list_[Register] = []
    # json
    json_paths: list_[JsonPath] = []
    # tag_list: the key of the list, and the keys in each of its elements
    list: Text = "values"
    id: Text = "id"
    value: Text = "value"
    quality: Text | None = None
    quality_ok: list_[int | float | str | bool] = []
    tags: dict[str, Tag] = {}

    @field_validator("device")
    @classmethod
    def _profile_is_known(cls, name: str | None) -> str | None:
        if name is not None and profile_name(name) not in PROFILES:
            msg = f"no profile of that name; there are {', '.join(sorted(PROFILES))}"
            raise ValueError(msg)
        return name

    @field_validator("pattern")
    @classmethod
    def _pattern_has_a_temperature(cls, pattern: str | None) -> str | None:
        if pattern is None:
            return None
        try:
            groups = re.compile(pattern).groupindex
        except re.error as exc:
            msg = f"not a regular expression: {exc}"
            raise ValueError(msg) from None
        if "t" not in groups:
            msg = "the temperature must be in a group (?P<t>…)"
            raise ValueError(msg)
        return pattern

    @model_validator(mode="after")
    def _decoder_has_what_it_needs(self) -> "Device":
        for name, key in (("csv", "columns"), ("regex", "pattern"), ("modbus_rtu", "fields"), ("tag_list", "tags")):
            if self.decoder == name and not getattr(self, key):
                msg = f"decoder {name!r} needs the key {key!r}"
                raise ValueError(msg)
        return self
