/*
 * A grid of images that someone puts in order.
 *
 *   const ranking = TastemakerRanking.create(host, {
 *     onAnswer: answer => ...,   // {question, kind: 'ranked'|'none'|'skip', tiers, millis}
 *     onUndo: () => ...          // leave it out where there is no undo
 *     none: 'None of them', skip: 'Skip', send: 'Send'   // other words, or null for no such button
 *   });
 *   ranking.show({question: '7', best: 3, images: ['/image/ab.png', null], task: 'Choose ...'});
 *   ranking.show({..., tiers: [[2], [0, 1]]});   // an order to begin with
 *   ranking.show({..., quick: true});            // two images: the first click or key answers
 *
 * An image that is null is still being made; show() of the same question adds it, and keeps what is
 * chosen. An answer closes the question until show() has another, or reopen() is called.
 *
 * Mouse and touch: an image gets the next place, a second time loses it. Keys: 1 to 9 the same by
 * number, = lets the next one share the last one's place, Backspace takes the last one away, Enter
 * sends, N, S, U.
 */
const TastemakerRanking = (() => {
  'use strict';

  const el = Tastemaker.element;

  const create = (host, options) => {
    const words = Object.assign({none: 'None of them', skip: 'Skip', send: 'Send'}, options);
    let question = null;
    let images = [];
    let names = [];
    let best = 1;
    let quick = false;
    let tiers = [];
    let tie = false;
    let sent = false;
    let shownAt = 0;
    const cards = [];

    // The elements.

    const grid = el('div', {class: 'ranking-grid', role: 'group'});
    const said = el('p', {class: 'ranking-said little', role: 'status'});
    const button = (text, key, name, action) => {
      const made = el('button', {type: 'button', class: 'button ' + name}, [
        el('span', {text: text}), el('kbd', {text: key, 'aria-hidden': 'true'})
      ]);
      made.setAttribute('aria-keyshortcuts', key === '⌫' ? 'Backspace' : key);
      made.addEventListener('click', action);
      return made;
    };
    const sendButton = button(words.send, 'Enter', 'primary send', () => send());
    const tieButton = button('Tie', '=', 'tie', () => toggleTie());
    const backButton = button('Take away', '⌫', 'back', () => takeBack());
    const controls = el('div', {class: 'ranking-controls', role: 'group', 'aria-label': 'Answer'},
        [sendButton, tieButton, backButton]);
    if (words.none !== null) {
      controls.appendChild(button(words.none, 'N', 'none', () => answer('none')));
    }
    if (words.skip !== null) {
      controls.appendChild(button(words.skip, 'S', 'skip', () => answer('skip')));
    }
    if (options.onUndo) {
      controls.appendChild(button('Undo', 'U', 'undo', () => options.onUndo()));
    }
    const keysButton =
        el('button', {type: 'button', class: 'button keys-switch', text: 'Single keys'});
    keysButton.addEventListener('click', () => {
      Tastemaker.keys.set(!Tastemaker.keys.on());
      draw();
    });
    controls.appendChild(keysButton);
    tieButton.setAttribute('aria-pressed', 'false');
    const root = el('section', {class: 'ranking', 'aria-label': 'Images to compare'},
        [grid, said, controls]);
    host.appendChild(root);

    // What is chosen.

    const tierOf = position => {
      for (let t = 0; t < tiers.length; t++) {
        if (tiers[t].indexOf(position) >= 0) {
          return t;
        }
      }
      return -1;
    };

    /** As in competitions: 1 and one more for each image that is better. */
    const place = tier => tiers.slice(0, tier).reduce((sum, t) => sum + t.length, 1);

    const placeText = tier => place(tier) + (tiers[tier].length > 1 ? ' =' : '');

    const nameOf = position => names[position] || 'Image ' + (position + 1);

    const spoken = position => {
      const tier = tierOf(position);
      if (images[position] === null) {
        return nameOf(position) + ', being made';
      }
      if (tier < 0) {
        return nameOf(position) + ', no place';
      }
      return nameOf(position) + ', place ' + place(tier) + (tiers[tier].length > 1 ? ', shared' : '');
    };

    const toggle = position => {
      if (sent || question === null || position >= images.length) {
        return;
      }
      if (images[position] === null) {
        Tastemaker.say(said, nameOf(position) + ' is still being made.');
        return;
      }
      if (quick) {
        tiers = [[position], [1 - position]];
        answer('ranked');
        return;
      }
      const tier = tierOf(position);
      if (tier >= 0) {
        tiers[tier].splice(tiers[tier].indexOf(position), 1);
        if (tiers[tier].length === 0) {
          tiers.splice(tier, 1);
        }
        Tastemaker.say(said, nameOf(position) + ' has no place any more.');
      } else {
        if (tie && tiers.length > 0) {
          tiers[tiers.length - 1].push(position);
        } else {
          tiers.push([position]);
        }
        tie = false;
        Tastemaker.say(said, spoken(position) + '.' + left());
      }
      draw();
    };

    const count = () => tiers.reduce((sum, t) => sum + t.length, 0);

    const left = () => {
      const more = Math.min(best, images.length) - count();
      return more > 0 ? ' ' + more + ' more, or send.' : ' Send, or go on.';
    };

    const toggleTie = () => {
      if (quick && !sent && images.indexOf(null) < 0) {
        tiers = [[0, 1]];
        answer('ranked');
        return;
      }
      if (sent || tiers.length === 0) {
        Tastemaker.say(said, 'Choose an image first; the next one can then share its place.');
        return;
      }
      tie = !tie;
      Tastemaker.say(said, tie ? 'The next image shares place ' + place(tiers.length - 1) + '.'
          : 'The next image gets the next place.');
      draw();
    };

    const takeBack = () => {
      if (sent || tiers.length === 0) {
        Tastemaker.say(said, 'Nothing is chosen.');
        return;
      }
      const tier = tiers[tiers.length - 1];
      toggle(tier[tier.length - 1]);
    };

    const send = () => {
      if (tiers.length === 0) {
        Tastemaker.say(said, sent ? 'Sent.' : 'Nothing is chosen yet.');
        return;
      }
      answer('ranked');
    };

    const answer = kind => {
      if (sent || question === null) {
        return;
      }
      sent = true;
      tie = false;
      const chosen = kind === 'ranked' ? tiers.map(tier => tier.slice()) : [];
      if (kind !== 'ranked') {
        tiers = [];
      }
      Tastemaker.say(said, kind === 'ranked' ? 'Sent.' : kind === 'none' ? words.none + '.' : 'Skipped.');
      draw();
      options.onAnswer({
        question: question,
        kind: kind,
        tiers: chosen,
        millis: Math.max(0, Math.round(Date.now() - shownAt))
      });
    };

    // Drawing. Cards are kept from one question to the next, and with them the focus.

    const card = position => {
      const picture = Tastemaker.image('');
      const made = el('button', {type: 'button', class: 'candidate', 'aria-pressed': 'false'}, [
        el('span', {class: 'candidate-frame'}, [picture]),
        el('span', {class: 'candidate-number', 'aria-hidden': 'true', text: String(position + 1)}),
        el('span', {class: 'candidate-place', 'aria-hidden': 'true'})
      ]);
      made.addEventListener('click', () => toggle(position));
      return {button: made, picture: picture, place: made.querySelector('.candidate-place')};
    };

    const draw = () => {
      while (cards.length < images.length) {
        const made = card(cards.length);
        cards.push(made);
        grid.appendChild(made.button);
      }
      while (cards.length > images.length) {
        const gone = cards.pop().button;
        const focused = document.activeElement === gone;
        grid.removeChild(gone);
        if (focused && cards.length > 0) {
          cards[cards.length - 1].button.focus();
        }
      }
      Tastemaker.mark(grid, 'two', images.length === 2);
      cards.forEach((drawn, position) => {
        const tier = tierOf(position);
        const address = images[position];
        if (address === null) {
          drawn.picture.removeAttribute('src');
          drawn.button.setAttribute('aria-disabled', 'true');
        } else {
          if (drawn.picture.getAttribute('src') !== address) {
            drawn.picture.setAttribute('src', address);
          }
          drawn.button.removeAttribute('aria-disabled');
        }
        drawn.button.setAttribute('aria-pressed', tier >= 0 ? 'true' : 'false');
        drawn.button.setAttribute('aria-label', spoken(position));
        drawn.place.textContent = tier >= 0 ? placeText(tier) : '';
      });
      sendButton.hidden = quick;
      backButton.hidden = quick;
      [sendButton, tieButton, backButton].forEach(control => {
        if (sent || (tiers.length === 0 && !(quick && control === tieButton))) {
          control.setAttribute('aria-disabled', 'true');
        } else {
          control.removeAttribute('aria-disabled');
        }
      });
      tieButton.setAttribute('aria-pressed', tie ? 'true' : 'false');
      keysButton.setAttribute('aria-pressed', Tastemaker.keys.on() ? 'true' : 'false');
      Tastemaker.mark(root, 'sent', sent);
      root.setAttribute('data-question', question === null ? '' : question);
    };

    const onKey = event => {
      if (question === null || event.defaultPrevented || event.repeat || Tastemaker.isTyping(event)
          || host.hidden) {
        return;
      }
      const onControl = event.target && event.target.closest
          && event.target.closest('button, a, summary, input');
      const onCard = onControl && grid.contains(onControl);
      const key = event.key;
      if (key === 'Enter') {
        // On another button it presses that one; on an image it sends, once something is chosen.
        if (!onControl || (onCard && tiers.length > 0)) {
          event.preventDefault();
          send();
        }
        return;
      }
      if (!Tastemaker.keys.on()) {
        return;
      }
      let done = true;
      if (quick && (key === 'ArrowLeft' || key === 'ArrowRight')) {
        toggle(key === 'ArrowLeft' ? 0 : 1);
      } else if (/^[1-9]$/.test(key) && Number(key) <= images.length) {
        toggle(Number(key) - 1);
      } else if (key === '=') {
        toggleTie();
      } else if (key === 'Backspace') {
        takeBack();
      } else if ((key === 'n' || key === 'N') && words.none !== null) {
        answer('none');
      } else if ((key === 's' || key === 'S') && words.skip !== null) {
        answer('skip');
      } else if ((key === 'u' || key === 'U') && options.onUndo) {
        options.onUndo();
      } else {
        done = false;
      }
      if (done) {
        event.preventDefault();
      }
    };
    document.addEventListener('keydown', onKey);

    return {
      /** Shows a question, or what has come of it since. */
      show: next => {
        const fresh = next.question !== question;
        images = next.images.slice();
        names = next.names || [];
        best = next.best || 1;
        if (fresh) {
          question = next.question;
          quick = next.quick === true && images.length === 2;
          tiers = (next.tiers || []).map(tier => tier.slice());
          tie = false;
          sent = false;
          shownAt = Date.now();
          grid.setAttribute('aria-label', next.task || '');
          Tastemaker.say(said, next.task || '');
        }
        draw();
      },
      /** Lets an answer that the server did not take be given again. */
      reopen: text => {
        sent = false;
        if (quick) {
          tiers = [];
        }
        if (text) {
          Tastemaker.say(said, text);
        }
        draw();
      },
      /** Tells the person something. */
      say: text => Tastemaker.say(said, text),
      /** Nothing to ask for now. */
      clear: text => {
        question = null;
        images = [];
        quick = false;
        tiers = [];
        Tastemaker.say(said, text || '');
        draw();
      },
      question: () => question,
      /** What is chosen now, best first. */
      tiers: () => tiers.map(tier => tier.slice()),
      focus: () => { if (cards.length > 0) { cards[0].button.focus(); } },
      element: root
    };
  };

  return {create: create};
})();
