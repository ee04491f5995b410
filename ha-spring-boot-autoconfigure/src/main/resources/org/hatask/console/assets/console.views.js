// What each section shows. Every function takes the state of the page and returns elements, and asks nobody.

import { h, s } from './console.dom.js';
import { duration, isoMillis, megabytes, moment, number, plural, rate } from './console.text.js';

const SLOW = 3;
const CHANGES_SHOWN = 5;
const HOW = { IN_ORDER: ', in order', VANISHED: ', without signing off' };

const WORDS = { OK: 'OK', DEGRADED: 'DEGRADED', NO_MASTER: 'NO MASTER' };

// ---- The one line

export function stateLine(report, now) {
  const { level, since } = report.status;
  return { level, word: WORDS[level] ?? level, summary: level === 'NO_MASTER' ? noMaster(report, since, now) : led(report, now) };
}

function noMaster(report, since, now) {
  const { former, epoch } = report.masterless;
  return `since ${moment(Date.parse(since), now)} (${duration(now - Date.parse(since))}). `
    + (former ? `The last one was ${former}, in epoch ${epoch}.` : 'This node has seen none yet.');
}

function led(report, now) {
  const since = Date.parse(report.master.since);
  return `${report.master.id} leads epoch ${report.master.epoch} since ${moment(since, now)} (${duration(now - since)})`
    + ` · ${plural(report.members.length, 'node', 'nodes')}`;
}

export function concerns(report, now) {
  return report.status.concerns.map(concern => h('li', null,
    concern.node && [h('b', null, concern.node), ' '],
    concern.text,
    concern.since && h('span', { class: 'since' }, ` for ${duration(now - Date.parse(concern.since))}`)));
}

// ---- Nodes

export function nodes({ report, now, commands, consoles }) {
  const members = report.members.map(node => node.id === report.node.id ? { ...node, role: report.node.role } : node);
  const reasons = reasonsOf(members, now);
  const rows = members.map(node => h('tr', { 'data-key': node.id, class: node.role === 'MASTER' ? 'is-master' : null },
    h('th', { scope: 'row' },
      node.id === report.node.id || !consoles ? node.id : h('a', { href: `${node.uri}/ha`, rel: 'noreferrer' }, node.id),
      node.id === report.node.id && h('span', { class: 'tag' }, 'asked'),
      h('small', null, [node.version && `version ${node.version}`, node.zone && `zone ${node.zone}`].filter(Boolean).join(' · '))),
    cell('Role', h('span', { class: `role ${node.role.toLowerCase()}` }, node.role), !node.acceptsTasks && h('small', null, 'only calls')),
    cell('State', ...condition(node)),
    cell('Up for', duration(now - Date.parse(node.since))),
    reasons.size > 0 && cell('Reason', reasons.get(node.id) ?? unknown()),
    cell('In flight', node.inFlight === null ? unknown() : number(node.inFlight)),
    cell('Load', node.load?.system == null ? unknown() : node.load.system.toFixed(2)),
    cell('Heap', node.load ? heap(node.load) : unknown()),
    commands && h('td', { class: 'actions' }, nodeActions(node))));
  const gone = report.departed.map(node => h('tr', { 'data-key': `gone-${node.id}`, class: 'gone' },
    h('th', { scope: 'row' }, node.id),
    h('td', { colspan: 6 + (commands ? 1 : 0) + (reasons.size > 0 ? 1 : 0) },
      badge(node.how === 'VANISHED' ? 'bad' : 'quiet', node.how === 'VANISHED' ? 'GONE' : 'LEFT'), ' ',
      `${duration(now - Date.parse(node.at))} ago${HOW[node.how] ?? ''}`)));
  return table('Nodes', ['Node', 'Role', 'State', '#Up for', reasons.size > 0 && 'Reason', '#In flight', '#Load', 'Heap', commands && 'Commands'], [...rows, ...gone]);
}

function condition(node) {
  const { status } = node.health;
  const kind = status === 'UP' ? 'ok' : status === 'UNREACHABLE' || status === 'SICK' ? 'bad' : 'warn';
  return [
    node.state !== 'UP' && badge('warn', node.state),
    (node.state === 'UP' || status !== 'UP') && badge(kind, status),
  ];
}

