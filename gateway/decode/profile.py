"""What the numbers of a family of devices can be, and which of them mean that there is no measurement."""

from dataclasses import dataclass

from gateway.errors import FrameError

DS18B20_POWER_ON = 85.0  # what the chip holds before its first conversion, and also a real temperature


@dataclass(frozen=True, slots=True)
class Profile:
    """Range and sentinels of a family, in the unit in which the number arrives (°C for the range)."""

    invalid: frozenset[float] = frozenset()  # exact values that mean "no reading"
    suspect: frozenset[float] = frozenset()  # °C: real values that also appear when something is wrong
    lowest_celsius: float = -273.15
    highest_celsius: float = 2_500.0  # the hottest thermocouples end at 2320 °C


# -127 °C and its °F: DallasTemperature without a probe. The others: int16 and uint16 limits in hundredths and tenths.
NO_PROBE = frozenset({-127.0, -196.6, 327.67, 327.68, 655.35, 655.36, 3276.7, 6553.5, 9999.0, 9999.9, 9999.9999})
GENERIC = Profile(NO_PROBE)
DS18B20 = Profile(NO_PROBE, frozenset({DS18B20_POWER_ON}), -55.0, 125.0)
# Koenkk/zigbee2mqtt issues 798 (-100), 15173 (327.67) and 15504 (a negative value read as unsigned: 600 and more).
ZIGBEE = Profile(NO_PROBE | {-100.0}, lowest_celsius=-99.9, highest_celsius=599.0)
# home-assistant/core issue 49415: 999 and 1000 without a probe.
SHELLY = Profile(NO_PROBE | {999.0, 1000.0, -999.0}, highest_celsius=500.0)
SHELLY_PROBE = Profile(SHELLY.invalid, frozenset({DS18B20_POWER_ON}), highest_celsius=500.0)


def judged(profile: Profile, value: float, celsius: float) -> bool:
    """Whether a value is suspect.

    Raises:
        FrameError: it means that there is no reading, or is outside of what the device can measure.
    """
    if value in profile.invalid or celsius in profile.invalid:
        raise FrameError("sentinel", f"{value:g} is what such a device says when it has no measurement")
    if not profile.lowest_celsius <= celsius <= profile.highest_celsius:
        raise FrameError("out_of_range", f"{celsius:g} °C is outside of what such a device can measure")
    return celsius in profile.suspect
