// The front page: what was given, how far it is, and before the first start one calm screen.

/** Whether the calm first screen is due: nothing was begun, and it was not read in this browser. */
function isNew(page) {
  const { rows } = page;
  const begun = rows.some(row => row.state === 'going' || isDone(row));
  return !begun && rows.some(row => row.state === 'new') && !inBrowser.get(seenKey(page));
}

const seenKey = page => `course:welcome:${page.home.id ?? ''}`;

const frontPage = page => (isNew(page) ? welcomePage(page) : homePage(page));

/** Before the first start: who sees my answers, what is recorded, what happens if I miss. */
function welcomePage(page) {
  const { home, rows } = page;
  const start = rows.find(row => row.state === 'new' || row.state === 'going');
  const share = home.assignments[0]?.pass_share;
  const seen = () => inBrowser.set(seenKey(page), true);
  return h('div', { class: 'sheet narrow welcome' },
    h('p', { class: 'eyebrow' }, [home.course?.center, 'Before you start'].filter(Boolean).join(' · ')),
    h('h1', { tabindex: -1, 'data-focus': true }, home.course?.title ?? 'Staff training'),
    h('p', { class: 'lead' }, home.name && `Welcome, ${firstName(home.name)}. `,
      'You live through situations from work, decide, and see what follows. There is no clock and no trick question.'),
    rows.length > 0 && h('p', {}, `${rows.length === 1 ? 'One scenario' : `${rows.length} scenarios`}, about ${minutes(rows.reduce((sum, row) => sum + row.minutes, 0))} in all. You can stop after each one, or in the middle of one, and go on later where you left off.`),
    home.seen_by?.length > 0 && h('section', {}, h('h2', {}, 'Who sees my answers'), seenBy(home.seen_by)),
    h('section', {}, h('h2', {}, 'What is recorded'),
      h('p', {}, 'What you choose, write or leave out, and when. While you write, drafts are kept on your desk so that nothing gets lost; '
        + 'they are not handed in. Reading the policy and “It just happened” leaves no trace. '
        + 'Please write no real client details anywhere, not even in a draft.')),
    h('section', {}, h('h2', {}, 'What happens if I miss'),
      h('p', {}, 'Nothing is lost by a wrong turn; it is what the course is for. Your first choices are the ones that count, and ',
        share ? `you pass with the best or an acceptable choice on ${number(share * 10)} of 10. ` : 'most of them should be good ones. ',
        'If a choice breaks one of the clauses that protect somebody directly, there is one more step: you read why, and a day later you meet that clause again in a short situation.')),
    h('p', { class: 'row' },
      start && link(start.route, { class: 'button primary big', 'aria-label': `Start: ${start.title}`, onclick: seen }, 'Start'),
      h('button', { type: 'button', class: 'button quietly', onclick: () => { seen(); page.to(''); } }, 'Look around first')),
    start && h('p', { class: 'quiet' }, `First comes “${start.title}”, about ${minutes(start.minutes)}.`));
}

/** Who sees what: the people first, the rest on demand. */
const seenBy = sentences => {
  const [people, rest] = [sentences.slice(0, 2), sentences.slice(2)];
  return [h('ul', {}, people.map(line => h('li', {}, line))),
    rest.length > 0 && h('details', {}, h('summary', {}, 'All of it, line by line'), h('ul', {}, rest.map(line => h('li', {}, line))))];
};

function homePage(page) {
  const me = page.home;
  const { rows } = page;
  const done = rows.filter(isDone).length;
  return h('div', { class: 'home' },
    h('header', { class: 'masthead' },
      h('p', { class: 'eyebrow' }, [me.course?.center, 'Staff training'].filter(Boolean).join(' · ')),
      h('h1', { tabindex: -1, 'data-focus': true }, me.course?.title ?? 'Staff training'),
      h('p', { class: 'lead' }, me.name && `Welcome, ${firstName(me.name)}. `,
        'Live through a situation, decide, see what follows, and read why. You can stop at any moment and go on later.')),
    h('div', { class: 'columns' },
      h('div', { class: 'main' },
        me.next && upNext(me.next, rows.length, done),
        oneMore(me.one_more),
        !me.next && upNext(me.next, rows.length, done),
        me.assignments.map(assignment),
        !rows.length && h('p', { class: 'sheet' }, 'Nothing has been given to you yet. Your supervisor releases the scenarios.')),
      h('aside', { class: 'aside', 'aria-label': 'About you and this course' },
        h('section', { class: 'moment-card' }, h('h2', {}, link('happened', {}, 'It just happened')),
          h('p', {}, 'A friend request, a tag, a worrying message? Three next steps and whom to call. Nothing is recorded.')),
        me.name && part('You', h('p', { class: 'person' }, h('strong', {}, me.name), h('br'),
          [sentence(me.role), me.team && `Team ${me.team}`].filter(Boolean).join(' · ')),
          me.supervisor && h('p', {}, `Your supervisor is ${me.supervisor}.`)),
        me.seen_by?.length > 0 && part('Who will see my answers', seenBy(me.seen_by),
          h('p', {}, link('welcome', {}, 'What is recorded, and what happens if I miss'))),
        me.support?.length > 0 && part('If something weighs on you', contacts(me.support)),
        me.course?.policy && part('The official policy', officialText(me.course.policy)))));
}

