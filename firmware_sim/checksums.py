"""Checksums as devices compute them; shared with no reader, so that a mistake cannot hide on both sides."""


def nmea_checksum(body: str) -> str:
    """Two hex digits: XOR of everything between `$` and `*` (NMEA 0183)."""
    total = 0
    for byte in body.encode("latin-1"):
        total ^= byte
    return f"{total:02X}"


def modbus_crc(data: bytes) -> bytes:
    """CRC-16, polynomial 0xA001 reflected, start 0xFFFF, low byte first (Modbus over serial line 1.02, 6.2.2)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")
