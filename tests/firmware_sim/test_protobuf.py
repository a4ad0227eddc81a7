from firmware_sim.protobuf import chunk, integer, real, varint


def test_varints_of_the_encoding_guide() -> None:
    assert varint(0) == b"\x00"
    assert varint(1) == b"\x01"
    assert varint(150) == b"\x96\x01"
    assert varint(-2) == bytes.fromhex("feffffffffffffffff01")


def test_fields_of_the_encoding_guide() -> None:
    assert integer(1, 150).hex() == "089601"
    assert chunk(2, b"testing").hex() == "120774657374696e67"
    assert real(12, 182.5).hex() == "6500803643"