/** Why nodes are not simply up, by their id. */
function reasonsOf(members, now) {
  return new Map(members.map(node => [node.id, [
    node.drained && drainedBy(node.drained, now),
    node.health.reason && `${node.health.reason}, for ${duration(now - Date.parse(node.health.since))}`,
  ].filter(Boolean).join('; ')]).filter(([, reason]) => reason !== ''));
}

function drainedBy(drained, now) {
  return `drained by ${drained.by} at ${moment(Date.parse(drained.at), now)}${drained.why ? `: ${drained.why}` : ''}`;
}

function heap({ heapUsed, heapMax }) {
  return [meter(heapMax ? heapUsed / heapMax : 0, 'quiet'),
    h('small', null, heapMax ? `${megabytes(heapUsed)} of ${megabytes(heapMax)}` : megabytes(heapUsed))];
}

function nodeActions(node) {
  const able = node.state === 'UP' && node.masterEligible && node.acceptsTasks;
  return [
    node.role !== 'MASTER' && able && button('promote', 'Promote', { node: node.id }),
    node.role === 'MASTER' && button('demote', 'Demote', { node: node.id }),
    node.state === 'UP' && button('drain', 'Drain', { node: node.id }),
    node.state === 'DRAINED' && button('resume', 'Resume', { node: node.id }),
  ];
}

// ---- Mastership

export function changes({ reigns, gaps }, report, now) {
  if (reigns.length === 0) {
    return h('p', { class: 'empty' }, 'No node has been master yet, as far as this node knows.');
  }
  const newest = [...reigns].reverse();
  const columns = ['#Epoch', 'Master', 'From', '#Lasted', '#Nobody before', 'Cause'];
  const row = reign => h('tr', { 'data-key': `epoch-${reign.epoch}` },
    h('th', { scope: 'row', class: 'figure', 'data-label': 'Epoch' }, String(reign.epoch)),
    cell('Master', reign.node),
    cell('From', moment(reign.begin, now)),
    cell('Lasted', reign.goesOn ? [duration(now - reign.begin), h('span', { class: 'tag' }, 'now')] : duration(reign.end - reign.begin)),
    cell('Nobody before', reign.gapMillis === null ? unknown() : duration(reign.gapMillis)),
    cell('Cause', reign.cause));
  return [
    table('Changes of master', columns, newest.slice(0, CHANGES_SHOWN).map(row)),
    newest.length > CHANGES_SHOWN && h('details', { 'data-key': 'older' },
      h('summary', null, plural(newest.length - CHANGES_SHOWN, 'older change', 'older changes')),
      table('Older changes of master', columns, newest.slice(CHANGES_SHOWN).map(row))),
  ];
}

export function appointed(report, now) {
  const order = report.appointed;
  const what = order?.node ? `${order.node} was appointed` : order?.demoted ? `${order.demoted} shall not lead` : null;
  return what ? ` ${what} by ${order.by} at ${moment(Date.parse(order.since), now)}.` : '';
}

// ---- Running

/** All that runs, as far as heartbeats told, the longest first. */
export function runningTasks(report) {
  return report.members
    .flatMap(node => (node.running ?? []).map(task => ({ ...task, node: node.id })))
    .sort((a, b) => b.runningMillis - a.runningMillis);
}

export function running({ report, seconds }) {
  const all = runningTasks(report);
  if (all.length === 0) {
    return h('p', { class: 'empty' }, 'Nothing runs.');
  }
  const usual = new Map(report.tasks.map(task => [task.name, task.usualMillis ?? task.p50Millis]));
  return table('Running tasks', ['Task', 'Node', '#For', 'Usual time'], all.slice(0, 15).map(task => {
    const elapsed = task.runningMillis + seconds * 1000;
    const time = usual.get(task.task);
    return h('tr', { 'data-key': `${task.node} ${task.taskId}` },
      h('th', { scope: 'row' }, task.task, h('small', { class: 'id' }, task.taskId)),
      cell('Node', task.node),
      cell('For', duration(elapsed)),
      cell('Usual time', ...(time ? against(elapsed, time) : [unknown('not known here yet')])));
  }));
}

