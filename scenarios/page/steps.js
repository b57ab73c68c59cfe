// One more step: what comes next for each critical clause that was missed, on the front page and after a booster.

const isBooster = route => route.startsWith('boosters/');

/** The step that a booster belongs to; null in a page that knows none. */
const stepOf = (page, route) => page.home?.one_more.find(step => step.route === route || step.played.includes(route)) ?? null;

/** The box on the front page; nothing once all is cleared. */
function oneMore(page) {
  const steps = page.home.one_more;
  const left = steps.filter(step => !step.cleared);
  if (!left.length) return null;
  return h('section', { class: 'next one-more' },
    h('p', { class: 'eyebrow' }, 'One more step'),
    h('h2', {}, left.length === 1 ? 'There is one clause to look at once more.' : `There are ${left.length} clauses to look at once more.`),
    h('ul', { class: 'steps' }, steps.map(step => h('li', {},
      h('h3', {}, link(`policy/${step.id}`, {}, step.title)),
      !step.cleared && step.statement && h('p', {}, step.statement),
      h('p', { class: 'says' }, step.cleared && h('span', { class: 'sign', 'aria-hidden': 'true' }, '✓ '), step.says),
      step.action && h('p', { class: 'row' }, link(step.route, { class: 'button primary', 'aria-label': `${step.action}: ${step.title}` }, step.action))))),
    h('p', { class: 'quiet' }, 'Your first answers stay as they are; this is about the next time. ',
      link('results', {}, 'Read why in your results'), '.'));
}

/** What a booster came to, and what follows, once it is explained. */
function followed(step) {
  return h('div', { class: `next ${step.cleared ? 'done' : 'one-more'}` },
    h('p', { class: 'eyebrow' }, step.cleared ? 'Cleared' : 'One more step'),
    h('h2', {}, step.title),
    h('p', {}, step.says),
    step.action && h('p', { class: 'row' }, link(step.route, { class: 'button primary', 'aria-label': `${step.action}: ${step.title}` }, step.action)));
}
