// Why: the explanations of finished scenarios, as lessons, decision by decision, and in the trainee's own words.

const verdicts = {
  best: ['Just what the policy asks', 'good'], acceptable: ['This works', 'good'], poor: ['There is a better way', 'mind'],
  harmful: ['This can do harm', 'harm'], 'being marked': ['Being marked', 'busy'], marked: ['Marked', 'good'],
  compare: ['Compare with one good answer', 'busy'], discussion: ['For discussion: the Center has not ruled on this yet', 'busy'],
};
const signs = { good: '✓', mind: '→', harm: '!', busy: '…' };

const verdictOf = entry => verdicts[entry.verdict] ?? [sentence(entry.verdict), ''];

/** What to take along from a scenario: what went well, what the policy says, what to do differently. */
function lessons(entries) {
  const numbered = entries.map((entry, index) => ({ ...entry, number: index + 1 }));
  const well = numbered.filter(({ verdict }) => verdict === 'best' || verdict === 'acceptable');
  const otherwise = numbered.filter(({ verdict, best }) => best.length && verdict !== 'acceptable');
  const clauses = [...new Map(entries.flatMap(entry => entry.clauses).map(clause => [clause.id, clause])).values()];
  const gist = (entry, texts) => h('li', {}, h('span', { class: 'quiet' }, `${entry.number}. ${entry.prompt}`), ' ', texts.map(text => h('span', { class: 'gist' }, text)));
  return h('section', { class: 'lessons' },
    h('div', {}, h('h3', {}, 'What went well'), well.length
      ? h('ul', {}, well.map(entry => gist(entry, entry.answer.map(line => line.text))))
      : h('p', {}, 'You went all the way through a hard situation. That is where this begins.')),
    h('div', {}, h('h3', {}, 'What to do differently'), otherwise.length
      ? h('ul', {}, otherwise.map(entry => gist(entry, entry.best.map(option => option.text))))
      : h('p', {}, 'Nothing here asks for another choice next time.')),
    clauses.length > 0 && h('div', {}, h('h3', {}, 'What the policy says'),
      h('ul', {}, clauses.map(clause => h('li', {}, clause.title, ' ', clauseLink(clause.id))))));
}

/** One decision and its explanation, side by side; `arguing` is the switch that goes with it, or null. */
function review(entry, index, supervisor, arguing) {
  const [verdict, tone] = verdictOf(entry);
  const { mark } = entry;
  return h('article', { class: 'why' },
    h('header', {}, h('p', { class: 'eyebrow' }, `Decision ${index + 1}`), h('h3', {}, entry.prompt)),
    h('div', { class: 'beside' },
      h('div', { class: 'mine' }, h('p', { class: 'label' }, `You ${verb[entry.kind]}`), answered(entry)),
      h('div', { class: 'reason' },
        h('p', { class: `verdict ${tone}` }, h('span', { class: 'sign', 'aria-hidden': 'true' }, signs[tone] ?? '·'),
          entry.verdict === 'being marked' && supervisor ? `Being marked by ${supervisor}` : verdict),
        mark && h('div', { class: 'mark' },
          h('p', {}, h('strong', {}, `${number(mark.points)} of ${number(mark.maximum)}`), supervisor && ` from ${supervisor}`),
          mark.comment && h('blockquote', {}, mark.comment)),
        entry.chosen.filter(option => option.explanation)
          .map(option => [entry.chosen.length > 1 && h('p', { class: 'about' }, option.text), words(option.explanation)]),
        entry.explanation && words(entry.explanation),
        entry.best.length > 0 && h('div', { class: 'better' }, h('p', { class: 'label' }, 'The best choice here'),
          entry.kind === 'order' // each line was explained above, in the order that was chosen
            ? h('ol', {}, entry.best.map(option => h('li', {}, option.text)))
            : entry.best.map(option => [h('p', { class: 'about' }, option.text), words(option.explanation)])),
        entry.model && h('div', { class: 'better' }, h('p', { class: 'label' }, 'One good answer'), model(entry)),
        entry.rubric?.length > 0 && h('details', {}, h('summary', {}, 'What a good answer has'),
          h('ul', {}, entry.rubric.map(point => h('li', {}, point.text)))),
        entry.clauses.length > 0 && h('details', { open: entry.clauses.length < 3 }, h('summary', {}, 'The policy, in plain words'),
          h('dl', { class: 'clauses' }, entry.clauses.map(clause => [
            h('dt', {}, clause.title, ' ', clauseLink(clause.id),
              entry.violated?.includes(clause.id) && h('span', { class: 'chip mind' }, 'not kept here')),
            h('dd', {}, clause.statement)]))),
        arguing)));
}

