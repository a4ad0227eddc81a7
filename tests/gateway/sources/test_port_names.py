from pathlib import Path

from gateway.sources.port_names import PortNames, better_name, names_of


def links(folder: Path, by_id: bool = True, by_path: bool = True) -> tuple[str, Path]:
    device, root = folder / "ttyUSB0", folder / "serial"
    device.touch()
    (folder / "ttyUSB1").touch()
    for kind, made in (("by-id", by_id), ("by-path", by_path)):
        if made:
            (root / kind).mkdir(parents=True)
            (root / kind / "of-another").symlink_to(folder / "ttyUSB1")
            (root / kind / "of-this").symlink_to(device)
    return str(device), root


def test_the_names_of_a_port_are_the_links_to_it(tmp_path: Path) -> None:
    device, root = links(tmp_path)
    assert names_of(device, root) == PortNames(f"{root}/by-id/of-this", f"{root}/by-path/of-this")


def test_where_udev_made_no_names_there_are_none(tmp_path: Path) -> None:
    device, root = links(tmp_path, by_id=False, by_path=False)
    assert names_of(device, root) == PortNames(None, None)
    assert better_name(device, root) is None


def test_the_adapter_is_the_better_name_where_it_has_a_serial_number_else_the_socket(tmp_path: Path) -> None:
    device, root = links(tmp_path)
    assert better_name(device, root, has_serial_number=True) == f"{root}/by-id/of-this"
    assert better_name(device, root, has_serial_number=False) == f"{root}/by-path/of-this"


def test_the_only_other_name_is_the_better_one(tmp_path: Path) -> None:
    device, root = links(tmp_path, by_path=False)
    assert better_name(device, root) == f"{root}/by-id/of-this"


def test_a_stable_name_or_a_url_has_no_better_one(tmp_path: Path) -> None:
    _, root = links(tmp_path)
    assert better_name(f"{root}/by-id/of-this", root) is None
    assert better_name("socket://127.0.0.1:4001", root) is None
