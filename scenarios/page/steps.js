// One more step: what comes next for each critical clause that was missed, on the front page and after a booster.

const isBooster = route => route.startsWith('boosters/');

const meet = ({ action, route, title }) => action && h('p', { class: 'row' },
  link(route, { class: 'button primary', 'aria-label': `${action}: ${title}` }, action));

/** The box on the front page; nothing once all is cleared. */
function oneMore(steps) {
  const left = steps.filter(step => !step.cleared).length;
  return left > 0 && h('section', { class: 'next one-more' },
    h('p', { class: 'eyebrow' }, 'One more step'),
    h('h2', {}, left === 1 ? 'There is one clause to look at once more.' : `There are ${left} clauses to look at once more.`),
    h('ul', { class: 'clearing' }, steps.map(step => h('li', {},
      h('h3', {}, link(`policy/${step.id}`, {}, step.title)),
      !step.cleared && step.statement && h('p', {}, step.statement),
      h('p', { class: 'says' }, step.cleared && 'Cleared. ', step.says),
      meet(step)))),
    h('p', { class: 'quiet' }, 'Your first answers stay as they are; this is about the next time. ',
      link('results', {}, 'Read why in your results'), '.'));
}

/** What a booster came to, and what follows, once it is explained. */
const followed = step => h('div', { class: `next ${step.cleared ? 'done' : 'one-more'}` },
  h('p', { class: 'eyebrow' }, step.cleared ? 'Cleared' : 'One more step'), h('h2', {}, step.title), h('p', {}, step.says), meet(step));
