// The page: asks the node once a second, shows what it says, and sends what the operator orders.

import { commands, exposed, order, read } from './console.actuator.js';
import { show } from './console.dom.js';
import { Rates } from './console.rates.js';
import { duration, moment } from './console.text.js';
import { beginOf, drawing, mastership } from './console.timeline.js';
import * as views from './console.views.js';

const EVERY = 1000;
const EVERY_WHEN_HIDDEN = 10_000;
const STORE_EVERY = 3000;
/** Answers that are older are called old. */
const OLD = 3500;
const PAGE = 20;

const $ = id => document.getElementById(id);

const rates = new Rates();
let report = null;
/** By the browser's clock: when the last answer came, and what the node's clock is ahead. */
let answeredAt = null;
let ahead = 0;
let problem = null;
const store = { overview: null, problem: null, filter: views.TO_SEE_TO, page: '', askedAt: 0, asking: false };

/** Ends the pause between two questions. */
let wake = () => {};

const nodeNow = () => Date.now() + ahead;

async function ask() {
  try {
    const answer = await read();
    answeredAt = Date.now();
    ahead = Date.parse(answer.now) - answeredAt;
    report = answer;
    problem = null;
    rates.add(report, answeredAt);
  } catch (error) {
    problem = error.message;
  }
}

/** The store is asked less often: it costs a query, or a round trip to ZooKeeper. Nothing waits for its answer. */
async function askStore() {
  if (store.asking || Date.now() - store.askedAt < STORE_EVERY) {
    return;
  }
  store.asking = true;
  store.askedAt = Date.now();
  const { filter, page } = store;
  const query = new URLSearchParams({ limit: PAGE, ...(filter && { state: filter }), ...(page && { after: page }) });
  let answer;
  try {
    answer = { overview: await read(`/durable?${query}`), problem: null };
  } catch (error) {
    answer = { problem: error.message };
  }
  store.asking = false;
  if (filter === store.filter && page === store.page) {
    Object.assign(store, answer);
    render();
  } else {
    seeStore();
  }
}

/** Asks the store now, for what is to be seen now. */
function seeStore() {
  store.askedAt = 0;
  askStore();
}

async function loop() {
  askStore();
  await ask();
  render();
  await new Promise(done => {
    wake = done;
    setTimeout(done, document.hidden ? EVERY_WHEN_HIDDEN : EVERY);
  });
  loop();
}

function render() {
  renderState();
  if (!report) {
    return;
  }
  const now = nodeNow();
  const seconds = (Date.now() - answeredAt) / 1000;
  show($('cluster'), report.cluster);
  show($('nodes-note'), `${report.architecture.executes}. Load and tasks are known of nodes with a link to ${report.node.id}.`);
  show($('nodes-body'), views.nodes({ report, now, commands, consoles: sameAddress() }));
  show($('running-note'), 'on all nodes, by their last heartbeat');
  show($('running-body'), views.running({ report, seconds }));
  show($('events-note'), `seen by ${report.node.id} since its start at ${moment(Date.parse(report.node.since), now)}, and orders`);
  show($('events-body'), views.events(report, now));
  show($('tasks-note'), `calls made on ${report.node.id} since its start at ${moment(Date.parse(report.node.since), now)}`);
  show($('tasks-body'), views.tasks({ report, rates }));
  renderMastership(now);
  renderStore(now);
}

/** Whether this page is at the address by which nodes know this one, so that their pages can be told from their addresses. */
function sameAddress() {
  const own = new URL(`${report.node.uri}/ha`);
  return own.port === location.port && own.pathname === location.pathname && own.protocol === location.protocol;
}

function renderState() {
  const age = answeredAt === null ? null : Date.now() - answeredAt;
  const old = problem !== null || (age !== null && age > OLD && !document.hidden);
  document.documentElement.classList.toggle('old', old);
  if (old) {
    const what = report ? `What stands below is ${duration(age)} old, from ${moment(answeredAt + ahead, nodeNow())}.` : 'Nothing is known.';
    line('OLD', report ? 'OLD DATA' : 'NO DATA', `${problem ?? 'The node does not answer.'} ${what}`);
  } else if (report) {
    const { level, word, summary } = views.stateLine(report, nodeNow());
    line(level, word, summary);
  }
  const items = report ? views.concerns(report, nodeNow()) : [];
  show($('concerns'), items);
  $('concerns').hidden = items.length === 0;
  show($('age'), report ? `${report.node.id} · ${old ? 'no answer' : 'asked every second'}` : '');
  document.title = `${$('level').textContent} · ${report?.cluster ?? 'HA Task'}`;
}

