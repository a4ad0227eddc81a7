import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from gateway.certificate import Certificate, certificate_of, certificates_in
from tests.certificates import certificate

BEFORE_2050 = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)  # written with two digits of the year
AFTER_2049 = datetime(2051, 2, 3, 4, 5, 6, tzinfo=UTC)  # with four


@pytest.mark.parametrize("ends_at", [BEFORE_2050, AFTER_2049])
def test_name_and_end_are_read(tmp_path: Path, ends_at: datetime) -> None:
    made = certificate(tmp_path / "c", "tungku.example", trustme.CA(), not_after=ends_at)
    assert certificates_in(made.certificate.read_text()) == [Certificate("tungku.example", ends_at)]


def test_every_certificate_of_a_file_is_read_and_keys_are_passed_over(tmp_path: Path) -> None:
    authority = trustme.CA(organization_name="Pabrik", organization_unit_name="IT")
    made = certificate(tmp_path / "c", "a.example", authority, not_after=BEFORE_2050)
    text = f"Subject: a\n{made.key.read_text()}{made.certificate.read_text()}\n{made.authority.read_text()}"
    assert [one.subject for one in certificates_in(text)] == ["a.example", "Pabrik, IT"]
    assert certificates_in(made.key.read_text()) == []
    assert certificates_in("") == []


@pytest.mark.parametrize("length", [0, 1, 2, 5, 30, 100, 200])
def test_a_certificate_that_is_cut_off_is_none(tmp_path: Path, length: int) -> None:
    made = certificate(tmp_path / "c", "a", trustme.CA())
    der = ssl.PEM_cert_to_DER_cert(made.certificate.read_text())
    with pytest.raises(ValueError, match="not a certificate"):
        certificate_of(der[:length])
