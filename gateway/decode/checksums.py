"""Checks that devices append to their lines. Pure functions over bytes."""


def xor8(data: bytes) -> int:
    """NMEA 0183: all bytes between `$` and `*`."""
    result = 0
    for byte in data:
        result ^= byte
    return result


def crc16_reflected(data: bytes, start: int) -> int:
    """Polynomial 0xA001: Modbus RTU starts with 0xFFFF, SDI-12 with 0."""
    crc = start
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def crc16_modbus(data: bytes) -> bytes:
    """The two bytes at the end of a Modbus RTU frame, low byte first (Modbus over serial line V1.02, 6.2.2)."""
    return crc16_reflected(data, 0xFFFF).to_bytes(2, "little")


def crc_sdi12(data: bytes) -> bytes:
    """Three printable characters (SDI-12 specification 1.3, 4.4.12); Vaisala's WXT stations use them too."""
    crc = crc16_reflected(data, 0)
    return bytes((0x40 | crc >> 12, 0x40 | crc >> 6 & 0x3F, 0x40 | crc & 0x3F))


def crc16_ccitt(data: bytes) -> int:
    """Polynomial 0x1021 from 0: the `!B82C` at the end of a RainWise CC-3000 record."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc
