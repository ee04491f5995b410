// How figures, durations and moments are written.

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const NUMBER = new Intl.NumberFormat('en-GB');

export function number(value) {
  return NUMBER.format(value);
}

/** Milliseconds as people say them: in the largest unit, with the next smaller one where it matters. */
export function duration(millis) {
  const value = Math.max(0, millis);
  if (value < 10) {
    return `${value.toFixed(1)} ms`;
  } else if (value < 1000) {
    return `${Math.round(value)} ms`;
  } else if (value < 60_000) {
    return `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} s`;
  }
  const seconds = Math.floor(value / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  return days > 0 ? pair(days, 'd', hours % 24, 'h') : hours > 0 ? pair(hours, 'h', minutes % 60, 'min')
    : pair(minutes, 'min', seconds % 60, 's');
}

function pair(large, unit, small, smallUnit) {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** A moment: the time of today, else with the day. */
export function moment(millis, now) {
  const sameDay = new Date(millis).toDateString() === new Date(now).toDateString();
  return (sameDay ? TIME : DAY).format(millis);
}

/** An ISO-8601 duration of hours and less, as the endpoint writes it, in milliseconds; null for null. */
export function isoMillis(text) {
  const parts = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(text ?? '');
  return parts ? ((Number(parts[1] ?? 0) * 60 + Number(parts[2] ?? 0)) * 60 + Number(parts[3] ?? 0)) * 1000 : null;
}

export function rate(perSecond) {
  return perSecond === null ? '…' : perSecond === 0 ? '0/s' : perSecond >= 100 ? `${Math.round(perSecond)}/s`
    : perSecond >= 10 ? `${perSecond.toFixed(1)}/s` : `${perSecond.toFixed(2)}/s`;
}

export function megabytes(bytes) {
  return `${Math.round(bytes / 1024 / 1024)} MB`;
}

export function plural(count, one, many) {
  return `${number(count)} ${count === 1 ? one : many}`;
}
