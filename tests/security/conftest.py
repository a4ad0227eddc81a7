from collections.abc import Iterator

import pytest

from tests.security.guarded import Guarded, guarded_kafka


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """One guarded broker for all tests; give topics names of your own."""
    made = guarded_kafka(tmp_path_factory.mktemp("guarded"))
    with made.kafka:
        yield made
