from firmware_sim.checksums import modbus_crc, nmea_checksum


def test_nmea_checksum_of_a_sentence_in_a_manual() -> None:
    assert nmea_checksum("WIXDR,C,23.3,C,0,H,50.1,P,0,P,1009.5,H,0") == "75"
    assert nmea_checksum("YXMTW,15.2,C") == "14"


def test_nmea_checksum_has_two_digits() -> None:
    assert nmea_checksum("A") == "41"
    assert nmea_checksum("AA") == "00"


def test_modbus_crc_of_published_frames() -> None:
    assert modbus_crc(bytes.fromhex("010400010001")) == bytes.fromhex("600a")
    assert modbus_crc(bytes.fromhex("0104020131")) == bytes.fromhex("7974")
    assert modbus_crc(bytes.fromhex("018402")) == bytes.fromhex("c2c1")
