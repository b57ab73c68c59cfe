// The five kinds of decision: (turn, what was chosen before, changed, say) -> a field
// {node, read() -> answer, missing() -> sentence or null}.

const LONGEST = 4000; // characters of one written answer: a line of the log has 16 KiB

const verb = { choice: 'chose', multiple: 'chose', order: 'put in this order', text: 'wrote', form: 'wrote' };
const choosing = { choice: 'Choose this', multiple: 'Choose these', order: 'Choose this order', text: 'This is my answer', form: 'This is my answer' };
const privacy = 'No real client details, please: no names, initials, dates or places of real people. Saved as you type.';
const hints = {
  choice: 'Choose one. Your first choice stays.', multiple: 'Choose all that you would do.',
  order: 'Put what comes first at the top: drag a line, use its buttons, or press the arrow keys on them.', text: privacy, form: privacy,
};

/** Whether somebody writes an answer rather than takes one. */
const isWritten = ({ kind }) => kind === 'text' || kind === 'form';

/** What was answered, in words. */
function answered({ kind, answer }) {
  if (kind === 'form') return h('dl', { class: 'filled' }, answer.map(line => [h('dt', {}, line.label), h('dd', {}, line.text)]));
  if (kind === 'order' || answer.length > 1) {
    return h(kind === 'order' ? 'ol' : 'ul', {}, answer.map(line => h('li', {}, line.text)));
  }
  return h('p', { class: 'typed' }, answer[0].text);
}

const kinds = {
  choice: (turn, before, changed) => ticks(turn, 'radio', before.option ? [before.option] : [], changed,
    taken => ({ option: taken[0] }), 'Choose one of these first.'),

  multiple: (turn, before, changed) => ticks(turn, 'checkbox', before.options ?? [], changed,
    taken => ({ options: taken }), 'Choose at least one of these first.'),

  text(turn, before, changed) {
    const area = textarea({ rows: 5, value: before.text ?? '', oninput: changed, 'aria-label': turn.prompt });
    return { node: area, read: () => ({ text: area.value }), missing: () => (area.value.trim() ? null : 'Write a sentence or two first.') };
  },

  form(turn, before, changed) {
    const areas = turn.fields.map(field => {
      const area = textarea({ id: uid(), rows: 2, value: before.fields?.[field.id] ?? '', oninput: changed, required: field.required });
      return { field, area };
    });
    const empty = () => areas.filter(({ field, area }) => field.required && !area.value.trim());
    return {
      node: h('div', { class: 'fields' }, areas.map(({ field, area }) => h('div', { class: 'field' },
        h('label', { for: area.id }, field.label, !field.required && h('span', { class: 'quiet' }, ' (if you like)')), area))),
      read: () => ({ fields: Object.fromEntries(areas.map(({ field, area }) => [field.id, area.value])) }),
      missing() {
        const [first] = empty();
        first?.area.focus();
        return first ? `Still needed: ${empty().map(({ field }) => field.label).join(', ')}.` : null;
      },
    };
  },

  order(turn, before, changed, say) {
    const ids = turn.options.map(option => option.id);
    const start = before.order?.length === ids.length ? before.order : ids;
    const list = h('ol', { class: 'ranking' }, start.map(id => line(turn.options.find(option => option.id === id))));
    number();

    function line(option) {
      const item = h('li', { 'data-id': option.id });
      item.append(
        h('span', { class: 'grip', 'aria-hidden': 'true', onpointerdown: event => drag(event, item) }, '⠿'),
        h('span', { class: 'words' }, option.text),
        h('span', { class: 'moves' },
          h('button', { type: 'button', 'aria-label': `Up: ${option.text}`, onclick: () => move(item, -1) }, '↑'),
          h('button', { type: 'button', 'aria-label': `Down: ${option.text}`, onclick: () => move(item, 1) }, '↓')));
      item.addEventListener('keydown', event => {
        const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (!by) return;
        event.preventDefault();
        move(item, by);
      });
      return item;
    }

    function move(item, by) {
      const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
      if (!other) return;
      const focused = document.activeElement;
      if (by < 0) other.before(item);
      else other.after(item);
      focused?.focus(); // moving a node loses its focus
      number();
      changed();
      say(`Now number ${[...list.children].indexOf(item) + 1} of ${list.children.length}: ${item.querySelector('.words').textContent}`);
    }

    function number() {
      [...list.children].forEach((item, index) => {
        const [up, down] = item.querySelectorAll('button');
        up.setAttribute('aria-disabled', index === 0);
        down.setAttribute('aria-disabled', index === list.children.length - 1);
      });
    }

    function drag(event, item) {
      event.preventDefault();
      const grip = event.currentTarget;
      grip.setPointerCapture(event.pointerId);
      item.classList.add('dragged');
      let from = event.clientY;
      grip.onpointermove = ({ clientY }) => {
        const [before_, after] = [item.previousElementSibling, item.nextElementSibling];
        const middle = other => other.getBoundingClientRect().top + other.offsetHeight / 2;
        const top = item.offsetTop;
        if (before_ && clientY < middle(before_)) before_.before(item);
        else if (after && clientY > middle(after)) after.after(item);
        from += item.offsetTop - top;
        item.style.translate = `0 ${clientY - from}px`;
      };
      grip.onpointerup = grip.onpointercancel = () => {
        grip.onpointermove = grip.onpointerup = grip.onpointercancel = null;
        item.classList.remove('dragged');
        item.style.translate = '';
        number();
        changed();
      };
    }

    return { node: list, read: () => ({ order: [...list.children].map(item => item.dataset.id) }), missing: () => null };
  },
};

function ticks(turn, type, before, changed, read, missing) {
  const name = uid();
  const inputs = turn.options.map(option => h('input', { type, name, value: option.id, checked: before.includes(option.id), onchange: changed }));
  const taken = () => inputs.filter(input => input.checked).map(input => input.value);
  return {
    node: h('div', { class: 'options' }, turn.options.map((option, index) => h('label', { class: 'option' }, inputs[index], h('span', {}, option.text)))),
    read: () => read(taken()),
    missing: () => (taken().length ? null : missing),
  };
}

function textarea({ value, ...attributes }) {
  const area = h('textarea', { maxlength: LONGEST, spellcheck: 'true', ...attributes });
  area.value = value;
  return area;
}