function against(elapsed, usual) {
  const times = elapsed / usual;
  const slow = times > SLOW;
  return [meter(Math.min(1, times / SLOW), slow ? 'bad' : 'ok'),
    h('small', { class: slow ? 'slow' : null }, times < 1 ? `usually ${duration(usual)}` : `${times < 10 ? times.toFixed(1) : number(Math.round(times))} × the usual ${duration(usual)}`)];
}

// ---- Tasks

export function tasks({ report, rates }) {
  if (report.tasks.length === 0) {
    return h('p', { class: 'empty' }, 'This application has no tasks.');
  }
  return table('Tasks', ['Task', 'Role', '#Calls', 'Rate', '#Median', '#99 %', '#Failed', '#Retries', 'On'], report.tasks.map(task => {
    const missing = Object.entries(task.missingOn);
    return h('tr', { 'data-key': task.name },
      h('th', { scope: 'row' }, task.name),
      cell('Role', task.role),
      cell('Calls', number(task.calls)),
      cell('Rate', h('span', { class: 'rate' }, rate(rates.perSecond(task.name))), task.calls > 0 && sparkline(rates.curve(task.name))),
      cell('Median', time(task.p50Millis)),
      cell('99 %', time(task.p99Millis)),
      cell('Failed', task.failures === 0 ? '0' : h('span', { class: 'failed' }, `${number(task.failures)} (${share(task.failures / task.calls)})`)),
      cell('Retries', number(task.retries)),
      cell('On', `${task.nodes.length} of ${report.members.length}`,
        missing.length > 0 && h('small', null, missing.map(([node, lack]) => `${node} ${lack}`).join(', '))));
  }));
}

function time(millis) {
  return millis === null ? unknown() : duration(millis);
}

function share(part) {
  return part < 0.001 ? '< 0.1 %' : part >= 0.1 ? `${Math.round(part * 100)} %` : `${(part * 100).toFixed(1)} %`;
}

function sparkline(points) {
  const most = Math.max(...points, 1e-9);
  const path = points.map((value, i) => `${(i * 80 / Math.max(1, points.length - 1)).toFixed(1)},${(17 - value / most * 15).toFixed(1)}`);
  return s('svg', { class: 'spark', width: 80, height: 18, 'aria-hidden': 'true' },
    points.length > 1 && s('polyline', { points: path.join(' ') }));
}

// ---- Durable tasks

/** The states of tasks that are not over, or that somebody should look at. */
export const TO_SEE_TO = 'PENDING,LEASED,RUNNING,RETRY_WAIT,FAILED,PARKED';

export function durable({ overview, filter, page, commands, now }) {
  const paged = page !== '';
  const states = Object.entries(overview.counts);
  const sum = some => some.reduce((total, [, count]) => total + count, 0);
  const chips = [
    [TO_SEE_TO, 'open or failed', sum(states.filter(([state]) => TO_SEE_TO.split(',').includes(state)))],
    ['', 'all', sum(states)],
    ...states.filter(([state, count]) => count > 0 || filter === state).map(([state, count]) => [state, state, count]),
  ];
  const rows = overview.tasks.map(task => h('tr', { 'data-key': task.id },
    h('th', { scope: 'row' }, task.task, h('small', { class: 'id' }, task.id)),
    cell('State', badge(tone(task.state), task.state)),
    cell('Submitted', `${moment(Date.parse(task.submittedAt), now)} by ${task.submittedBy}`),
    cell('Node', task.node ?? unknown('none')),
    cell('Attempts', task.attempts > task.maxAttempts ? `${task.attempts}` : `${task.attempts} of ${task.maxAttempts}`),
    cell('What it says', task.error ? h('span', { class: 'failed' }, task.error) : task.progress ?? unknown('nothing')),
    commands && h('td', { class: 'actions' }, taskActions(task))));
  return [
    h('div', { class: 'chips', role: 'group', 'aria-label': 'Show durable tasks by state' }, chips.map(([state, name, count]) =>
      h('button', { type: 'button', 'data-key': `chip-${name}`, 'data-filter': state, 'aria-pressed': String(filter === state) }, name, h('b', null, number(count))))),
    rows.length === 0 ? h('p', { class: 'empty' }, 'None.')
      : table('Durable tasks', ['Task', 'State', 'Submitted', 'Node', '#Attempts', 'What it says', commands && 'Commands'], rows),
    (overview.next || paged) && h('p', { class: 'pages' },
      paged && h('button', { type: 'button', 'data-page': '' }, 'Newest'),
      overview.next && h('button', { type: 'button', 'data-page': overview.next }, 'Older')),
  ];
}