/** A model answer: the lines of a form as they are, a text in paragraphs. */
const model = ({ kind, model: text }) => (kind === 'form' ? h('p', { class: 'typed' }, text)
  : text.trim().split(/\n\s*\n/).map(paragraph => h('p', {}, paragraph)));

/** All results: what to talk about, then each explained scenario with its decisions. */
function resultsPage(page, scenarios) {
  const argued = scenarios.flatMap(view => view.review.filter(entry => entry.argued).map(entry => ({ view, entry })));
  const marks = entries => entries.map(entry => verdictOf(entry)[1]);
  return h('div', { class: 'pages' },
    heading('My results', 'Every decision you made, why it stands where it does, and the clause behind it.',
      'Your first answers are the ones that count. What you practice later changes nothing here.'),
    !scenarios.length && h('p', { class: 'sheet' }, 'There is nothing here yet. Finish a scenario, and its explanations arrive within seconds.'),
    argued.length > 0 && h('section', { class: 'sheet stack' }, h('h2', {}, 'To bring to supervision'),
      h('ul', { class: 'plainlist' }, argued.map(({ view, entry }) => h('li', {}, link(view.route, {}, view.title), `: ${entry.prompt} `,
        h('span', { class: 'quiet' }, `You ${verb[entry.kind]}: ${entry.answer.map(line => line.text).join('; ')}`))))),
    scenarios.map(view => h('section', { class: 'stack' },
      h('div', { class: 'heading' }, h('h2', {}, link(view.route, {}, view.title)),
        view.score?.maximum > 0 && h('span', { class: 'quiet' }, `${number(view.score.points)} of ${number(view.score.maximum)} points`)),
      h('p', { class: 'quiet' }, tally(marks(view.review))),
      h('details', { class: 'fold', open: scenarios.length === 1 }, h('summary', {}, `The ${view.review.length} decisions, explained`),
        view.review.map((entry, index) => review(entry, index, page.home?.supervisor, null))),
      h('p', { class: 'row' }, page.practise(view.route, view.title)))),
    scenarios.length > 0 && printing());
}

/** Tones of verdicts, counted in words. */
function tally(tones) {
  const named = { good: 'went well', mind: 'could go better', harm: 'could do harm', busy: 'to compare, discuss or wait for' };
  return Object.entries(named).map(([tone, text]) => [tones.filter(each => each === tone).length, text])
    .filter(([count]) => count).map(([count, text]) => `${count} ${text}`).join(' · ');
}

/** The trainee's own sentences beside model phrasing, to print and keep. */
function wordsPage(scenarios) {
  const written = scenarios.flatMap(view => view.review
    .filter(isWritten).map(entry => ({ view, entry })));
  return h('div', { class: 'pages' },
    heading('Words I can use', 'Your own sentences beside one good way to say it. Print the page and keep it where you work.',
      'It holds what you wrote in this course, and no client’s details belong on it.'),
    !written.length && h('p', { class: 'sheet' }, 'There is nothing here yet. What you write in a scenario stands here once that scenario is explained.'),
    written.map(({ view, entry }) => h('section', { class: 'sheet stack phrase' },
      h('header', {}, h('p', { class: 'eyebrow' }, link(view.route, {}, view.title)), h('h2', {}, entry.prompt)),
      h('div', { class: 'halves' },
        h('div', {}, h('h3', { class: 'label' }, 'My words'), answered(entry),
          entry.mark?.comment && h('blockquote', { class: 'quiet' }, entry.mark.comment)),
        entry.model && h('div', { class: 'better' }, h('h3', { class: 'label' }, 'One good way to say it'), model(entry))))),
    written.length > 0 && printing());
}
