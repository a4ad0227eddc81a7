MAX_JOURNALS = 64  # per sensor; a gateway has a new journal only when its old one was lost

Seen = dict[str, list[int]]  # "partition/gateway/journal" -> [highest sequence, newest measured_at in ms]


def is_resend(seen: Seen, partition: int, event_id: str | None, measured_at_ms: int) -> bool:
    """Tell whether this reading of a sensor was there before, and note in `seen` that it is there now.

    A gateway keeps the readings of one sensor in order, so a sequence that is not above the highest one is a resend:
    two numbers per sensor are enough, for ever. Only when it is also measured later than everything before it is it a
    new reading after all: then the gateway's disk was restored from an old image, and it uses its sequences again.

    Each partition is counted by itself, since the order holds only within one. All readings of a sensor are in one
    until the topic is given more partitions; what is resent across that moment is taken for new rather than lost.

    A reading whose event_id cannot be read is never a resend.
    """
    journal, _, sequence_text = (event_id or "").rpartition("/")
    if not (journal and sequence_text.isascii() and sequence_text.isdecimal()):
        return False
    key, sequence = f"{partition}/{journal}", int(sequence_text)
    highest, newest_ms = seen.pop(key, [0, measured_at_ms])
    seen[key] = [max(highest, sequence), max(newest_ms, measured_at_ms)]  # at the end: the latest one heard of
    if len(seen) > MAX_JOURNALS:
        del seen[next(iter(seen))]
    return sequence <= highest and measured_at_ms <= newest_ms