export function durableNote(overview) {
  return [
    overview.oldestDue && `the longest due waits for ${duration(isoMillis(overview.oldestDue) ?? 0)}`,
    overview.paused.length > 0 && `not given out: ${overview.paused.join(', ')}`,
    ...overview.unrunnable.map(some => `${some.waiting} × ${some.task} cannot be executed: ${some.why}`),
    overview.unreadable > 0 && `${plural(overview.unreadable, 'record', 'records')} could not be read`,
    overview.superseded > 0 && `${plural(overview.superseded, 'result', 'results')} came too late and were dropped`,
  ].filter(Boolean).join(' · ');
}

function tone(state) {
  return { SUCCEEDED: 'ok', FAILED: 'bad', PARKED: 'bad', CANCELLED: 'quiet', RUNNING: 'info' }[state] ?? 'quiet';
}

function taskActions(task) {
  const over = ['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(task.state);
  return [
    !over && button('cancel', 'Cancel', { task: task.id, name: task.task }),
    ['FAILED', 'PARKED'].includes(task.state) && button('retry', 'Retry', { task: task.id, name: task.task }),
  ];
}

// ---- Events

export function events(report, now) {
  const seen = report.events.map(event => ({ at: Date.parse(event.at), node: event.node, text: event.text, count: event.count, tone: event.kind }));
  const ordered = report.actions.map(action => ({
    at: Date.parse(action.at), node: null, count: 1, tone: 'ORDER',
    text: `${action.by} ordered ${action.kind.toLowerCase()} of ${action.node}${action.why ? ` (${action.why})` : ''}: ${action.result.toLowerCase().replace('_', ' ')}`
      + (action.result === 'REFUSED' || action.result === 'FAILED' ? `, ${action.message}` : ''),
  }));
  const all = [...seen, ...ordered].sort((a, b) => b.at - a.at);
  return all.length === 0 ? h('p', { class: 'empty' }, 'Nothing yet.') : h('ol', null, all.map(event =>
    h('li', { class: `event ${event.tone.toLowerCase()}` },
      h('time', { datetime: new Date(event.at).toISOString() }, moment(event.at, now)),
      h('span', null, event.node && [h('b', null, event.node), ' '], event.text,
        event.count > 1 && h('span', { class: 'tag' }, `${number(event.count)} times`)))));
}

// ---- Parts

function table(caption, columns, rows) {
  return h('table', null,
    h('caption', null, caption),
    h('thead', null, h('tr', null, columns.filter(Boolean).map(column => {
      const figure = column.startsWith('#');
      return h('th', { scope: 'col', class: figure ? 'figure' : null }, figure ? column.slice(1) : column);
    }))),
    h('tbody', null, rows));
}

/** On a telephone these take a line of their own. */
const LONG = new Set(['Reason', 'Cause', 'What it says', 'Submitted']);
const FIGURES = new Set(['In flight', 'Load', 'Up for', 'Lasted', 'Nobody before', 'For', 'Calls', 'Median', '99 %', 'Failed', 'Retries', 'Attempts']);

function cell(label, ...content) {
  return h('td', { 'data-label': label, class: FIGURES.has(label) ? 'figure' : LONG.has(label) ? 'long' : null }, h('div', null, content));
}

function unknown(text = '–') {
  return h('span', { class: 'unknown' }, text);
}

function badge(kind, text) {
  return h('span', { class: `badge ${kind}` }, text);
}

function meter(part, kind) {
  return s('svg', { class: `meter ${kind}`, width: 72, height: 6, 'aria-hidden': 'true' },
    s('rect', { class: 'track', width: 72, height: 6, rx: 3 }),
    s('rect', { class: 'fill', width: (72 * Math.max(0, Math.min(1, part))).toFixed(1), height: 6, rx: 3 }));
}

function button(action, text, data) {
  const about = data.node ?? data.name;
  return h('button', {
    type: 'button', 'data-key': `${action}-${data.node ?? data.task}`, 'data-action': action, 'data-node': data.node,
    'data-task': data.task, 'data-name': data.name, 'aria-label': `${text} ${about}`,
  }, text);
}
