// Builds what a page shows, and changes what is shown as little as possible: an element that stays keeps its focus, and text
// that stays is not read out again. Data only ever becomes text and attributes, never markup.

const SVG = 'http://www.w3.org/2000/svg';

/** An element. Attributes that are null, undefined or false are left out; children may be nested, null or strings. */
export function h(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same of a drawing. */
export function s(tag, attributes, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** Makes the children of an element those that are wanted; those with the same data-key are the same. */
export function show(parent, ...wanted) {
  const holder = document.createDocumentFragment();
  holder.append(...wanted.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  patchChildren(parent, holder);
}

function keyOf(node) {
  return node.dataset?.key;
}

function patchChildren(live, wanted) {
  const keyed = new Map();
  for (const child of live.children ?? []) {
    if (keyOf(child)) {
      keyed.set(keyOf(child), child);
    }
  }
  let at = live.firstChild;
  for (const want of [...wanted.childNodes]) {
    const known = keyOf(want) ? keyed.get(keyOf(want)) : at && !keyOf(at) ? at : null;
    if (!known || known.nodeName !== want.nodeName) {
      live.insertBefore(want, at);
    } else if (known === at) {
      at = at.nextSibling;
      patch(known, want);
    } else {
      live.insertBefore(known, at);
      patch(known, want);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function patch(live, want) {
  if (live.nodeType !== Node.ELEMENT_NODE) {
    if (live.nodeValue !== want.nodeValue) {
      live.nodeValue = want.nodeValue;
    }
    return;
  }
  for (const { name, value } of [...want.attributes]) {
    if (live.getAttribute(name) !== value) {
      live.setAttribute(name, value);
    }
  }
  for (const { name } of [...live.attributes]) {
    // Whether details are open is the reader's own business.
    if (!want.hasAttribute(name) && name !== 'open') {
      live.removeAttribute(name);
    }
  }
  patchChildren(live, want);
}
