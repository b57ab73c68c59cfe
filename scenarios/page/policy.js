// The policy in plain words, clause by clause, and what to do when something just happened.

const kindsOfClause = {
  prohibition: 'What we do not do', obligation: 'What we do', exception: 'Exceptions', permission: 'What is allowed',
  request: 'What we ask of clients', 'follow-up': 'Talking it over', scope: 'What it covers', knowledge: 'What to know and say',
};

/** All clauses, searchable; `data` is the desk's policy.json. */
function policyPage(page, { clauses }) {
  const found = h('p', { class: 'quiet', role: 'status' });
  const groups = Object.entries(kindsOfClause).map(([kind, title]) => [title, clauses.filter(clause => clause.kind === kind)])
    .filter(([, list]) => list.length);
  const sections = groups.map(([title, list]) => h('section', { class: 'stack' }, h('h2', {}, title),
    h('ul', { class: 'clauselist' }, list.map(clause => h('li', { 'data-text': haystack(clause) },
      link(`policy/${clause.id}`, { class: 'card' }, h('span', { class: 'body' },
        h('span', { class: 'title' }, clause.title, ' ', h('span', { class: 'ref' }, clause.id), clause.critical && h('span', { class: 'chip mind' }, 'critical')),
        h('span', { class: 'quiet' }, clause.statement)),
      h('span', { class: 'go', 'aria-hidden': 'true' }, '›')))))));
  const search = h('input', { type: 'search', id: uid(), autocomplete: 'off', spellcheck: 'false', oninput: sift });
  function sift() {
    const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const section of sections) {
      for (const item of section.querySelectorAll('li')) {
        item.hidden = !asked.every(word => item.dataset.text.includes(word));
        count += !item.hidden;
      }
      section.hidden = !section.querySelector('li:not([hidden])');
    }
    found.textContent = !asked.length ? `${clauses.length} clauses`
      : count ? `${count} of ${clauses.length} clauses` : 'No clause has these words. Try fewer, or another word for it.';
  }
  sift();
  const official = page.home?.course?.policy;
  return h('div', { class: 'pages' },
    heading('The policy, in plain words', 'What it asks of us and of the Center, in the course’s own words. The official text wins.'),
    !clauses.length
      ? h('p', { class: 'sheet' }, 'The clauses are not on your desk yet. Close the course and open it again, or ask your supervisor.')
      : [h('div', { class: 'search' }, h('label', { for: search.id }, 'Search the clauses'), search, found), sections],
    official && h('section', { class: 'stack' }, h('h2', {}, 'The official text'), officialText(official)));
}

const haystack = clause => [clause.id, clause.title, clause.statement, clause.condition, clause.exception, clause.follow_up]
  .filter(Boolean).join(' ').toLowerCase();

/** The Center's official text, once it is attached; its hash is its version. */
const officialText = ({ title, sha256, text }) => (sha256
  ? [h('p', {}, `${title}, version ${sha256.slice(0, 8)}.`),
    text && h('details', {}, h('summary', {}, 'Read the official text'), h('div', { class: 'official' },
      text.trim().split(/\n\s*\n/).map(paragraph => h('p', {}, paragraph))))]
  : h('p', {}, `${title}. The Center has not attached its official text yet; this course states it in its own words.`));

/** One clause with the scenarios that practise it. */
function clausePage(page, clause) {
  const rows = page.rows.filter(row => clause.scenarios.includes(row.id));
  const more = [['When it applies', clause.condition], ['Exception', clause.exception], ['And afterwards', clause.follow_up]];
  return h('div', { class: 'pages' },
    h('p', {}, link('policy', { class: 'back' }, h('span', { 'aria-hidden': 'true' }, '‹'), ' All clauses')),
    h('article', { class: 'sheet stack' },
      h('p', { class: 'eyebrow' }, [`Clause ${clause.id}`, kindsOfClause[clause.kind], clause.critical && 'critical'].filter(Boolean).join(' · ')),
      h('h1', { tabindex: -1, 'data-focus': true }, clause.title),
      h('p', { class: 'lead' }, clause.statement),
      h('dl', { class: 'clauses' }, more.filter(([, text]) => text).map(([name, text]) => [h('dt', {}, name), h('dd', {}, text)])),
      clause.critical && h('p', { class: 'quiet' }, 'Critical: it protects somebody directly, so a choice that breaks it asks for one more step.')),
    h('section', { class: 'stack' }, h('h2', {}, 'Where you practice it'),
      rows.length
        ? h('ol', { class: 'cards' }, rows.map(row => h('li', {}, scenarioCard(row), isDone(row) && row.state !== 'rerouted'
          && h('p', { class: 'row' }, page.practise(row.route, row.title)))))
        : h('p', { class: 'quiet' }, 'None of the scenarios you were given so far turns on this clause.')));
}

/** "It just happened": which moment is it? Nothing on these pages is recorded. */
const happenedPage = ({ moments }) => h('div', { class: 'pages' },
  heading('It just happened', 'Take a breath. Pick what is closest, and you get three next steps and somebody to call.',
    'Nothing you do on this page is recorded.'),
  moments.length
    ? h('ul', { class: 'cards' }, moments.map(moment => h('li', {}, link(`happened/${moment.id}`, { class: 'card' },
      h('span', { class: 'body' }, h('span', { class: 'title' }, moment.title), h('span', { class: 'quiet' }, moment.about)),
      h('span', { class: 'go', 'aria-hidden': 'true' }, '›')))))
    : h('p', { class: 'sheet' }, 'The steps are not on your desk. Talk to your supervisor now; in an emergency call 911.'));

/** One worrying moment: three next steps, whom to call, the clauses. */
function momentPage(page, moment, clauses) {
  const about = clauses.filter(clause => moment.clauses.includes(clause.id));
  const support = moment.support ? (page.home?.support ?? []) : [];
  const call = moment.call.filter(contact => !support.some(({ name }) => name === contact.name)); // each once
  return h('div', { class: 'pages moment' },
    h('p', {}, link('happened', { class: 'back' }, h('span', { 'aria-hidden': 'true' }, '‹'), ' It just happened')),
    h('header', { class: 'stack' }, h('h1', { tabindex: -1, 'data-focus': true }, moment.title),
      h('p', { class: 'lead' }, moment.about)),
    support.length > 0 && h('section', { class: 'callout' }, h('h2', {}, 'If somebody may be in danger'), contacts(support)),
    h('ol', { class: 'steps' }, moment.steps.map(step => h('li', { class: 'sheet' }, h('p', { class: 'do' }, step.do), h('p', { class: 'quiet' }, step.why)))),
    call.length > 0 && h('section', { class: 'stack' }, h('h2', {}, 'Whom to call'), contacts(call)),
    about.length > 0 && h('section', { class: 'stack' }, h('h2', {}, 'The policy behind it'),
      h('dl', { class: 'clauses' }, about.map(clause => [h('dt', {}, clause.title, ' ', clauseLink(clause.id)), h('dd', {}, clause.statement)]))),
    h('p', { class: 'quiet' }, 'Nothing you do on this page is recorded.'),
    printing());
}
