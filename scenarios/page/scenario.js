// One scenario: the content note, the conversation that grows, and what stands at its end.

const PAUSE = 700; // ms without a key until a draft is kept
const OFTEN = 4000; // ms at most between two drafts while somebody types on

class Scene {
  constructor(page, route) {
    this.page = page;
    this.route = route;
    this.place = placeOf(route);
    this.view = null;
    this.flush = null; // keeps at once what was typed last
    this.thread = null;
  }

  async ask(what, more = {}) {
    const reply = await this.page.talk.ask(what, { at: this.route, ...more });
    if (reply.gone && this.isShown) this.page.fail(reply.error); // it was taken back meanwhile
    return reply;
  }

  get isShown() {
    return this.page.scene === this;
  }

  /** The kernel has news of this scenario: the hand-in, the explanations, a mark. */
  news(view) {
    const before = this.view;
    this.view = view;
    this.draw();
    const marks = review => review?.filter(entry => entry.mark).length ?? 0;
    if (view.review && !before?.review) this.page.sayToo('The explanations of your decisions have arrived.');
    else if (marks(view.review) > marks(before?.review)) this.page.sayToo('A mark has arrived.');
    else if (['yes', 'waiting'].includes(view.handed_in.state) && view.handed_in.state !== before?.handed_in.state) {
      this.page.sayToo(this.checks().slice(1).map(([, text]) => text).join(' '));
    }
  }

  show(view) {
    this.view = view;
    document.title = `${view.title} · ${this.page.title}`;
    if (view.note && (!view.started || view.left_out)) return this.showNote(view);
    this.bar = h('div', { class: 'progress' });
    this.thread = h('div', { class: 'thread' });
    this.page.fill(
      this.top(view, this.bar),
      h('div', { class: 'scenario' },
        h('header', { class: 'opening' },
          h('p', { class: 'eyebrow' }, [isBooster(this.place) ? 'One more step' : view.id, `about ${minutes(view.minutes)}`].join(' · '), !view.practice && 'courseFolder' in configured() && [' · ',
            h('a', { href: plainPage(this.place) }, 'plain-text version')]),
          h('h1', { tabindex: -1, 'data-focus': true }, view.title),
          view.practice && h('p', { class: 'chip busy' }, 'Practice: nothing here changes your score'),
          !view.approved && h('p', { class: 'draft' }, 'Draft, not yet approved by the Center')),
        view.damaged > 0 && h('p', { class: 'notice' },
          `${view.damaged === 1 ? 'One line' : `${view.damaged} lines`} of your saved answers could not be read and `
          + 'had to be left out. Everything you see below is saved.'),
        this.thread));
    this.draw();
    return null;
  }

  /** Another tab of this browser shows the same scenario. */
  twice() {
    if (!this.thread || this.page.content.querySelector('.twice')) return;
    const sentence = 'This scenario is also open in another tab. Go on in one of them; '
      + 'the other one asks you to reload before it takes an answer.';
    this.thread.before(h('p', { class: 'notice twice' }, sentence));
    this.page.say(sentence);
  }

  top(view, ...more) {
    const { only } = this.page;
    return h('div', { class: 'top' },
      h('nav', { class: 'inside', 'aria-label': 'Course' },
        only ? h('span', {}) : link('', { class: 'back' }, h('span', { 'aria-hidden': 'true' }, '‹'), ' Course'),
        h('span', { class: 'where', 'aria-hidden': 'true' }, view.title),
        h('span', { class: 'tools' }, view.note?.support ? support(view.support, this.anotherRoute(view)) : this.anotherRoute(view))),
      more);
  }

  /** Leave this scenario out, no reason asked: on to the one its note names, if that is still to do, else to the front page. */
  anotherRoute(view) {
    const { only, rows } = this.page;
    if (!view.other_way || (only && view.practice)) return null;
    const other = rows.find(row => row.id === view.note.another_route && !isDone(row))?.route ?? '';
    const label = 'Take another route';
    if (view.practice) return link(other, { class: 'button small' }, label); // which is recorded nowhere
    return button(label, async () => {
      await this.flush?.();
      const reply = await this.ask('reroute');
      if (!this.isShown) return;
      if (reply.error) return this.page.tell(reply.error);
      if (!only) return this.page.leave(other, reply.ok.left_out);
      this.show(reply.ok);
      this.page.say(reply.ok.left_out);
      return this.page.arrive(false);
    }, 'small');
  }

