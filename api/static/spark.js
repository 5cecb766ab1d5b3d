/** A trend without axes, drawn by uPlot. */
import uPlot from "./vendor/uplot/uPlot.esm.js";

const drawn = new Map();
const colour = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();

/** Draw a series of `{from, value}` up to `until` into an element; `before` is the same stretch of the period before. */
export function trend(element, series, until) {
  const points = series.filter((bucket) => new Date(bucket.from) <= new Date(until));
  const data = [points.map((bucket) => new Date(bucket.from) / 1000), points.map((bucket) => bucket.value)];
  const known = drawn.get(element);
  if (known) known.chart.setData(data);
  else drawn.set(element, { chart: chart(element, data), watch: watch(element) });
}

/** Forget charts whose elements are gone. */
export function sweep() {
  for (const [element, { chart, watch }] of drawn) {
    if (element.isConnected) continue;
    watch.disconnect();
    chart.destroy();
    drawn.delete(element);
  }
}

/** Draw all anew in the colours of the theme. */
export function recolour() {
  for (const { chart } of drawn.values()) chart.redraw();
}

function chart(element, data) {
  const line = (u) => colour(u.root, "--trend");
  const fill = (u) => {
    const { top, height } = u.bbox;
    const shade = u.ctx.createLinearGradient(0, top, 0, top + height);
    shade.addColorStop(0, colour(u.root, "--trend-fill"));
    shade.addColorStop(1, colour(u.root, "--trend-none"));
    return shade;
  };
  return new uPlot({
    width: element.clientWidth || 100,
    height: element.clientHeight || 40,
    padding: [4, 2, 2, 2],
    cursor: { show: false },
    legend: { show: false },
    axes: [{ show: false }, { show: false }],
    scales: { x: { time: false }, y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.05 : 1] } },
    series: [{}, { stroke: line, fill, width: 2, points: { show: data[0].length < 2, size: 5, fill: line }, paths: uPlot.paths.spline() }],
  }, data, element);
}

function watch(element) {
  const seen = new ResizeObserver(() => {
    drawn.get(element)?.chart.setSize({ width: element.clientWidth, height: element.clientHeight });
  });
  seen.observe(element);
  return seen;
}
