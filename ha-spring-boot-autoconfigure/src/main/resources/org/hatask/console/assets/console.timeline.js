// Who was master when: a lane for each node, a bar for each epoch, and a band across all lanes where there was nobody.

import { s } from './console.dom.js';
import { duration, moment } from './console.text.js';

const LANE = 30;
const AXIS = 24;
const LABEL = 92;
const NARROWEST_BAND = 3;
const SHOWN_AT_LEAST = 6;
const MINUTE = 60_000;
const STEPS = [1, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440, 2880, 10_080].map(minutes => minutes * MINUTE);

/**
 * @param {object} report of the endpoint
 * @param {number} now by the clock of the node that was asked, in milliseconds, as all moments here
 * @return {{reigns: object[], gaps: object[]}} each with begin and end; a reign that goes on ends now
 */
export function mastership(report, now) {
  const reigns = [];
  const gaps = [];
  report.history.forEach((change, i) => {
    const begin = Date.parse(change.since);
    if (i > 0 && change.gapMillis > 0) {
      gaps.push({ begin: begin - change.gapMillis, end: begin, cause: change.cause, epoch: change.epoch });
    }
    const next = report.history[i + 1];
    const end = next ? Math.max(begin, Date.parse(next.since) - (next.gapMillis ?? 0)) : null;
    reigns.push({ ...change, begin, end });
  });
  const last = reigns.at(-1);
  if (last && last.end === null) {
    const over = report.masterless ? Math.max(last.begin, Date.parse(report.masterless.since)) : now;
    last.end = over;
    last.goesOn = !report.masterless;
  }
  if (report.masterless) {
    gaps.push({ begin: Date.parse(report.masterless.since), end: now, cause: 'there is no master', goesOn: true });
  }
  return { reigns, gaps };
}

/** The first moment to show. */
export function beginOf(span, reigns, now) {
  if (span === 'all' || span === 'auto') {
    const known = span === 'all' ? reigns : reigns.slice(-SHOWN_AT_LEAST);
    const first = known.length ? known[0].begin : now;
    // A little more than there is, so that the first bar is seen to begin.
    return Math.min(now - 2 * MINUTE, first - (now - first) * 0.04);
  }
  return now - Number(span) * 1000;
}

export function drawing({ reigns, gaps }, members, begin, now, width) {
  const lanes = [...new Set([...members, ...reigns.filter(reign => reign.end >= begin).map(reign => reign.node)])].sort();
  const height = lanes.length * LANE + AXIS;
  const left = Math.min(LABEL, width / 4);
  const x = at => left + (width - left - 4) * Math.max(0, Math.min(1, (at - begin) / (now - begin)));
  const y = node => lanes.indexOf(node) * LANE;
  return s('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': spoken(reigns, gaps, now) },
    lanes.map(node => [
      s('line', { class: 'lane', x1: left, x2: width, y1: y(node) + LANE / 2, y2: y(node) + LANE / 2 }),
      s('text', { class: 'lane-name', x: 0, y: y(node) + LANE / 2 + 4 }, short(node, left)),
    ]),
    ticks(begin, now, x, height, width),
    reigns.filter(reign => reign.end >= begin).map(reign => bar(reign, x, y(reign.node), now)),
    gaps.filter(gap => gap.end >= begin).map(gap => band(gap, x, height - AXIS)));
}

function bar(reign, x, y, now) {
  const from = x(reign.begin);
  const wide = Math.max(2, x(reign.end) - from);
  return s('g', { class: `reign${reign.goesOn ? ' goes-on' : ''}` },
    s('title', null, `${reign.node}, epoch ${reign.epoch}: from ${moment(reign.begin, now)} for `
      + `${duration(reign.end - reign.begin)}. ${reign.cause}`),
    s('rect', { x: from, y: y + 6, width: wide, height: LANE - 12, rx: Math.min(4, wide / 2) }),
    wide > 34 && s('text', { x: from + 7, y: y + LANE / 2 + 4 }, String(reign.epoch)));
}

function band(gap, x, height) {
  const wide = Math.max(NARROWEST_BAND, x(gap.end) - x(gap.begin));
  return s('g', { class: 'gap' },
    s('title', null, `No master for ${duration(gap.end - gap.begin)}: ${gap.cause}`),
    s('rect', { x: x(gap.end) - wide, y: 0, width: wide, height }));
}

function ticks(begin, now, x, height, width) {
  const most = Math.max(2, Math.floor(width / 130));
  const step = STEPS.find(each => (now - begin) / each <= most) ?? Math.ceil((now - begin) / most);
  const all = [];
  const zone = new Date(now).getTimezoneOffset() * MINUTE;
  for (let at = Math.ceil((begin - zone) / step) * step + zone; at < now; at += step) {
    // The last one would run into the edge.
    if (x(at) < width - 44) {
      all.push(s('g', { class: 'tick' },
        s('line', { x1: x(at), x2: x(at), y1: 0, y2: height - AXIS + 4 }),
        s('text', { x: x(at) + 4, y: height - 6 }, label(at, now, step))));
    }
  }
  return all;
}

function label(at, now, step) {
  const text = moment(at, now);
  return step >= MINUTE && text.length === 8 ? text.slice(0, 5) : text;
}

function short(name, width) {
  const most = Math.floor(width / 7.5);
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}

function spoken(reigns, gaps, now) {
  const last = reigns.at(-1);
  const open = gaps.find(gap => gap.goesOn);
  return open ? `No master for ${duration(now - open.begin)}`
    : last ? `${last.node} is master of epoch ${last.epoch}; the changes are in the table below` : 'No master is known yet';
}
