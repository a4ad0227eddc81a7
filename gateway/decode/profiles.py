"""What a kind of sensor can measure, and what it sends when it has not measured."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.decode.found import Found
from gateway.errors import FrameError


@dataclass(frozen=True, slots=True)
class Profile:
    """Limits in °C, from the sensor's datasheet."""

    lowest: float
    highest: float
    invalid: tuple[float, ...] = ()  # °C; inside of the limits, and still no reading
    power_on: float | None = None  # °C; what it gives before its first measurement, and also a real value


DALLAS = Profile(-55, 125, power_on=85.0)  # -127 (DEVICE_DISCONNECTED_C) is below its range
PT100 = Profile(-200, 850)
PROFILES: Mapping[str, Profile] = {
    "ds18b20": DALLAS,
    "ds18s20": DALLAS,
    "ds1820": DALLAS,
    "ds1822": DALLAS,
    "dht11": Profile(-20, 60),  # the newer ones; 0 to 50 before
    "dht21": Profile(-40, 80),
    "dht22": Profile(-40, 80),
    "am2301": Profile(-40, 80),
    "am2302": Profile(-40, 80),
    "bme280": Profile(-40, 85),
    "bmp280": Profile(-40, 85),
    "bme680": Profile(-40, 85),
    "sht20": Profile(-40, 125),
    "sht30": Profile(-40, 125),
    "sht31": Profile(-40, 125),
    "htu21": Profile(-40, 125),  # its library's 998 and 999 are beyond
    "lm35": Profile(-55, 150),
    "tmp36": Profile(-40, 125),
    "mlx90614": Profile(-70, 380),
    "max6675": Profile(0, 1024),
    "max31855": Profile(-270, 1800),
    "max31865": PT100,
    "pt100": PT100,
    "pt1000": PT100,
    "k_type": Profile(-200, 1372),
    "j_type": Profile(-210, 1200),
    "t_type": Profile(-250, 400),
    "n_type": Profile(-200, 1300),
    "e_type": Profile(-250, 1000),
    "r_type": Profile(-50, 1768),
    "s_type": Profile(-50, 1768),
    "b_type": Profile(0, 1820),
}


def profile_name(name: str) -> str:
    """`DS18B20`, `K-type` and `k_type` are written as in the table."""
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def within(profile: Profile, found: Found) -> Found:
    """The same reading.

    Raises:
        FrameError: this kind of sensor cannot have measured that.
    """
    if found.celsius in profile.invalid:
        raise FrameError("sentinel", f"{found.celsius:g} °C is what this sensor gives when it has no reading")
    if not profile.lowest <= found.celsius <= profile.highest:
        raise FrameError(
            "out_of_range", f"{found.celsius:g} °C is outside of {profile.lowest:g} to {profile.highest:g} °C"
        )
    return found
