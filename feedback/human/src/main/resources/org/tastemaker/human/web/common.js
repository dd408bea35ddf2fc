/*
 * What every page needs: to hear of changes, to send clicks so that none is lost, and to build
 * elements from text that is never read as HTML.
 *
 *   Tastemaker.poll('/api/state', state => ...)
 *   const outbox = Tastemaker.outbox('run 17', (status, reply, sent) => ...)
 *   outbox.send('/api/answer', {question: '3', kind: 'skip'})
 *   Tastemaker.element('p', {class: 'quiet', text: prompt}, [child, ...])
 */
const Tastemaker = (() => {
  'use strict';

  const LONGEST_WAIT = 5000; // ms between two tries

  /** An element. 'text' is its text; every other entry is an attribute, null for none. */
  const element = (tag, attributes, children) => {
    const made = document.createElement(tag);
    Object.keys(attributes || {}).forEach(name => {
      const value = attributes[name];
      if (name === 'text') {
        made.textContent = value;
      } else if (value !== null && value !== undefined) {
        made.setAttribute(name, String(value));
      }
    });
    (children || []).forEach(child => made.appendChild(child));
    return made;
  };

  /** Changes a text only where it differs, so that a screen reader does not say it again. */
  const say = (where, text) => {
    if (where.textContent !== text) {
      where.textContent = text;
    }
  };

  /** A class that an element has or has not. HtmlUnit's toggle() knows no second argument. */
  const mark = (where, name, on) => {
    if (on) {
      where.classList.add(name);
    } else {
      where.classList.remove(name);
    }
  };

  /** 128 random bits. */
  const randomId = () => {
    const bytes = new Uint8Array(16);
    window.crypto.getRandomValues(bytes);
    let id = '';
    for (let i = 0; i < bytes.length; i++) {
      id += (bytes[i] + 256).toString(16).slice(1);
    }
    return id;
  };

  /** Small images are shown with their pixels, large ones smoothly. */
  const image = (alt, attributes) => {
    const made = element('img', Object.assign({alt: alt, draggable: 'false'}, attributes || {}));
    made.addEventListener('load', () => {
      mark(made, 'small', made.naturalWidth > 0 && made.naturalWidth <= 128);
    });
    return made;
  };

  const parse = text => {
    try {
      return JSON.parse(text);
    } catch (e) {
      return null;
    }
  };

  // Whom this page is for. Opened as somebody else in another tab, the browser has their cookie.
  let visitor = null;

  /** done(status, body): status 0 if the server was not reached; body null if it was no JSON. */
  const request = (method, url, body, done, sender) => {
    const call = new XMLHttpRequest();
    let finished = false;
    const finish = (status, text) => {
      if (!finished) {
        finished = true;
        done(status, parse(text));
      }
    };
    call.open(method, url, true);
    call.timeout = 60000;
    call.setRequestHeader('X-Tastemaker', '1');
    if (sender) {
      call.setRequestHeader('X-Tastemaker-Visitor', encodeURIComponent(sender));
    }
    if (body !== null) {
      call.setRequestHeader('Content-Type', 'application/json');
    }
    call.onload = () => finish(call.status, call.responseText);
    call.onerror = () => finish(0, '');
    call.ontimeout = () => finish(0, '');
    call.onabort = () => finish(0, '');
    call.send(body === null ? null : JSON.stringify(body));
    return call;
  };

  // The line at the foot of the page: one text for each cause, the latest is shown.
  const troubles = {};
  const trouble = (cause, text) => {
    let line = document.getElementById('connection');
    if (!line) {
      line = element('p', {id: 'connection', class: 'notice connection', role: 'status'});
      document.body.appendChild(line);
    }
    troubles[cause] = text;
    say(line, Object.keys(troubles).map(key => troubles[key]).filter(known => known)[0] || '');
  };

  const reason = (status, body) => {
    if (status === 0) {
      return 'Connection lost, trying again. What you have clicked is kept.';
    }
    if (status === 401 || status === 403) {
      return 'The server does not know this browser any more. Open the address that the command has printed.';
    }
    const said = body && body.message ? ' ' + body.message : '';
    return 'The server answered ' + status + ', trying again.' + said;
  };

  const backoff = tries => Math.min(LONGEST_WAIT, 250 * Math.pow(2, tries));

  /** Calls onState with every new state, for ever. After a failure it asks for the whole anew. */
  const poll = (url, onState) => {
    let since = 0;
    let tries = 0;
    const ask = () => {
      request('GET', url + '?since=' + since, null, (status, body) => {
        if (status === 200 && body) {
          tries = 0;
          trouble('poll', '');
          if (body.visitor && visitor !== null && body.visitor !== visitor) {
            window.location.reload(); // what is clicked from now on is theirs
            return;
          }
          visitor = body.visitor || visitor;
          if (body.version !== since) {
            since = body.version;
            onState(body);
          }
          window.setTimeout(ask, 0);
        } else {
          since = 0; // another server may be there now, which counts from the start
          trouble('poll', reason(status, body));
          window.setTimeout(ask, backoff(tries++));
        }
      });
    };
    ask();
  };

  /** The browser's storage; in memory where it is refused. */
  const storage = (() => {
    try {
      window.localStorage.setItem('tastemaker.test', '1');
      window.localStorage.removeItem('tastemaker.test');
      return window.localStorage;
    } catch (e) {
      const kept = {};
      return {
        getItem: key => (key in kept ? kept[key] : null),
        setItem: (key, value) => { kept[key] = value; },
        removeItem: key => { delete kept[key]; },
        key: i => Object.keys(kept)[i],
        get length() { return Object.keys(kept).length; }
      };
    }
  })();

  /**
   * Sends clicks in their order, each until the server has acknowledged it. They are kept in the
   * browser until then, so a reload or the next page of the same scope sends what a closed tab could
   * not. Each has an answerId, by which the server knows what it has had before.
   *
   * onReply(status, reply, sent): acknowledged, with a status below 500.
   */
  const outbox = (scope, onReply) => {
    const prefix = 'tastemaker.unsent.' + scope + '.';
    const queue = [];
    let sending = false;
    let tries = 0;
    let last = 0;

    const leftovers = [];
    for (let i = 0; i < storage.length; i++) {
      const key = storage.key(i);
      if (key.indexOf(prefix) === 0) {
        const item = parse(storage.getItem(key));
        if (item && item.url && item.body) {
          leftovers.push(item);
        }
      }
    }
    leftovers.sort((a, b) => a.order - b.order).forEach(item => queue.push(item));

    const pump = () => {
      if (sending || queue.length === 0) {
        return;
      }
      sending = true;
      const item = queue[0];
      request('POST', item.url, item.body, (status, reply) => {
        sending = false;
        const again = status === 0 || status >= 500 || status === 401 || status === 403
            || status === 408 || status === 429;
        if (again) {
          trouble('send', reason(status, reply));
          window.setTimeout(pump, backoff(tries++));
          return;
        }
        tries = 0;
        trouble('send', '');
        queue.shift();
        storage.removeItem(prefix + item.body.answerId);
        onReply(status, reply || {}, item.body);
        pump();
      }, item.visitor);
    };

    window.addEventListener('beforeunload', event => {
      if (queue.length > 0 && tries > 0) {
        event.preventDefault();
        event.returnValue = '';
      }
    });
    pump();

    return {
      send: (url, body) => {
        last = Math.max(Date.now(), last + 1);
        const all = Object.assign({answerId: randomId()}, body);
        const item = {url: url, body: all, order: last, visitor: visitor};
        try {
          storage.setItem(prefix + all.answerId, JSON.stringify(item));
        } catch (e) {
          // A full storage: the page itself still has it.
        }
        queue.push(item);
        pump();
        return all.answerId;
      },
      waiting: () => queue.length
    };
  };

  /** Whether someone is typing, or presses a shortcut of the browser. */
  const isTyping = event => {
    const target = event.target;
    const tag = target && target.tagName ? target.tagName.toLowerCase() : '';
    const field = tag === 'textarea' || tag === 'select'
        || (tag === 'input' && ['checkbox', 'radio', 'button'].indexOf(target.type) < 0);
    return field || (target && target.isContentEditable === true)
        || event.ctrlKey || event.altKey || event.metaKey || event.isComposing === true;
  };

  // Keys of one letter can be switched off, for those whose speech or hand presses them unasked.
  const KEYS = 'tastemaker.keys';
  const keys = {
    on: () => storage.getItem(KEYS) !== 'off',
    set: on => {
      storage.setItem(KEYS, on ? 'on' : 'off');
      mark(document.documentElement, 'keys-off', !on);
    }
  };
  mark(document.documentElement, 'keys-off', !keys.on());

  return {
    element: element,
    image: image,
    say: say,
    mark: mark,
    randomId: randomId,
    request: request,
    poll: poll,
    outbox: outbox,
    trouble: trouble,
    isTyping: isTyping,
    keys: keys
  };
})();
