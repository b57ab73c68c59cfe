// Talking to the kernel: questions with their replies, and what it says unasked.

const PATIENCE = 3000; // ms without the kernel's word until the page says that something is not saved yet

const SAVES = ['begin', 'again', 'answer', 'draft', 'argue'];

class Talk {
  /** `model` is the widget's; `pushed(route, view)` takes what arrives unasked. */
  constructor(model, pushed) {
    this.model = model;
    this.pushed = pushed;
    this.count = 0;
    this.waiting = new Map(); // number of a request -> what to do with its reply
    this.late = new Map(); // number of a request -> whether something waits to be saved
    this.closed = false;
    this.warning = h('div', { class: 'warning', role: 'alert', hidden: true });
    model.on('msg:custom', this.heard);
  }

  close() {
    this.closed = true;
    this.model.off('msg:custom', this.heard);
    this.late.clear();
    for (const request of this.waiting.values()) clearTimeout(request.timer);
  }

  /** Ask the kernel; resolves to {ok} or {error, changed}. Warns when it does not answer in time. */
  ask(what, more = {}) {
    const n = ++this.count;
    return new Promise(resolve => {
      const timer = setTimeout(() => this.isLate(n, what), PATIENCE);
      this.waiting.set(n, { resolve, timer });
      try {
        this.model.send({ n, do: what, ...more });
      } catch {
        this.isLate(n, what);
      }
    });
  }

  heard = message => {
    if ('push' in message) return this.pushed(message.push, message.view);
    const request = this.waiting.get(message.n);
    if (!request) return;
    this.waiting.delete(message.n);
    clearTimeout(request.timer);
    this.late.delete(message.n);
    if (!this.late.size) this.warning.hidden = true;
    request.resolve(message);
  };

  isLate(n, what) {
    if (this.closed) return;
    this.late.set(n, SAVES.includes(what));
    this.warning.replaceChildren(
      h('p', {}, h('strong', {}, [...this.late.values()].some(Boolean) ? 'Not saved yet. ' : 'One moment. '),
        'The course does not answer. What was saved before is safe, and what you typed is kept in this tab.'),
      h('button', { type: 'button', class: 'button', onclick: () => location.reload() }, 'Reload'));
    this.warning.hidden = false;
    // Whoever holds the connection may find out why, and mend it.
    this.warning.dispatchEvent(new CustomEvent('course-late', { bubbles: true }));
  }
}

/** Tell this browser's other tabs which scenario is open here; `twice()` when another tab has it, too. */
class Tabs {
  constructor(twice) {
    this.me = uid();
    this.route = '';
    this.channel = globalThis.BroadcastChannel ? new BroadcastChannel(`course ${location.pathname}`) : {};
    this.channel.onmessage = ({ data: { from, route, answers } }) => {
      if (from === this.me || !route || route !== this.route) return;
      if (answers) twice();
      else this.say({ answers: true });
    };
  }

  open(route) {
    this.route = route;
    if (route) this.say({});
  }

  say(more) {
    this.channel.postMessage?.({ from: this.me, route: this.route, ...more });
  }

  close() {
    this.channel.close?.();
  }
}
