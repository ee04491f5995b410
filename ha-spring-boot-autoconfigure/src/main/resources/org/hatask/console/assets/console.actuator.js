// Talks to the actuator, with whatever the browser knows of the user: a session's cookie, or Basic credentials.

const PATIENCE = 3000;
const ORDER_PATIENCE = 60_000;

const endpoint = meta('ha-endpoint').content;
const token = meta('ha-token');

/** Whether the endpoint takes commands at all; whom it takes them from is the application's to say. */
export const commands = meta('ha-commands').content === 'true';

export const exposed = endpoint !== '';

function meta(name) {
  return document.querySelector(`meta[name="${name}"]`);
}

/** Why there is no answer, as a sentence for people. */
export class NoAnswer extends Error {}

/** What the endpoint says; null where it knows nothing of that. */
export async function read(path = '') {
  const response = await send(path, { signal: AbortSignal.timeout(PATIENCE) });
  if (response.status === 404 && path !== '') {
    return null;
  }
  if (!response.ok) {
    throw new NoAnswer(problem(response));
  }
  return response.json();
}

/** Orders something. Always answers with whether it was done or is under way, and with a sentence. */
export async function order(path, what) {
  try {
    const headers = { 'Content-Type': 'application/json' };
    if (token.dataset.header) {
      headers[token.dataset.header] = token.content;
    }
    const response = await send(path, {
      method: 'POST', headers, body: JSON.stringify(what), signal: AbortSignal.timeout(ORDER_PATIENCE),
    });
    const body = await response.json().catch(() => null);
    return { done: response.ok, message: body?.message ?? (response.ok ? 'It is under way.' : problem(response)) };
  } catch (error) {
    return { done: false, message: `${error.message} Whether it was ordered is not known.` };
  }
}

async function send(path, options) {
  try {
    // Told apart from a page's own request, applications answer with a status instead of a page to log in.
    const headers = { Accept: 'application/json', 'X-Requested-With': 'XMLHttpRequest', ...options.headers };
    return await fetch(endpoint + path, { ...options, headers, redirect: 'manual', cache: 'no-store' });
  } catch (error) {
    throw new NoAnswer(error.name === 'TimeoutError' ? 'The node does not answer.' : 'The node cannot be reached.');
  }
}

function problem(response) {
  if (response.type === 'opaqueredirect' || response.status === 401) {
    return 'You are not logged in (any more): load this page again.';
  } else if (response.status === 403) {
    return 'The application does not allow you this. If you have logged in again meanwhile, load this page again.';
  } else if (response.status === 404) {
    return 'The endpoint is not there.';
  }
  return `The node answered with status ${response.status}.`;
}
