/** Charts of uPlot, which the server has from an installed package: window.uPlot. */

import { degrees, minuteOf, temperature, timeIn } from "./measures.js";
import { colour, whenRecoloured } from "./palette.js";

const { uPlot } = window;

/**
 * A chart that is as wide and as high as its element, and redrawn when the theme changes.
 *
 * It is made when the element's size is first known, so that nobody asks for a size in the middle of a frame.
 */
export class Chart {
  #plot = null;
  #options;
  #data;
  #sizes;
  #forget;

  constructor(element, options, data) {
    this.#options = options;
    this.#data = data;
    this.#sizes = new ResizeObserver(([entry]) => this.#fit(element, entry.contentRect));
    this.#sizes.observe(element);
    this.#forget = whenRecoloured(() => this.#plot?.redraw(false, true));
  }

  show(data) {
    this.#data = data;
    this.#plot?.setData(data);
  }

  close() {
    this.#sizes.disconnect();
    this.#forget();
    this.#plot?.destroy();
    this.#plot = null;
  }

  #fit(element, { width, height }) {
    if (width < 10 || height < 10) return;
    if (this.#plot) this.#plot.setSize({ width, height });
    else this.#plot = new uPlot({ ...this.#options, width, height }, this.#data, element);
  }
}

/** Ten minutes in a tile: a line, and the limits. `machine` has the limits, `nowS` tells the right edge. */
export function sparkOptions(machine, nowS) {
  return {
    padding: [4, 2, 4, 2],
    cursor: { show: false },
    legend: { show: false },
    axes: [{ show: false }, { show: false }],
    scales: {
      x: { range: () => [nowS() - 600, nowS()] },
      y: { range: (_, low, high) => withLimit(low, high, machine()) },
    },
    series: [{}, { stroke: () => colour("line"), width: 2, points: { show: false } }],
    hooks: { drawClear: [(plot) => drawLimits(plot, machine(), drawLimit)] }, // no axes, so no drawAxes
  };
}

/** The last hour of one machine, large. */
export function hourOptions(machine, nowS) {
  return {
    padding: [12, 26, 0, 0],
    legend: { show: false },
    axes: axes((seconds) => minuteOf(seconds * 1000)),
    scales: {
      x: { range: () => [nowS() - 3600, nowS()] },
      y: { range: (_, low, high) => withLimit(low, high, machine()) },
    },
    series: [{}, { stroke: () => colour("line"), width: 2, points: { show: false } }],
    hooks: limitHooks(machine),
  };
}

/** A day: mean as a line in the band between lowest and highest; `zoom(from, to)` in seconds, `reset()`. */
export function dayOptions(machine, span, zoom, reset) {
  return {
    padding: [12, 26, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, bind: { dblclick: () => () => (reset(), null) } },
    axes: axes((seconds) => timeIn(...span())(seconds * 1000)),
    scales: {
      x: { range: () => span() },
      y: { range: (_, low, high) => withLimit(low, high, machine()) },
    },
    series: [
      {},
      { stroke: () => colour("band"), width: 1, points: { show: false } },
      { stroke: () => colour("band"), width: 1, points: { show: false } },
      { stroke: () => colour("line"), width: 2, points: { show: false } },
    ],
    bands: [{ series: [2, 1], fill: () => colour("band") }],
    hooks: {
      ...limitHooks(machine),
      setSelect: [(plot) => select(plot, zoom)],
    },
  };
}

function select(plot, zoom) {
  const { left, width } = plot.select;
  if (width < 5) return;
  zoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

function axes(time) {
  const look = {
    stroke: () => colour("ink-soft"),
    font: "13px Inter, system-ui, sans-serif",
    grid: { stroke: () => colour("grid"), width: 1 },
    ticks: { show: false },
  };
  return [
    { ...look, space: 90, values: (_, splits) => splits.map(time) },
    { ...look, size: 64, values: (_, splits) => splits.map((celsius) => degrees(celsius)) },
  ];
}

/** The limit is always in sight: a line that is far from it is good news. */
function withLimit(low, high, { limit }) {
  const bottom = Math.min(low ?? limit - 10, limit - 1);
  const top = Math.max(high ?? limit, limit);
  const margin = Math.max(1, (top - bottom) * 0.08);
  return [bottom - margin, top + margin];
}

/** The line under the readings, its name over them. */
function limitHooks(machine) {
  return {
    drawAxes: [(plot) => drawLimits(plot, machine(), drawLimit)],
    draw: [(plot) => drawLimits(plot, machine(), nameLimit)],
  };
}

function drawLimits(plot, { limit, warn }, draw) {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const [celsius, name, dash] of [
    [limit, "critical-line", []],
    [warn, "warning-line", [5, 5]],
  ]) {
    if (celsius === null || celsius === undefined) continue;
    const y = plot.valToPos(celsius, "y", true);
    if (y >= bbox.top && y <= bbox.top + bbox.height) draw(plot, celsius, y, colour(name), dash);
  }
  ctx.restore();
}

function drawLimit({ ctx, bbox }, celsius, y, ink, dash) {
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.strokeStyle = ink;
  ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
}

function nameLimit({ ctx, bbox }, celsius, y, ink) {
  const words = temperature(celsius);
  const px = devicePixelRatio;
  const left = bbox.left + 8 * px; // the newest readings are on the right
  ctx.font = `600 ${13 * px}px Inter, system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = colour("surface");
  const width = ctx.measureText(words).width;
  ctx.fillRect(left - 4 * px, y - 9 * px, width + 8 * px, 18 * px);
  ctx.fillStyle = ink;
  ctx.fillText(words, left, y);
}
