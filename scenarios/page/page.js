// The trainee's page: the course's pages by their address, drawn from what the kernel says (player.py, view.py).
// Plain DOM, no framework, no build: player.py joins the files of this folder into one module.

export default {
  render({ model, el }) {
    const page = new Page(model, el);
    return () => page.close();
  },
};

const PAGES = [['', 'Course'], ['results', 'My results'], ['policy', 'The policy'], ['words', 'Words I can use'], ['happened', 'It just happened']];

class Page {
  constructor(model, el) {
    this.only = model.get('only');
    standsAlone = !!this.only;
    this.home = null;
    this.scene = null;
    this.anew = false; // whether a practice run was asked for that begins afresh
    this.left = ''; // what to say where somebody goes who left a scenario out
    this.stop = new AbortController();
    this.talk = new Talk(model, (route, view) => this.heard(route, view));
    this.tabs = new Tabs(() => this.scene?.twice());
    // One live region for the page's whole life: screen readers miss regions that come and go.
    this.live = h('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
    this.content = h('div', { class: 'page' });
    this.root = h('div', { class: 'course' }, this.live, this.talk.warning, this.content);
    // Lab would take letters and arrow keys pressed here for its own shortcuts.
    this.root.dataset.lmSuppressShortcuts = 'true';
    for (const type of ['keydown', 'mousedown', 'dblclick', 'contextmenu']) {
      this.root.addEventListener(type, event => event.stopPropagation());
    }
    el.append(this.root);
    addEventListener('hashchange', () => this.go(), { signal: this.stop.signal });
    addEventListener('pagehide', () => this.scene?.flush?.(), { signal: this.stop.signal });
    this.start(model.get('first'));
  }

  close() {
    this.stop.abort();
    this.talk.close();
    this.tabs.close();
  }

  start(first) {
    if (first.error) return this.fail(first.error);
    this.home = first.ok;
    if (!this.only && !location.hash) {
      // Lab drops the fragment of the address while it loads; the navigation still knows it.
      const [asked = ''] = /#\/.*$/.exec(performance.getEntriesByType('navigation')[0]?.name ?? '') ?? [];
      history.replaceState(history.state, '', location.pathname + location.search + (asked || '#/'));
    }
    return this.go({ first: true });
  }

  get title() {
    return this.home?.course?.title ?? 'Staff training';
  }

  /** Every scenario that was given, in order. */
  get rows() {
    return this.home?.assignments.flatMap(assignment => assignment.scenarios) ?? [];
  }

  get isScenario() {
    return !!this.only || this.rows.some(row => row.route === placeOf(this.route));
  }

  /** What arrives unasked. */
  heard(route, view) {
    if (!route) {
      const same = JSON.stringify(this.home) === JSON.stringify(view); // drawing anew would take the focus away
      this.home = view;
      if (this.route === '' && !same) this.inPlace(() => this.show('', frontPage(this)));
    } else if (this.scene?.route === route) this.scene.news(view);
  }

  /** Draw a page anew under somebody who reads it: the focus and what was opened stay. */
  inPlace(draw) {
    const { activeElement: focused } = document;
    const told = this.content.querySelector('.told');
    const href = this.content.contains(focused) && focused.getAttribute('href');
    const opened = [...this.content.querySelectorAll('details[open] > summary')].map(summary => summary.textContent);
    draw();
    if (told) this.content.prepend(told);
    for (const summary of this.content.querySelectorAll('summary')) summary.parentElement.open ||= opened.includes(summary.textContent);
    const same = [...this.content.querySelectorAll('a')].filter(node => node.getAttribute('href') === href);
    focus(same.find(node => node.className === focused.className) ?? same[0]);
  }

  say(text) {
    this.live.textContent = '';
    setTimeout(() => (this.live.textContent = text), 60);
  }

  /** Say news after what is being said: it may arrive while a consequence is still being read. */
  sayToo(text) {
    setTimeout(() => this.live.append(` ${text}`), 60);
  }

  /** Show one sentence that needs no answer, and say it: at once, or calmly. */
  tell(sentence, calm = false) {
    this.content.querySelector('.told')?.remove();
    this.content.prepend(h('p', { class: `notice told${calm ? ' calm' : ''}`, role: !calm && 'alert' }, sentence));
    if (calm) this.say(sentence);
  }

  // --- where we are ---------------------------------------------------------------------------------

  to(route) {
    if (location.hash === `#/${route}`) this.go();
    else location.hash = `#/${route}`;
  }

  /** Go on elsewhere after a scenario was left out, and say there what that means. */
  leave(route, sentence) {
    this.left = sentence;
    this.to(route);
  }

  async go({ first = false } = {}) {
    this.scene?.flush?.();
    this.scene = null;
    this.route = this.only || decoded(location.hash.replace(/^#\/?/, ''));
    const [name, more] = this.route.split('/');
    const pages = {
      '': () => this.ask('home', first && { ok: this.home }).then(home => (this.home = home) && frontPage(this)),
      welcome: () => welcomePage(this),
      results: () => this.ask('results').then(({ scenarios }) => resultsPage(this, scenarios)),
      words: () => this.ask('results').then(({ scenarios }) => wordsPage(scenarios)),
      policy: () => this.ask('policy').then(data => this.one(data.clauses, more, clause => clausePage(this, clause), () => policyPage(this, data))),
      happened: () => this.ask('policy').then(data => this.one(data.moments, more, moment => momentPage(this, moment, data.clauses), () => happenedPage(data))),
    };
    const draw = !this.isScenario && Object.hasOwn(pages, name) && pages[name];
    const here = this.route;
    const anew = this.anew && here.endsWith('/practice');
    const { left } = this;
    this.anew = false;
    this.left = '';
    this.tabs.open('');
    try {
      if (draw) {
        const page = await draw();
        if (this.route !== here) return;
        this.show(name, page);
      } else {
        this.scene = new Scene(this, this.route);
        const view = await this.ask(anew ? 'again' : 'open');
        if (this.route !== here) return;
        this.scene.show(view);
        this.tabs.open(placeOf(here));
      }
      this.arrive(first);
      if (left) this.tell(left, true);
    } catch (error) {
      const sentence = error instanceof Refused ? error.message : 'Something on this page did not work. What was saved is safe; reload it.';
      if (!(error instanceof Refused)) console.error(error);
      if (this.route === here) this.fail(sentence);
    }
  }

  /** Ask the kernel for what a page needs; Refused carries its one plain sentence. */
  async ask(what, known) {
    const reply = known || (await this.talk.ask(what, { at: this.route }));
    if (reply.error) throw new Refused(reply.error);
    return reply.ok;
  }

  /** A link to another practice run; a reload there goes on with the one under way, or shows the last one's end. A booster has none. */
  practise(place, title) {
    if (isBooster(place)) return null;
    const route = `${place}/practice`;
    const anew = ({ button, ctrlKey, metaKey, shiftKey }) => {
      this.anew = !(button || ctrlKey || metaKey || shiftKey); // otherwise it opens in another tab
      if (route === this.route) this.go();
    };
    return link(route, { class: 'button', onclick: anew }, 'Practise it again, unscored', title && h('span', { class: 'unseen' }, `: ${title}`));
  }

  /** The page of one item of a list, or of the list. */
  one(list, id, single, all) {
    if (!id) return all();
    const item = list.find(each => each.id === id);
    if (!item) throw new Refused('There is no such page in this course. Go back and choose from the list.');
    return single(item);
  }

  show(name, page) {
    document.title = !name ? this.title : `${page.querySelector('h1').textContent} · ${this.title}`;
    this.fill(!page.classList.contains('welcome') && this.menu(name), page);
  }

  fill(...nodes) {
    this.content.replaceChildren(...nodes.flat().filter(Boolean));
  }

  menu(name) {
    return h('nav', { class: 'menu', 'aria-label': 'Course' }, h('ul', {}, PAGES.map(([route, title]) =>
      h('li', {}, link(route, { 'aria-current': route === name && 'page' }, title)))));
  }

  /** After a change of page: top of the page, or the place that was left. */
  arrive(first) {
    const again = first && window.scenariosCourse === this.route; // the same page came back after its kernel died
    window.scenariosCourse = this.route;
    const view = this.scene?.view;
    const open = view?.started && this.scene.thread?.querySelector('.open, .review');
    const resumed = (view?.answered || again) && open;
    if (resumed) {
      const from = open.classList.contains('review') ? open : (open.previousElementSibling?.querySelector('.asked') ?? open);
      from.scrollIntoView({ block: 'start' });
    } else if (!first) this.root.scrollIntoView({ block: 'start' });
    if (!first || resumed || again) focus((resumed && open.querySelector('[data-focus]')) || this.content.querySelector('h1'));
  }

  fail(sentence) {
    this.scene = null;
    document.title = this.title;
    const back = !this.only && this.home && link('', { class: 'button primary' }, 'Back to the course');
    this.fill(
      h('div', { class: 'sheet narrow' },
        h('h1', { 'data-focus': true, tabindex: -1 }, 'This page cannot be shown right now'),
        h('p', { class: 'lead' }, sentence),
        h('p', { class: 'row' }, back,
          h('button', { type: 'button', class: `button${back ? '' : ' primary'}`, onclick: () => location.reload() }, 'Reload'))));
    focus(this.content.querySelector('h1'));
  }
}

const decoded = text => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // no address of ours; it leads to a sentence
  }
};

/** The scenario that a route belongs to: a replay is another attempt at the same one. */
const placeOf = route => route.replace(/\/practice$/, '');

/** What the kernel refused, in one plain sentence. */
class Refused extends Error {}
