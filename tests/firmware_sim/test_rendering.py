import pytest

from firmware_sim.rendering import Shown, render


@pytest.mark.parametrize(
    ("template", "number", "decimals", "text"),
    [
        ("<c>", 70.0, 2, "70.00"),
        ("<c>", 70.0625, 4, "70.0625"),
        ("<c>", 70.0, 0, "70"),
        ("<c:g>", 70.0, 2, "70"),
        ("<c:g>", 83.4, 1, "83.4"),
        ("<c:r>", 70.0, 2, "70.0"),
        ("<c:+07.2f>", 65.27, 2, "+065.27"),
        ("<c:+07.2f>", -5.5, 2, "-005.50"),
        ('{"t":<c:.1f>}', 70.25, 2, '{"t":70.2}'),
    ],
)
def test_a_number_in_a_template(template: str, number: float, decimals: int, text: str) -> None:
    assert render(template, {"c": Shown(number, decimals)}) == text


def test_a_sentinel_text_stands_for_the_number_in_every_unit() -> None:
    gone = Shown(0.0, 2, "nan")
    assert render("<c:.2f> <f:.1f> <k>", {"c": gone, "f": gone.in_fahrenheit(), "k": gone.in_kelvin()}) == "nan nan nan"


def test_other_units() -> None:
    warm = Shown(25.0, 1)
    assert (warm.in_fahrenheit().number, warm.in_kelvin().number) == (77.0, 298.15)


def test_an_unknown_field_is_a_mistake_in_the_data_file() -> None:
    with pytest.raises(KeyError):
        render("<celsius>", {"c": 1})
