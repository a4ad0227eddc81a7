import { showPairs } from "./pairs.js";
import { integer, say } from "./words.js";

const REASONS = {
  malformed: () => say("Not a valid record"),
  future: () => say("Clock ahead of time"),
  retained: () => say("Old value kept by an MQTT broker"),
  resent: () => say("Sent twice"),
  unreadable: () => say("Could not be read from Kafka"),
  too_many_sensors: () => say("More machines than can be shown"),
};

/** How many records were not shown, and why; a reason that this page has no words for is named as it is. */
export function showSkipped(list, nothing, skipped) {
  const found = Object.entries(skipped).filter(([, count]) => count > 0);
  nothing.hidden = found.length > 0;
  showPairs(
    list,
    found.map(([reason, count]) => [REASONS[reason]?.() ?? reason, integer(count)]),
  );
}
