"""The publishers that are known by their topics: one row each, the first that fits wins.

Rows that say why nothing is read come before the rows of the same family that read.
"""

import re
from dataclasses import dataclass
from typing import Literal

from gateway.decode.families import cloud, lorawan, plant, radio, shelly
from gateway.decode.families.envelope import Envelope
from gateway.decode.profile import DS18B20 as DS18B20_PROFILE
from gateway.decode.profile import GENERIC, SHELLY, SHELLY_PROBE, ZIGBEE, Profile

Special = Literal["sparkplug_b", "discovery", "homie", "wiren_board", "cayenne_text"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How the messages of some topics are read.

    `device` names a sensor by levels of the topic, counted from 0: `{1}`, and `{1:}` for it and all after it.
    """

    name: str
    filter: str  # as in MQTT; `+` also within a level (`temperature:+`)
    device: str = ""  # without it: the topic less its words of quantity
    refuse: str = ""  # reason: these messages are never readings
    scalar: bool = False  # a bare number is a temperature
    unit: str | None = None  # of a bare number
    envelope: Envelope | None = None  # where in its JSON the readings are; without it: anywhere
    special: Special | None = None  # formats that are not JSON or that teach about other topics
    profile: Profile = GENERIC


RULES = (
    # Tasmota: tele/<topic>/SENSOR and the answers to `Status 8` and `Status 10`; the full topic can be turned round.
    Rule("tasmota", "tele/+/SENSOR", "{1}"),
    Rule("tasmota", "tele/+/+/SENSOR", "{1}/{2}"),
    Rule("tasmota", "+/tele/SENSOR", "{0}"),
    Rule("tasmota", "stat/+/STATUS8", "{1}"),
    Rule("tasmota", "stat/+/STATUS10", "{1}"),
    *(
        Rule("tasmota", f"tele/+/{what}", refuse="not_measured")
        for what in ("STATE", "LWT", "INFO1", "INFO2", "INFO3", "RESULT", "UPTIME", "MARGINS", "WAKEUP", "HASS_STATE")
    ),
    Rule("tasmota", "tele/+/+", "{1}/{2}"),  # a Bluetooth sensor with a topic of its own
    Rule("tasmota", "stat/#", refuse="not_measured"),
    Rule("tasmota", "cmnd/#", refuse="command"),
    Rule("tasmota", "tasmota/discovery/#", refuse="announcement"),
    # Zigbee2MQTT: a friendly name may hold slashes, and a device may be called bridge.
    *(
        Rule("zigbee2mqtt", f"zigbee2mqtt/bridge/{what}/#", refuse="not_measured")
        for what in ("state", "info", "logging", "log", "devices", "groups", "event", "extensions", "converters",
                     "definitions", "health", "config", "request", "response", "networkmap", "definition")
    ),
    Rule("zigbee2mqtt", "zigbee2mqtt/#/availability", refuse="availability"),
    Rule("zigbee2mqtt", "zigbee2mqtt/#/set", refuse="command"),
    Rule("zigbee2mqtt", "zigbee2mqtt/#/get", refuse="command"),
    Rule("zigbee2mqtt", "zigbee2mqtt/+/set/+", refuse="command"),
    Rule("zigbee2mqtt", "zigbee2mqtt/+/get/+", refuse="command"),
    Rule("zigbee2mqtt", "zigbee2mqtt/#", "{1:}", profile=ZIGBEE),
    # Shelly, first generation.
    Rule("shelly1", "shellies/+/ext_temperature/+", "{1}/{3}", scalar=True, profile=SHELLY_PROBE),
    Rule("shelly1", "shellies/+/ext_temperature_f/+", "{1}/{3}", scalar=True, unit="F", profile=SHELLY_PROBE),
    Rule("shelly1", "shellies/+/ext_temperatures", "{1}", envelope=shelly.gen1),
    Rule("shelly1", "shellies/+/temperature", "{1}", scalar=True, profile=SHELLY),
    Rule("shelly1", "shellies/+/temperature_f", "{1}", scalar=True, unit="F", profile=SHELLY),
    Rule("shelly1", "shellies/+/sensor/temperature", "{1}", scalar=True, profile=SHELLY),
    Rule("shelly1", "shellies/+/info", "{1}", envelope=shelly.gen1),
    Rule("shelly1", "shellies/+/status", "{1}", envelope=shelly.gen1),
    Rule("shelly1", "shellies/#", refuse="not_measured"),
    # Shelly, second generation and later.
    Rule("shelly2", "+/events/rpc", "{0}", envelope=shelly.rpc),
    Rule("shelly2", "+/status/+:+", "{0}", envelope=shelly.status),
    Rule("shelly2", "+/rpc", "{0}", envelope=shelly.answer),
    # ESPHome and Home Assistant.
    Rule("esphome", "+/debug", refuse="log"),
    Rule("esphome", "+/number/#", refuse="not_measured"),
    Rule("home assistant", "homeassistant/climate/+/temperature", refuse="not_measured"),
    Rule("home assistant", "homeassistant/water_heater/+/temperature", refuse="not_measured"),
    Rule("home assistant", "+/+/+/config", special="discovery"),
    Rule("home assistant", "+/+/+/+/config", special="discovery"),
    Rule("home assistant", "homeassistant/number/#", refuse="not_measured"),
    # Homie 3, 4 and 5.
    Rule("homie", "homie/#/$unit", special="homie"),
    Rule("homie", "homie/#/$description", special="homie"),
    Rule("homie", "homie/#/$+", refuse="attribute"),
    Rule("homie", "homie/#/set", refuse="command"),
    Rule("homie", "homie/5/+/+/+", "{2}/{3}/{4}"),
    Rule("homie", "homie/+/+/+", "{1}/{2}/{3}"),
    Rule("homie", "homie/#", refuse="attribute"),
    # Wiren Board; topics begin with a slash, so that level 0 is empty.
    Rule("wiren board", "/devices/+/controls/+/meta/#", special="wiren_board"),
    Rule("wiren board", "/devices/+/controls/+/on", refuse="command"),
    Rule("wiren board", "/devices/+/controls/+/#/on", refuse="command"),
    Rule("wiren board", "/devices/+/meta/#", refuse="attribute"),
    Rule("wiren board", "/devices/+/controls/28-+", "{2}/{4}", scalar=True, profile=DS18B20_PROFILE),
    Rule("wiren board", "/devices/+/controls/+", "{2}/{4}"),
    Rule("sparkplug_b", "spBv1.0/#", special="sparkplug_b"),
    # Radio.
    Rule("theengs", "+/+/BTtoMQTT/+", envelope=radio.theengs),
    Rule("theengs", "+/+/BTtoMQTT", envelope=radio.theengs),
    Rule("rtl_433", "+/+/RTL_433toMQTT/#", envelope=radio.rtl_433),
    Rule("rtl_433", "rtl_433/+/events", envelope=radio.rtl_433),
    Rule("rtl_433", "rtl_433/+/devices/#"),
    Rule("rtl_433", "rtl_433/#", refuse="availability"),
    Rule("ruuvi", "ruuvi/+/gw_status", refuse="availability"),
    Rule("ruuvi", "ruuvi/+/+", envelope=radio.ruuvi),
    Rule("meshtastic", "msh/#/json/+/+", envelope=radio.meshtastic),
    Rule("meshtastic", "msh/#", refuse="not_measured"),
    # LoRaWAN.
    Rule("the things stack", "v3/+/devices/+/up", "{3}", envelope=lorawan.things_stack),
    Rule("the things stack", "v3/+/devices/+/#", refuse="not_measured"),
    Rule("the things network v2", "+/devices/+/up", "{2}", envelope=lorawan.things_network_v2),
    Rule("the things network v2", "+/devices/+/events/#", refuse="not_measured"),
    Rule("the things network v2", "+/devices/+/down/#", refuse="command"),
    Rule("chirpstack", "application/+/device/+/event/up", "{3}", envelope=lorawan.chirpstack),
    Rule("chirpstack", "application/+/device/+/rx", "{3}", envelope=lorawan.chirpstack),
    Rule("chirpstack", "application/+/node/+/rx", "{3}", envelope=lorawan.chirpstack),
    Rule("chirpstack", "application/+/device/+/#", refuse="not_measured"),
    # Clouds.
    Rule("aws", "$aws/things/+/shadow/update", "{2}", envelope=cloud.aws_shadow),
    Rule("aws", "$aws/things/+/shadow/update/accepted", "{2}", envelope=cloud.aws_shadow),
    Rule("aws", "$aws/things/+/shadow/name/+/update", "{2}", envelope=cloud.aws_shadow),
    Rule("aws", "$aws/things/+/shadow/name/+/update/accepted", "{2}", envelope=cloud.aws_shadow),
    Rule("aws", "$aws/#", refuse="not_measured"),  # delta, documents, get, jobs: wanted or stored
    Rule("azure", "$iothub/twin/PATCH/properties/reported/#", "azure", envelope=cloud.azure_twin),
    Rule("azure", "$iothub/#", refuse="not_measured"),
    Rule("azure", "devices/+/messages/events/#", "{1}"),
    Rule("azure", "devices/+/messages", "{1}"),
    Rule("azure", "devices/+/messages/devicebound/#", refuse="command"),
    Rule("ibm", "iot-2/type/+/id/+/evt/#", "{4}"),
    Rule("ibm", "iot-2/#", refuse="command"),
    Rule("thingsboard", "v1/devices/me/telemetry", "me", envelope=cloud.thingsboard),
    Rule("thingsboard", "v1/gateway/telemetry", envelope=cloud.thingsboard_gateway),
    Rule("thingsboard", "v1/devices/me/#", refuse="not_measured"),
    Rule("thingsboard", "v1/gateway/#", refuse="not_measured"),
    Rule("cayenne", "v1/+/things/+/data/json", "{3}", envelope=cloud.cayenne_json),
    Rule("cayenne", "v1/+/things/+/data/+", "{3}/{5}", special="cayenne_text"),
    Rule("cayenne", "v1/+/things/+/#", refuse="command"),
    # Plants and houses.
    Rule("siemens industrial edge", "ie/m/#", refuse="announcement"),
    Rule("siemens industrial edge", "ie/s/#", refuse="availability"),
    Rule("victron", "N/+/#", envelope=plant.victron),
    Rule("victron", "R/#", refuse="command"),
    Rule("victron", "W/#", refuse="command"),
    Rule("ems-esp", "ems-esp/temperaturesensor_data/+", "{2}", scalar=True, profile=DS18B20_PROFILE),
    Rule("ems-esp", "ems-esp/temperaturesensor/+", "{2}", scalar=True, profile=DS18B20_PROFILE),
    Rule("bambu lab", "device/+/report", "{1}", envelope=plant.bambu),
    Rule("bambu lab", "device/+/request", refuse="command"),
    Rule("domoticz", "domoticz/out/#", "domoticz", envelope=plant.domoticz),
    Rule("domoticz", "domoticz/in", refuse="command"),
    Rule("weewx", "weather/loop", "weather", envelope=plant.weewx),
    Rule("weewx", "weather/archive", "weather", envelope=plant.weewx),
)  # fmt: skip


def rule_of(topic: str) -> Rule | None:
    """The first rule whose filter fits."""
    return next((rule for rule, pattern in _COMPILED if pattern.fullmatch(topic)), None)


def device_of(rule: Rule, levels: list[str]) -> str:
    """The device that a rule's template takes from the topic."""

    def level(match: re.Match[str]) -> str:
        first = int(match[1])
        return "/".join(levels[first:]) if match[2] else levels[first]

    return re.sub(r"\{([0-9]+)(:?)\}", level, rule.device)


def _pattern(topic_filter: str) -> re.Pattern[str]:
    """`+` is a part of one level, `#` any levels, also none, and also in the middle."""
    pattern = re.escape(topic_filter).replace(r"/\#", "(?:/.*)?").replace(r"\+", "[^/]+")
    return re.compile(pattern, re.DOTALL)


_COMPILED = tuple((rule, _pattern(rule.filter)) for rule in RULES)