function line(level, word, summary) {
  $('state').dataset.level = level;
  show($('level'), word);
  show($('summary'), summary);
}

function renderMastership(now) {
  const known = mastership(report, now);
  const width = Math.max(280, $('timeline').clientWidth);
  const begin = beginOf($('span').value, known.reigns, now);
  const members = report.members.map(node => node.id);
  show($('timeline'), drawing(known, members, begin, now, width));
  show($('changes'), views.changes(known, report, now));
  show($('mastership-note'), `When the master fails: ${report.architecture.whenTheMasterFails}.${views.appointed(report, now)}`);
}

function renderStore(now) {
  $('durable-section').hidden = !store.overview && !store.problem;
  show($('durable-note'), store.problem ?? (store.overview ? views.durableNote(store.overview) : ''));
  if (store.overview) {
    show($('durable-body'), views.durable({ ...store, commands, now }));
  }
}

// ---- What the operator does

const MEANING = {
  promote: node => `${node} becomes master. ${report.master ? `${report.master.id} hands over in order.` : 'There is no master now.'}`,
  demote: node => `${node} stops being master${report.topology === 'cluster' ? ', and another node is elected' : ', and nobody is until somebody is promoted'}.`,
  drain: node => `${node} gets no tasks, does not lead and is not ready, also after a restart, until it is resumed.`,
  resume: node => `${node} is taken back in.`,
  cancel: () => 'If it runs, it is told to stop. It is not executed again.',
  retry: () => 'It is executed once more, with all its attempts.',
};

async function confirmed(action, subject, askWhy) {
  const dialog = $('confirm');
  const name = action[0].toUpperCase() + action.slice(1);
  show($('confirm-title'), `${name} ${subject}?`);
  show($('confirm-text'), MEANING[action](subject));
  show($('confirm-yes'), name);
  const reason = $('confirm-why');
  reason.hidden = !askWhy;
  reason.querySelector('input').value = '';
  dialog.returnValue = '';
  dialog.showModal();
  await new Promise(closed => dialog.addEventListener('close', closed, { once: true }));
  return dialog.returnValue === 'yes' ? { why: reason.querySelector('input').value.trim() || null } : null;
}

async function act({ action, node, task, name }) {
  const yes = await confirmed(action, node ?? name, node !== undefined);
  if (!yes) {
    return;
  }
  notice('', `${action} ${node ?? name}: under way …`);
  const answer = node
    ? await order('', { action, node, why: yes.why, ...epochSeen(action) })
    : await order('/durable', { action, id: task });
  notice(answer.done ? 'done' : 'refused', `${action} ${node ?? name}: ${answer.message}`);
  seeStore();
}

/** Who changes the master has seen the one that is: in another epoch it is refused. */
function epochSeen(action) {
  return (action === 'promote' || action === 'demote') && report.master ? { epoch: report.master.epoch } : {};
}

function notice(kind, text) {
  $('notice').dataset.kind = kind;
  $('notice').hidden = false;
  show($('notice'), text);
}

document.addEventListener('click', event => {
  const { action, filter, page } = event.target.closest('button')?.dataset ?? {};
  if (action) {
    act({ ...event.target.closest('button').dataset });
  } else if (filter !== undefined || page !== undefined) {
    Object.assign(store, { filter: filter ?? store.filter, page: page ?? '' });
    seeStore();
  }
});
$('span').addEventListener('change', render);
document.addEventListener('visibilitychange', () => wake());
new ResizeObserver(() => report && renderMastership(nodeNow())).observe($('timeline'));

if (exposed) {
  // Between two answers as well: an answer that does not come grows old.
  setInterval(renderState, EVERY);
  loop();
} else {
  line('OLD', 'NO DATA', 'The endpoint ha is not exposed over HTTP: add ha to management.endpoints.web.exposure.include.');
}
