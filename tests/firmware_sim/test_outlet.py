import asyncio

from firmware_sim.outlet import Presence, until


def test_presence_begins_empty() -> None:
    assert not Presence().listening


def test_who_waits_for_a_listener_is_woken() -> None:
    async def scene() -> bool:
        presence = Presence()
        waiting = asyncio.create_task(presence.begins())
        await asyncio.sleep(0)
        assert not waiting.done()
        presence.set(listening=True)
        await waiting
        return presence.listening

    assert asyncio.run(scene())


def test_who_waits_for_the_end_is_woken() -> None:
    async def scene() -> bool:
        presence = Presence()
        presence.set(listening=True)
        waiting = asyncio.create_task(presence.ends())
        await asyncio.sleep(0)
        assert not waiting.done()
        presence.set(listening=False)
        await waiting
        return presence.listening

    assert not asyncio.run(scene())


def test_ends_before_is_false_when_the_time_came_first() -> None:
    async def scene() -> bool:
        presence = Presence()
        presence.set(listening=True)
        return await presence.ends_before(asyncio.get_running_loop().time() + 0.01)

    assert asyncio.run(scene()) is False


def test_ends_before_is_true_at_once_when_nobody_is_there() -> None:
    async def scene() -> bool:
        return await Presence().ends_before(asyncio.get_running_loop().time() + 3600)

    assert asyncio.run(scene()) is True


def test_ends_before_lets_others_run_when_the_time_has_passed() -> None:
    async def scene() -> bool:
        presence = Presence()
        presence.set(listening=True)
        other = asyncio.create_task(asyncio.sleep(0))
        assert await presence.ends_before(0.0) is False
        await asyncio.sleep(0)
        return other.done()

    assert asyncio.run(scene())


def test_until_asks_until_it_is_so() -> None:
    answers = [False, False, True]

    async def scene() -> None:
        await until(lambda: answers.pop(0))

    asyncio.run(scene())
    assert answers == []
