import { ago } from "./measures.js";
import { showPairs } from "./pairs.js";
import { integer, say } from "./words.js";

/** How each watched gateway is: its backlog, its last delivery, its devices. */
export function showGateways(list, nothing, gateways, nowMs) {
  nothing.hidden = gateways.length > 0;
  while (list.children.length > gateways.length) list.lastElementChild.remove();
  while (list.children.length < gateways.length) list.append(row());
  gateways.forEach((gateway, index) => write(list.children[index], gateway, nowMs));
}

function row() {
  const element = document.createElement("li");
  const head = document.createElement("p");
  head.className = "what";
  const facts = document.createElement("dl");
  element.append(head, facts);
  return element;
}

function write(element, gateway, nowMs) {
  const [head, facts] = element.children;
  element.dataset.state = !gateway.up ? "down" : gateway.devices_down || gateway.why ? "ailing" : "up";
  const words = gateway.up ? say("Gateway {where} answers", where(gateway)) : say("Gateway {where} is gone", where(gateway));
  if (head.textContent !== words) head.textContent = words;
  const pairs = gateway.up
    ? [
        [say("Waiting to be sent"), gateway.backlog === null ? "–" : integer(gateway.backlog)],
        [say("Last delivery"), gateway.last_delivery_ms ? ago(nowMs - gateway.last_delivery_ms) : "–"],
        [say("Devices"), devices(gateway)],
      ]
    : [];
  if (gateway.why) pairs.push([say("Reason"), gateway.why]);
  showPairs(facts, pairs);
}

function devices({ devices_up: up, devices_down: down }) {
  if (up === null || up === undefined) return "–";
  const well = say("{n} connected", { n: integer(up) });
  return down ? `${well}, ${say("{n} lost", { n: integer(down) })}` : well;
}

function where({ url }) {
  return { where: url.replace(/^https?:\/\//, "").replace(/\/$/, "") };
}
