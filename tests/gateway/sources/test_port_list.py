from gateway.sources.port_list import PluggedIn


def port(serial_number: str | None, by_id: str | None = "by-id/x", by_path: str | None = "by-path/y") -> PluggedIn:
    return PluggedIn("/dev/ttyUSB0", by_id, by_path, "0403:6001", "FT232R", "FTDI", serial_number, ())


def test_a_port_is_best_named_by_its_adapter_if_that_can_be_told_from_others() -> None:
    assert port("A50285BI").best_name == "by-id/x"
    assert port(None).best_name == "by-path/y"
    assert port(None, by_path=None).best_name == "by-id/x"
    assert port("A50285BI", by_id=None, by_path=None).best_name == "/dev/ttyUSB0"