  showNote(view) {
    const begin = button('Go on to the scenario', async () => {
      const reply = await this.ask('begin');
      if (!this.isShown) return;
      if (reply.error) this.page.fail(reply.error);
      else this.show(reply.ok);
      this.page.arrive(false);
    });
    this.page.fill(
      this.top({ ...view, other_way: false }),
      h('div', { class: 'sheet narrow note' },
        h('p', { class: 'eyebrow' }, view.practice ? 'Practice · before you go in' : 'Before you go in'),
        h('h1', { tabindex: -1, 'data-focus': true }, view.title),
        !view.approved && h('p', { class: 'draft' }, 'Draft, not yet approved by the Center'),
        view.left_out && h('p', { class: 'callout' }, view.left_out),
        prose(view.note.text),
        view.note.support && view.support?.length > 0 && h('div', { class: 'callout' },
          h('h2', {}, 'Someone to talk to, at any moment'), contacts(view.support),
          h('p', { class: 'quiet' }, 'You find these under “Support” on every screen of this scenario.')),
        h('p', { class: 'row' }, begin, this.anotherRoute(view), !this.page.only && link('', { class: 'button quietly' }, 'Not now'))));
  }

  /** Draw the conversation; what has not changed stays the very same node, so that nothing above jumps. */
  draw() {
    const { view } = this;
    if (!this.thread) return;
    const total = view.answered + view.left;
    this.bar.replaceChildren(progressBar(view.answered, total, `Decision ${Math.min(view.answered + 1, total)} of about ${total}`));
    const open = view.finished ? null : view.turns.at(-1)?.step;
    const items = [
      ['situation', view.situation, () => h('section', { class: 'turn' }, prose(view.situation))],
      ...view.turns.map(turn => {
        const { draft, argued, ...stable } = turn; // what is kept meanwhile must not redraw the field somebody types in
        return [turn.step, { ...stable, open: turn.step === open }, () => this.turn(turn, turn.step === open)];
      }),
    ];
    if (view.finished) {
      items.push(['result', [view.handed_in, !!view.review, view.score], () => this.result()]);
      if (view.review?.length) items.push(['lessons', view.review.map(({ argued, ...entry }) => entry), () => lessons(view.review)]);
      (view.review ?? []).forEach((entry, index) => {
        const { argued, ...stable } = entry;
        items.push([`why-${entry.step}`, stable, () => review(entry, index, this.page.home?.supervisor, this.arguing(entry))]);
      });
      items.push(['after', [this.page.home?.next?.route ?? '', view.step], () => this.after()]);
    }
    const kept = new Map([...this.thread.children].map(node => [node.dataset.key, node]));
    const focused = [...this.thread.children].find(node => node.contains(document.activeElement));
    const nodes = items.map(([name, data, build]) => {
      const key = `${name} ${JSON.stringify(data)}`;
      if (kept.has(key)) return kept.get(key);
      const node = build();
      node.dataset.key = key;
      return node;
    });
    const fresh = nodes.filter(node => !kept.has(node.dataset.key));
    for (const [key, node] of kept) if (!nodes.includes(node)) node.remove();
    nodes.forEach((node, index) => this.thread.children[index] !== node && this.thread.insertBefore(node, this.thread.children[index] ?? null));
    if (kept.size) fresh.forEach(node => node.classList.add('fresh'));
    if (focused && !focused.isConnected) { // what came in its place takes over the focus
      const name = focused.dataset.key.split(' ')[0];
      focus(fresh.find(node => node.dataset.key.startsWith(`${name} `))?.querySelector('h2, h3'));
    }
  }

