"""The keys of a [[serial]] table."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from gateway.decode.device import MQTT_DECODERS, MQTT_KEYS, DecoderName, Device


class SerialOptions(Device):
    """One [[serial]]: the port, and what is said of the device on it."""

    port: str = Field(min_length=1)
    baudrate: int = Field(default=9600, ge=50, le=4_000_000)
    bytesize: Literal[5, 6, 7, 8] = 8
    parity: Literal["none", "even", "odd", "mark", "space"] = "none"
    stopbits: Literal[1, 2] = 1
    low_latency: bool = False
    settle_s: float = Field(default=0.0, ge=0, le=60)
    stale_s: float = Field(default=60.0, ge=0, le=86_400)

    @field_validator("decoder")
    @classmethod
    def _decoder_reads_a_port(cls, decoder: DecoderName) -> DecoderName:
        if decoder in MQTT_DECODERS:
            msg = f"the decoder {decoder!r} is for MQTT messages"
            raise ValueError(msg)
        return decoder

    @model_validator(mode="after")
    def _keys_are_of_ports(self) -> "SerialOptions":
        for key in sorted(self.model_fields_set & MQTT_KEYS):
            msg = f"the key {key!r} is for MQTT messages"
            raise ValueError(msg)
        return self