function upNext(next, all, done) {
  if (!all) return null;
  if (!next) {
    return h('section', { class: 'next done' },
      h('p', { class: 'eyebrow' }, 'All done for now'),
      h('h2', {}, 'You are done with every scenario you were given.'),
      h('p', {}, 'The explanations stay here for you to read again.'),
      h('p', { class: 'row' }, link('results', { class: 'button primary' }, 'See my results'), link('words', { class: 'button' }, 'Words I can use')));
  }
  const going = next.state === 'going';
  const action = going ? 'Continue' : 'Start';
  return h('section', { class: 'next' },
    h('p', { class: 'eyebrow' }, going ? 'Where you left off' : done ? 'Up next' : 'Start here'),
    h('h2', {}, next.title),
    h('p', {}, going ? `Decision ${next.answered + 1} is waiting for you.` : `About ${minutes(next.minutes)}, and you can stop after it.`,
      next.note && ' It opens with a content note.'),
    link(next.route, { class: 'button primary big', 'aria-label': `${action}: ${next.title}` }, action),
    h('div', { class: 'meter' }, progressBar(done, all, `${done} of ${all} scenarios done`), h('span', {}, `${done} of ${all} done`)));
}

function assignment(given) {
  const [state, tone] = stateOf(given);
  const left = given.minutes_left;
  return h('section', { class: 'assignment' },
    h('div', { class: 'heading' }, h('h2', {}, given.title), h('span', { class: `chip ${tone}` }, state)),
    h('p', { class: 'quiet' }, [given.due_text, left ? `about ${minutes(left)} left` : null,
      given.scenarios.length > 1 && left && 'you can stop after each one'].filter(Boolean).join(' · ')),
    h('ol', { class: 'cards' }, given.scenarios.map(row => h('li', {}, scenarioCard(row)))));
}

function scenarioCard(row) {
  const [state, tone] = {
    new: ['Not started', ''], going: [`In progress, ${row.answered} of about ${row.answered + row.left} decisions`, 'busy'],
    finished: row.handed_in ? ['Handed in', 'busy'] : ['Finished, not handed in yet', 'mind'],
    explained: ['Explained', 'good'], rerouted: ['Another route taken', ''], missing: ['Not on your desk yet', 'mind'], damaged: ['Cannot be opened', 'mind'],
  }[row.state];
  const dead = row.state === 'missing' || row.state === 'damaged';
  const inner = [
    h('span', { class: `ring ${isDone(row) ? 'full' : row.state === 'going' ? 'half' : ''}`, 'aria-hidden': 'true' }, isDone(row) ? '✓' : ''),
    h('span', { class: 'body' },
      h('span', { class: 'title' }, row.title),
      h('span', { class: 'quiet' }, h('span', { class: `state ${tone}` }, state), ` · ${minutes(row.minutes)}`,
        row.note && ' · content note', row.approved === false && ' · draft'),
      row.why && h('span', { class: 'quiet' }, row.why)),
    !dead && h('span', { class: 'go', 'aria-hidden': 'true' }, '›'),
  ];
  return dead ? h('div', { class: 'card dead' }, inner) : link(row.route, { class: 'card' }, inner);
}

function stateOf({ state, detail }) {
  const tones = { passed: 'good', 'handed in': 'busy', 'being marked': 'busy', 'in progress': 'busy', 'one more step': 'mind', 'not passed yet': 'mind' };
  return [sentence(detail || state), tones[state] ?? ''];
}