  turn(turn, open) {
    const section = h('section', { class: `turn${turn.ending ? ' ending' : ''}${open && turn.kind ? ' open' : ''}` },
      turn.ending && h('h2', { tabindex: -1, 'data-focus': true }, 'How it ends'),
      prose(turn.text));
    if (turn.answer) {
      section.append(
        h('h2', { class: 'asked' }, turn.prompt),
        h('div', { class: 'yours' }, h('p', { class: 'label' }, `You ${verb[turn.kind]}`), answered(turn)),
        ...(turn.followed.length ? [h('div', { class: 'followed' }, h('p', { class: 'label' }, 'What follows'), turn.followed.map(prose))] : []),
        ...[isWritten(turn) && h('p', { class: 'quiet later' }, 'One good answer stands beside yours once this scenario is explained.'),
          this.arguing(turn)].filter(Boolean));
    } else if (turn.kind && open) section.append(this.decision(turn));
    return section;
  }

  /** A switch: this decision is worth an argument in supervision. Practice and boosters have none: they are not counted on supervisors' lists. */
  arguing({ step, argued, prompt }) {
    if (this.view.practice || isBooster(this.place)) return null;
    const label = 'I would argue this in supervision';
    const node = h('button', { type: 'button', class: 'argue', 'data-step': step, 'aria-pressed': String(argued),
      'aria-label': `${label}: ${prompt}` }, label);
    node.onclick = async () => {
      const on = node.getAttribute('aria-pressed') !== 'true';
      const reply = await this.ask('argue', { step, on });
      if (!this.isShown) return;
      if (reply.error) return this.page.tell(reply.error);
      for (const twin of this.thread.querySelectorAll(`.argue[data-step="${step}"]`)) twin.setAttribute('aria-pressed', String(on));
      this.view = reply.ok;
      this.page.say(on ? 'Noted for supervision.' : 'No longer noted for supervision.');
    };
    return node;
  }

  decision(turn) {
    const store = `course:${this.page.home?.id ?? ''}:${this.route}`; // the next one at this computer is somebody else
    const kept = inTab.get(store);
    const mine = kept?.step === turn.step ? kept.answer : turn.draft;
    const unsaved = kept?.step === turn.step && kept.chosen;
    const lost = unsaved && 'Your last answer could not be confirmed. It is still here: please choose it again.';
    const status = h('p', { class: 'status' }, lost);
    if (lost) this.page.say(lost);
    const problem = h('p', { class: 'problem', role: 'alert' });
    const remember = chosen => inTab.set(store, { step: turn.step, answer: field.read(), chosen });
    const draft = isWritten(turn) ? this.drafts(turn.step, () => field.read(), status, () => inTab.drop(store)) : null;
    const changed = () => {
      problem.textContent = '';
      remember(false);
      draft?.();
    };
    const field = kinds[turn.kind](turn, mine ?? {}, changed, text => this.page.say(text));

    const choose = button(choosing[turn.kind], async () => {
      problem.textContent = field.missing() ?? '';
      if (problem.textContent) return;
      draft?.cancel();
      remember(true);
      status.textContent = 'Saving…';
      const { step } = turn;
      const reply = await this.ask('answer', { step, answer: field.read() });
      if (!this.isShown) return;
      status.textContent = '';
      if (reply.error) {
        problem.replaceChildren(reply.error, ' ', reply.changed ? button('Reload', () => this.page.go(), 'small') : '');
        remember(false);
        return;
      }
      inTab.drop(store);
      this.flush = null;
      this.advance(reply.ok, step);
    });
    const hint = h('p', { class: 'hint', id: uid() }, hints[turn.kind]);
    return h('form', { class: `decision ${turn.kind}`, novalidate: true, onsubmit: event => event.preventDefault() },
      h('fieldset', { 'aria-describedby': hint.id },
        h('legend', {}, h('h2', { tabindex: -1, 'data-focus': true }, turn.prompt)), hint, field.node),
      problem,
      h('div', { class: 'row' }, choose, status));
  }

