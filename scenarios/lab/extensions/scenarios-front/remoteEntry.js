// The course's front, a JupyterLab 4.6 extension written by hand as the module-federation container that
// a build would make (webpack's `init` and `get`), so that nothing has to be compiled.
//
// A notebook with the metadata {"course": {"front": "player"}} that stands in the course's folder (the page
// config's `courseFolder`; without one this extension does nothing) shows nothing but the output of its cells
// tagged `course-player`. They are run when it opens and again after its kernel died; it never becomes dirty.
(() => {
  const CSS = `
    .course-front .jp-InputPrompt, .course-front .jp-OutputPrompt, .course-front .jp-Collapser,
    .course-front .jp-Cell-inputWrapper, .course-front .jp-Notebook-footer,
    .course-front .jp-cell-toolbar, .course-front .jp-cell-button,
    .course-front .jp-OutputArea-promptOverlay, .course-front .jp-Notebook-cell-insert-between,
    .course-front .jp-Cell:not(.course-front-cell), .course-front-alone .jp-skiplink,
    .course-front-alone .jp-Dialog { display: none !important; }
    .course-front .jp-Cell { border: 0 !important; box-shadow: none !important; }
    .course-front .jp-Cell, .course-front .jp-Notebook, .course-front .jp-OutputArea-output,
    .course-front .jp-WindowedPanel-viewport, .course-front .jp-Cell-outputWrapper,
    .course-front .jp-Cell-outputArea { margin: 0 !important; padding: 0 !important; }
    .course-front .jp-OutputArea-child, .course-front .jp-OutputArea-output,
    .course-front .jp-OutputArea, .course-front .jp-Cell, .course-front .jp-Cell-outputWrapper,
    .course-front .jp-Cell-outputArea { overflow: visible !important; }
    .course-front .jp-Notebook { --jp-notebook-padding: 0; }
    .course-front { --say-paper: light-dark(#ffffff, #1b2326); --say-ink: light-dark(#1d2b2f, #e8ecea);
      --say-edge: light-dark(#84908f, #74858a); --say-brand: light-dark(#17635f, #7ed3c6); color-scheme: light dark; }
    body[data-jp-theme-light="true"] .course-front { color-scheme: light; }
    body[data-jp-theme-light="false"] .course-front { color-scheme: dark; }
    .course-front-wait { position: absolute; z-index: 20; inset: auto 1rem 1rem; width: fit-content; max-width: 44rem; margin: 0 auto;
      display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; align-items: center; padding: .875rem 1.25rem; box-sizing: border-box;
      border: 1px solid var(--say-edge); border-left: 4px solid var(--say-brand); border-radius: 14px;
      box-shadow: 0 1px 2px light-dark(#1d2b2f14, #0006), 0 6px 20px light-dark(#1d2b2f22, #0008);
      color: var(--say-ink); background: var(--say-paper);
      font: 400 1.0625rem/1.5 -apple-system, "Segoe UI Variable Text", "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif; }
    .course-front-wait p { flex: 1 1 18rem; margin: 0; }
    .course-front-wait:not(:has(button)) p { flex-basis: auto; }
    .course-front-wait button { font: inherit; font-weight: 600; color: inherit; min-height: 44px; padding: .375rem 1.25rem; cursor: pointer;
      border: 1px solid var(--say-edge); border-radius: 999px; background: none; }
    .course-front-wait button:hover { border-color: var(--say-brand); }
    .course-front-wait button:focus-visible { outline: 3px solid var(--say-brand); outline-offset: 2px; }
    .course-front-wait.opening { inset: 0; width: auto; max-width: none; display: grid; place-content: center; border: 0; border-radius: 0;
      background: light-dark(#f7f5f0, #12181a); text-align: center; }
    .course-front:has(.course-front-wait) .course .warning { display: none !important; } /* one message at a time */
    .course-front:has(.course .warning:not([hidden]), .course-front-wait) .jp-WindowedPanel-outer { scroll-padding-bottom: 14rem; } /* the focus stays above the message */
    @media print { /* let the page flow out of the panels that are as large as the window */
      body.course-front-alone, .course-front-alone :has(.course) { display: block !important; position: static !important; contain: none !important;
        width: 100% !important; height: auto !important; min-height: 0 !important; overflow: visible !important; }
      .course-front-alone .lm-Widget:not(:has(.course)), .course-front-wait { display: none !important; }
    }`;
  const OPENING = 'Opening your course…';
  const NOWHERE = 'This page of the course cannot be opened. Open the course’s link again.';
  const AGAIN = 'Reconnecting. Saved answers are safe.';
  const SLOW = 'This takes longer than usual. Saved answers are safe; wait a little, or start it again.';
  const STOPPED = 'The course has stopped. Saved answers are safe; start it again to go on.';
  const AWAY = 'The course cannot be reached right now. Saved answers are safe; keep this page open, it goes on by itself.';
  const AWAY_UNSAVED = 'Not saved yet: the course cannot be reached right now. Keep this page open, it goes on by itself; '
    + 'what was saved before is safe.';
  const OUT = 'You have been signed out. Saved answers are safe; open the course’s link again to go on.';
  const PATIENCE = 15000; // ms until a start that hangs may be tried afresh
  const ANSWER = 4000; // ms in which server and kernel answer if they can, and at most between two looks
  const GRACE = 1000; // ms in which a broken connection may come back unnoticed
  const RERUN = 60000; // ms at least between two runs of the page for an answer that does not come

  let scope = null;
  const shared = async name => {
    const versions = scope[name];
    return (await versions[Object.keys(versions).sort().pop()].get())();
  };

  /** Colours and a first word while Lab loads; returns the node that says it. */
  function dress({ fullThemesUrl }) {
    const style = document.createElement('style');
    style.textContent = CSS;
    document.head.append(style);
    // Lab's colours, as the device asks for them; Lab's own theme manager waits for all its settings first.
    const dark = matchMedia('(prefers-color-scheme: dark)');
    for (const [name, media] of [['light', `not all and ${dark.media}`], ['dark', dark.media]]) {
      const link = document.createElement('link');
      Object.assign(link, { rel: 'stylesheet', href: `${fullThemesUrl}/@jupyterlab/theme-${name}-extension/index.css`, media });
      document.head.append(link);
    }
    const mark = () => (document.body.dataset.jpThemeLight = !dark.matches);
    dark.addEventListener('change', mark);
    mark();
    const cover = document.body.appendChild(document.createElement('div'));
    cover.className = 'course-front';
    cover.innerHTML = '<div class="course-front-wait opening" role="status"><p></p></div>';
    cover.querySelector('p').textContent = OPENING;
    return cover;
  }

  async function plugin() {
    const configured = JSON.parse(document.getElementById('jupyter-config-data')?.textContent || '{}');
    const folder = configured.courseFolder;
    const cover = folder === undefined ? null : dress(configured);
    const { IDocumentManager } = await shared('@jupyterlab/docmanager');
    const { INotebookTracker } = await shared('@jupyterlab/notebook');
    const { Dialog } = await shared('@jupyterlab/apputils');
    const { URLExt } = await shared('@jupyterlab/coreutils');
    const { ServerConnection } = await shared('@jupyterlab/services');
    const { CodeCell } = await shared('@jupyterlab/cells');

    return {
      id: 'scenarios-front:plugin',
      description: 'Shows the course without code.',
      autoStart: true,
      requires: [INotebookTracker, IDocumentManager],
      activate(app, tracker, documents) {
        if (folder === undefined) return;
        tracker.forEach(panel => open(app, panel));
        tracker.widgetAdded.connect((_, panel) => open(app, panel));
        documents.autosave = false;
        // Every cell is drawn at once: there are few, and the page scrolls as one.
        const factory = app.docRegistry.getWidgetFactory('Notebook');
        factory.notebookConfig = { ...factory.notebookConfig, scrollPastEnd: false, showMinimap: false, windowingMode: 'none' };
        // Lab's own way to the page's document leads through its settings, file browser and the layout of the last visit.
        app.shell.restoreLayout(configured.mode, { fetch: async () => ({}) });
        Dialog.tracker.widgetAdded.connect(() => cover.isConnected && nowhere());
        if (!configured.treePath || !documents.open(configured.treePath)) nowhere();
      },
    };

    function nowhere() {
      document.body.classList.add('course-front-alone'); // what Lab's dialog says is no help to a trainee
      cover.querySelector('p').textContent = NOWHERE;
    }

    async function open(app, panel) {
      await panel.context.ready;
      const front = panel.context.model.sharedModel.getMetadata('course')?.front;
      const inside = !folder || panel.context.path.startsWith(`${folder.replace(/\/+$/, '')}/`);
      if (front !== 'player' || !inside) return cover.remove();
      panel.addClass('course-front');
      if (configured.mode === 'single-document') takeThePage(app.shell);
      panel.toolbar.hide();
      neverDirty(panel.context.model);
      // Lab's one-letter shortcuts would edit the notebook while somebody answers: "d d" deletes a cell.
      panel.node.dataset.lmSuppressShortcuts = 'true';
      const cells = panel.content.widgets.filter(c => (c.model.getMetadata('tags') || []).includes('course-player'));
      cells.forEach(cell => cell.addClass('course-front-cell'));
      plainContent(panel);
      keepRunning(app, panel, cells);
      cover.remove();
    }

    /** In the single-document page nothing of Lab is left but the notebook; its dialogs never reach a trainee. */
    function takeThePage(shell) {
      for (const part of shell.layout) if (part.id !== 'jp-main-content-panel') part.hide();
      document.body.classList.add('course-front-alone');
      document.body.dataset.lmSuppressShortcuts = 'true';
      new MutationObserver(() => document.querySelector('.jp-Dialog') && Dialog.flush()).observe(document.body, {
        childList: true,
      });
    }

    function neverDirty(model) {
      model.dirty = false;
      model.stateChanged.connect((_, change) => {
        if (change.name === 'dirty' && change.newValue) model.dirty = false;
      });
    }

    /** Lab calls the list of cells a feed, and each cell an article or a stop of the Tab key; here it is a page. */
    function plainContent(panel) {
      const fix = () => {
        for (const node of panel.node.querySelectorAll('[role=feed], .jp-Cell[tabindex], .jp-Notebook[tabindex]')) {
          for (const name of ['role', 'aria-label', 'tabindex']) node.removeAttribute(name);
        }
      };
      fix();
      new MutationObserver(fix).observe(panel.content.node, {
        subtree: true, attributes: true, attributeFilter: ['role', 'tabindex'], childList: true,
      });
    }

    /** Run the cells now, and again whenever a kernel has come back from the dead; say what is wrong meanwhile. */
    function keepRunning(app, panel, cells) {
      const context = panel.sessionContext;
      // One live region for the page's whole life: screen readers miss regions that come and go.
      const says = panel.node.appendChild(document.createElement('div'));
      says.setAttribute('role', 'status');
      let run = 0;
      let starting = false;
      let ran = false; // the page has stood since the last new kernel
      let down = false; // the kernel is being restarted
      let mending = false;
      let doubt = false; // something has happened since the last look
      let id = null; // of the kernel, also when its connection is gone
      let wake = () => {};
      let rerun = -Infinity;

      const show = (text, action, work) => {
        const wait = document.createElement('div');
        wait.className = `course-front-wait${stands() ? '' : ' opening'}`;
        wait.append(document.createElement('p'));
        wait.firstChild.textContent = text;
        if (action) {
          const button = wait.appendChild(document.createElement('button'));
          button.textContent = action;
          button.onclick = work;
        }
        if (wait.textContent !== says.textContent) says.replaceChildren(wait); // said once; its button keeps the focus
      };
      const hide = () => says.replaceChildren();
      const pause = ms => new Promise(done => setTimeout((wake = done), ms));
      const within = (ms, promise) => Promise.race([promise, new Promise(done => setTimeout(done, ms))]).catch(() => undefined);
      const isConnected = () => context.session?.kernel?.connectionStatus === 'connected';
      const unanswered = () => !!panel.node.querySelector('.course .warning:not([hidden])');
      const stands = () => !!panel.node.querySelector('.course, .results'); // a trainee's page, or the supervisor's

      async function start() {
        const mine = ++run;
        const late = setTimeout(isLate, PATIENCE, mine);
        starting = true;
        down = false;
        show(mine === 1 ? OPENING : AGAIN);
        try {
          await Promise.all([context.ready, app.started]); // once everything that draws widgets has started
          await context.session?.kernel?.info;
          for (const cell of cells) await CodeCell.execute(cell, context);
          ran = true;
          if (mine === run) hide();
          setTimeout(() => mine === run && !stands() && mend(), ANSWER); // what was run can still fail to be drawn
        } catch (error) {
          console.warn('course front:', error); // a kernel that died while it ran; its next status starts anew
        } finally {
          clearTimeout(late);
          if (mine === run) starting = false;
        }
      }

      async function isLate(mine) {
        const found = await look();
        if (mine !== run || !starting) return;
        if (found !== 'here') {
          starting = false;
          return mend();
        }
        const kernel = context.session?.kernel;
        show(SLOW, 'Start again', again);
        const known = isConnected() ? await widgets(kernel) : undefined;
        if (known === undefined || mine !== run || !starting) return;
        await (known === null ? join(kernel.id) : afresh(kernel)).catch(() => { // the word to run got lost
          starting = false;
          mend();
        });
      }

      /** Run the page again where an answer does not come, though the kernel lives, unless that was tried just now. */
      async function afresh(kernel) {
        const due = performance.now() - rerun > RERUN;
        if (due) {
          rerun = performance.now();
          await join(kernel.id); // Lab would go on talking to what was there before
        }
        return due;
      }

      /** Another kernel, or the one there is on a new connection. */
      async function join(kernel) {
        show(AGAIN);
        context.session?.dispose();
        if (kernel) await context.changeKernel({ id: kernel });
        else if (await context.startKernel()) throw new Error('no kernel could be started');
        ran = false;
        start();
      }

      function again() {
        const kernel = context.session?.kernel;
        starting = false;
        ran = true;
        if (!kernel || kernel.isDisposed) return mend();
        down = true;
        show(AGAIN);
        context.restartKernel();
      }

      /** What the server says of the kernel: here, gone (it knows it no more), out (of the session), or away itself. */
      async function look() {
        id = context.session?.kernel?.id ?? id;
        const settings = context.sessionManager.serverSettings;
        const url = URLExt.join(settings.baseUrl, 'api', id ? `kernels/${id}` : 'status');
        try {
          const init = { redirect: 'manual', signal: AbortSignal.timeout(ANSWER) };
          const { status, type } = await ServerConnection.makeRequest(url, init, settings);
          if (status === 200) return 'here';
          if (status === 404) return 'gone';
          // A hub sends away who is signed out (a redirection), and says 424 once it has put the server to sleep.
          return type === 'opaqueredirect' || [401, 403, 424].includes(status) ? 'out' : 'away';
        } catch {
          return 'away';
        }
      }

      const asked = async connection => {
        const reply = await within(ANSWER, connection.requestCommInfo({ target_name: 'jupyter.widget' }));
        return reply && Object.keys(reply.content.comms).length;
      };

      /** How many widgets the kernel holds; undefined when it does not answer, null when it answers others only. */
      async function widgets(kernel) {
        const known = await asked(kernel);
        if (known !== undefined || kernel.isDisposed) return known;
        // Is it the kernel that hangs, or a connection that only looks alive, as after a long sleep?
        const twin = kernel.clone();
        const other = await asked(twin);
        twin.dispose();
        if (other === undefined || kernel.isDisposed) return undefined;
        await within(ANSWER, kernel.reconnect());
        return (await asked(kernel)) ?? null;
      }

      /** With a server that answers: have a living connection to a kernel that knows the page. */
      async function rejoin(found) {
        const kernel = context.session?.kernel;
        if (found === 'gone' || !kernel || kernel.isDisposed) {
          if (ran) await join(found === 'here' ? id : null);
          else show(STOPPED, 'Start again', again); // a new one died at once; the next would, too
          return true;
        }
        if (!isConnected() && (!down || kernel.connectionStatus === 'disconnected')) await within(ANSWER, kernel.reconnect());
        if (!isConnected()) return false;
        if (says.hasChildNodes() && !says.textContent.startsWith(SLOW)) show(AGAIN);
        const known = await widgets(kernel);
        if (known === null || (known === 0 && !down && !starting)) {
          await join(kernel.id); // its connection stays mute, or this kernel is a new one
          return true;
        }
        if (starting) return true;
        if (down) {
          if (known === undefined) show(SLOW, 'Start again', again);
          else start(); // it is up again, and the word of it was lost
          return known !== undefined;
        }
        if (known && unanswered()) await pause(1000); // what was asked meanwhile is being answered
        const lost = known && (unanswered() || !stands()); // a question never got there, or the page did not
        if (lost && (await afresh(kernel))) return true;
        if (stands()) hide(); // of a kernel that hangs the page itself says that nothing is saved
        else show(SLOW, 'Start again', again);
        return known && !lost;
      }

      /** Find out what is wrong, say it, and put it right as soon as that can be done. */
      async function mend() {
        wake();
        doubt = true;
        if (mending || starting) return;
        mending = true;
        for (let wait = 1000, done = false; !done; wait = Math.min(2 * wait, ANSWER)) {
          doubt = false;
          const found = await look();
          if (found === 'out') show(OUT, 'Sign in again', () => location.reload());
          else if (found === 'away') show(unanswered() ? AWAY_UNSAVED : AWAY, 'Try now', () => wake());
          else done = await rejoin(found).catch(error => console.warn('course front:', error));
          if (doubt && !starting) done = false; // what was put right may be broken again by now
          if (!done) await pause(doubt ? 0 : wait);
        }
        mending = false;
      }

      context.statusChanged.connect((_, status) => {
        if (status === 'restarting' || status === 'autorestarting') {
          down = true;
          show(AGAIN);
        } else if (status === 'dead') {
          down = starting = false;
          mend();
        } else if (down && status === 'idle') start();
      });
      context.connectionStatusChanged.connect((_, status) => {
        // Connected again, or not soon: both are a reason to look, for this may be another kernel now.
        setTimeout(() => (status === 'connected') === isConnected() && mend(), status === 'connected' ? 0 : GRACE);
      });
      panel.node.addEventListener('course-late', mend);
      addEventListener('online', mend);
      addEventListener('offline', mend);
      addEventListener('pageshow', event => event.persisted && mend());
      document.addEventListener('visibilitychange', () => document.hidden || mend());
      document.addEventListener('resume', mend); // a page that the browser had frozen
      start();
    }
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB['scenarios-front'] = {
    init: shareScope => {
      scope = shareScope;
    },
    get: async name => {
      if (name !== './extension') throw new Error(`scenarios-front has no ${name}`);
      const found = await plugin();
      return () => ({ __esModule: true, default: found });
    },
  };
})();
