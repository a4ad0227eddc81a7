import asyncio

from dashboard.intake import Intake
from dashboard.plant.plant import Plant
from tests.dashboard.golden import valid
from tests.dashboard.plant.examples import at

TOPICS = ("sensor-suhu", "sensor-suhu-alerts", "sensor-suhu-incidents", "sensor-suhu-stats")


def test_records_of_every_topic_reach_the_plant_and_others_are_counted() -> None:
    async def scenario() -> None:
        plant = Plant({}, 100, stale_after_s=5.0)
        touched = []
        intake = Intake("sensor-suhu", plant, lambda: at(0), asyncio.get_running_loop(), lambda: touched.append(1))
        for topic in TOPICS:
            await asyncio.to_thread(intake.take, topic, 0, [*valid(topic), b"no json", None], live=True)
        shown = plant.snapshot(at(0))
        assert {tile["id"] for tile in shown["sensors"]} == {"S1", "S2", "S3", "tungku/utara #4 °", "mesin-7"}
        assert (len(shown["alerts"]), len(shown["incidents"])) == (1, 3)
        assert shown["stats"].keys() == {"S1", "tungku/utara #4 °"}
        assert shown["skipped"] == {"malformed": 8, "retained": 2}
        assert dict(intake.records) == {
            "sensor-suhu": 11,
            "sensor-suhu-alerts": 3,
            "sensor-suhu-incidents": 8,
            "sensor-suhu-stats": 6,
        }
        assert touched

    asyncio.run(scenario())