  /** Take the kernel's next view after an answer that is on disk; move on to the new question. */
  advance(view, step) {
    this.view = view;
    this.draw();
    const turn = view.turns.find(candidate => candidate.step === step);
    const mine = [...this.thread.children].find(node => node.dataset.key.startsWith(`${step} `));
    mine?.querySelector('.yours')?.append(h('p', { class: 'saved' }, 'Saved'));
    this.page.say(`Saved. ${turn.followed.flat().map(spoken).join(' ')}`);
    focus(this.thread.querySelector(view.finished ? '.turn.ending [data-focus]' : '.turn.open [data-focus]'));
    mine?.querySelector('.asked').scrollIntoView({ block: 'start', behavior: calm() ? 'auto' : 'smooth' });
  }

  /** Return a function that keeps a draft a moment after the last key; `status` says when it is on disk, and `kept` is told. */
  drafts(step, read, status, kept) {
    let timer = null;
    let since = 0;
    let last = '';
    const keep = async () => {
      clearTimeout(timer);
      timer = null;
      const answer = read();
      if (JSON.stringify(answer) === last) return;
      last = JSON.stringify(answer);
      const reply = await this.ask('draft', { step, answer });
      if (timer) return;
      if (reply.ok?.saved) kept();
      status.textContent = reply.error ?? (reply.ok.saved ? 'Draft saved' : 'Draft kept in this tab');
    };
    const later = () => {
      since = timer ? since : Date.now();
      clearTimeout(timer);
      status.textContent = '';
      timer = setTimeout(keep, Math.max(0, Math.min(PAUSE, since + OFTEN - Date.now())));
    };
    later.cancel = () => {
      clearTimeout(timer);
      timer = null;
    };
    this.flush = () => timer && keep();
    return later;
  }

  // --- what came of it --------------------------------------------------------------------------------

  result() {
    const { handed_in: handed, review: explained, score, practice } = this.view;
    if (practice) {
      return h('section', { class: 'result review' },
        h('h2', { tabindex: -1, 'data-focus': true }, 'What this run looks like'),
        h('p', { class: 'quiet' }, 'This was practice. Your first answers and their score stay as they were.'));
    }
    const again = async () => {
      const reply = await this.ask('hand_in');
      if (reply.ok) this.page.heard(this.route, reply.ok);
    };
    return h('section', { class: `result${explained ? ' review' : ''}` },
      h('h2', { tabindex: -1, 'data-focus': !!explained }, explained ? 'Why: your decisions, explained' : 'Finished'),
      h('ul', { class: 'checks' }, this.checks().map(([state, text]) => h('li', { class: state }, text))),
      handed.state === 'waiting' && button('Hand in now', again),
      score?.maximum > 0 && h('p', { class: 'quiet' }, `${number(score.points)} of ${number(score.maximum)} points so far.`));
  }

  /** What has become of the answers: [state, sentence] each. */
  checks() {
    const { handed_in: handed, review: explained } = this.view;
    const steps = [['yes', 'Your answers are saved.']];
    if (handed.state === 'yes') steps.push(['yes', `Handed in${handed.at ? ` on ${when(handed.at)}` : ''}.`]);
    else if (handed.state === 'sending') steps.push(['busy', 'Handing in…']);
    else steps.push(['no', `Not handed in yet. ${handed.why ?? 'It will be tried again when you open the course.'}`]);
    if (handed.state === 'yes' && !explained) steps.push(['busy', 'The explanations arrive here in a few seconds.']);
    return steps;
  }

  after() {
    const { only, home } = this.page;
    const next = home?.next;
    if (only) return h('section', { class: 'after' }, h('p', { class: 'quiet' }, 'You can stop here. Everything is kept.'));
    const step = this.view.review && this.view.step;
    return h('section', { class: 'after' },
      step && followed(step),
      h('p', { class: 'quiet' }, 'You can stop here. Everything is kept.'),
      h('p', { class: 'row' },
        next && next.route !== this.place && link(next.route, { class: 'button primary' }, `Next: ${next.title}`),
        this.page.practise(this.place),
        link('', { class: 'button' }, 'Back to the course')));
  }
}

/** The address of a scenario's page without any script. */
const plainPage = place => `${configured().baseUrl ?? '/'}course/plain/${place}`;
const configured = () => JSON.parse(document.getElementById('jupyter-config-data')?.textContent || '{}');
