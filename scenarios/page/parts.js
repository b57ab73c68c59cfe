// Small parts that every page is made of.

/** Make an element; false, null and undefined children are left out, lists are laid flat. */
function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node[name] = value;
    else if (name === 'value' || name === 'checked') node[name] = value;
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter(child => child || child === 0));
  return node;
}

/** A button that ignores further presses until its work is done; it stays focusable meanwhile. */
function button(text, work, size = 'primary') {
  const node = h('button', { type: 'button', class: `button ${size}` }, text);
  node.onclick = async () => {
    if (node.getAttribute('aria-disabled') === 'true') return;
    node.setAttribute('aria-disabled', 'true');
    try {
      await work();
    } finally {
      node.removeAttribute('aria-disabled');
    }
  };
  return node;
}

const link = (route, attributes, ...children) => h('a', { href: `#/${route}`, ...attributes }, ...children);

const heading = (title, ...sentences) => h('header', { class: 'masthead' },
  h('h1', { tabindex: -1, 'data-focus': true }, title), sentences.map(text => h('p', { class: 'lead' }, text)));

const printing = () => h('p', { class: 'row unprinted' },
  h('button', { type: 'button', class: 'button', onclick: () => window.print() }, 'Print this page'));

const part = (title, ...children) => h('section', { class: 'part' }, h('h2', {}, title), children);

const contacts = list => h('ul', { class: 'contacts' }, list.map(({ name, how, hours }) =>
  h('li', {}, h('strong', {}, name), h('span', {}, how), hours && h('span', { class: 'quiet' }, hours))));

function support(list, way) {
  const box = h('details', { class: 'support' }, h('summary', { class: 'button small' }, 'Support'),
    h('div', { class: 'sheet' }, contacts(list), way));
  box.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget && !box.contains(relatedTarget)) box.open = false; // it would hide what has the focus
  });
  box.addEventListener('keydown', event => {
    if (event.key !== 'Escape' || !box.open) return;
    box.open = false;
    box.querySelector('summary').focus();
  });
  return box;
}

const progressBar = (value, max, label) => h('progress', { value, max: Math.max(max, 1), 'aria-label': label });

/** Paragraphs; what somebody says or writes stands in a bubble. */
const prose = blocks => blocks.map(({ who, text }) => (who
  ? h('figure', { class: `bubble${who === 'You' ? ' own' : ''}` }, h('figcaption', {}, who), h('p', {}, text))
  : h('p', {}, text)));

const spoken = ({ who, text }) => (who ? `${who}: ${text}` : text);

/** An explanation: paragraphs, with clause numbers set small and leading to the clause. */
const words = text => (text ?? '').split(/\n\s*\n/).filter(Boolean).map(paragraph =>
  h('p', {}, paragraph.split(/(\[[A-Z]\d\d(?:, ?[A-Z]\d\d)*\])/).map(piece =>
    (/^\[[A-Z]\d\d/.test(piece) ? piece.slice(1, -1).split(/, ?/).flatMap((id, n) => [n ? ', ' : '', clauseLink(id)]) : piece))));

let standsAlone = false; // one scenario in its own notebook: the course's other pages are not there

/** A clause's number: a link to what it says, where the whole course is on the page. */
const clauseLink = id => (standsAlone
  ? h('span', { class: 'ref' }, id)
  : h('a', { class: 'ref', href: `#/policy/${id}`, 'aria-label': `Clause ${id}` }, id));

const isDone = row => ['finished', 'explained', 'rerouted'].includes(row.state);
const minutes = count => `${count} minute${count === 1 ? '' : 's'}`;
const number = value => String(Math.round(value * 100) / 100);
const sentence = text => (text ? text[0].toUpperCase() + text.slice(1) : '');
const when = iso => new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));

const firstName = name => name.split(' ')[0];

/** A browser's storage, which may be blocked or full: then nothing is remembered, and everything else goes on. */
const memory = storage => {
  const attempt = work => {
    try {
      return work(globalThis[storage]);
    } catch {
      return null;
    }
  };
  return {
    get: key => attempt(store => JSON.parse(store.getItem(key))),
    set: (key, value) => attempt(store => store.setItem(key, JSON.stringify(value))),
    drop: key => attempt(store => store.removeItem(key)),
  };
};
const inTab = memory('sessionStorage');
const inBrowser = memory('localStorage');

let ids = 0;
const uid = () => `course-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}-${++ids}`;
const focus = node => node?.focus({ preventScroll: true });
const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
