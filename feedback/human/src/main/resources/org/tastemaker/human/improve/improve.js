/* The page on which an image is improved. */
(() => {
  'use strict';

  const el = Tastemaker.element;
  const at = id => document.getElementById(id);

  let state = null;
  let outbox = null;
  let undoWanted = false;

  const OVER = {
    NOISE: 'Improve an image: its noise is searched, the model stays as it is',
    GAINS: 'Improve an image: the gains of a LoRA are searched',
    BOTH: 'Improve an image: its noise and the gains of a LoRA are searched'
  };

  const seconds = millis => (millis / 1000).toFixed(2) + ' s';

  const seen = () => {
    const places = [];
    state.images.forEach((address, place) => {
      if (address !== null) {
        places.push(place);
      }
    });
    return places;
  };

  const ranking = TastemakerRanking.create(at('ranking'), {
    onAnswer: answer => {
      outbox.send('/api/answer', Object.assign({seen: seen()}, answer));
    },
    onUndo: () => {
      undoWanted = true;
      undo();
    }
  });

  /** An undo is of what is seen, so clicks that are on their way come first. */
  const undo = () => {
    if (!undoWanted || state === null || outbox.waiting() > 0) {
      return;
    }
    undoWanted = false;
    if (state.canUndo) {
      outbox.send('/api/undo', {question: state.question});
    } else {
      ranking.say('There is nothing to undo.');
    }
  };

  const back = move => {
    if (move < state.moves.length - 1 && outbox.waiting() === 0) {
      outbox.send('/api/back', {question: state.question, move: move});
    }
  };

  const task = () => state.kind === 'steps'
    ? 'Which one is best now?'
    : 'Which are the best? Choose up to ' + state.best + ', the best first.';

  const help = () => state.kind === 'steps'
    ? 'One of these is the best so far. “None of them” keeps it, “Skip” asks about new images.'
    : 'Variations of the best so far. “None of them” and “Skip” bring new ones.';

  const showImage = (frame, address, alt) => {
    let picture = frame.querySelector('img');
    if (address === null) {
      if (picture) {
        frame.removeChild(picture);
      }
      return;
    }
    if (!picture) {
      picture = Tastemaker.image(alt);
      frame.appendChild(picture);
    }
    if (picture.getAttribute('src') !== address) {
      picture.setAttribute('src', address);
    }
    picture.setAttribute('alt', alt);
  };

  const moveName = move => (move === 0 ? 'Start' : 'Move ' + move);

  /** The list keeps its buttons, and with them the focus. */
  const showMoves = () => {
    const list = at('moves');
    const last = state.moves.length - 1;
    while (list.children.length > state.moves.length) {
      const gone = list.lastElementChild;
      const focused = gone.contains(document.activeElement);
      list.removeChild(gone);
      if (focused) {
        list.lastElementChild.firstElementChild.focus();
      }
    }
    const grew = list.children.length < state.moves.length;
    while (list.children.length < state.moves.length) {
      const move = list.children.length;
      const button = el('button', {type: 'button', class: 'move'}, [
        el('span', {class: 'move-frame'}),
        el('span', {class: 'move-name', 'aria-hidden': 'true', text: moveName(move)})
      ]);
      button.addEventListener('click', () => back(move));
      list.appendChild(el('li', {}, [button]));
    }
    state.moves.forEach((address, move) => {
      const button = list.children[move].firstElementChild;
      showImage(button.querySelector('.move-frame'), address, '');
      if (move === last) {
        button.setAttribute('aria-current', 'step');
        button.setAttribute('aria-label', moveName(move) + ', the best so far');
      } else {
        button.removeAttribute('aria-current');
        button.setAttribute('aria-label', 'Go back to ' + moveName(move).toLowerCase());
      }
    });
    if (grew) {
      list.scrollLeft = list.scrollWidth;
    }
  };

  const render = () => {
    const last = state.moves.length - 1;
    document.title = state.prompt + ', round ' + state.round;
    Tastemaker.say(at('over'), OVER[state.settings.over] || 'Improve an image');
    Tastemaker.say(at('prompt'), state.prompt);
    at('negative').hidden = state.negative === '';
    Tastemaker.say(at('negative'), 'Not: ' + state.negative);
    Tastemaker.say(at('round'), state.round + (state.kind === 'steps' ? ', second look' : ', first look'));
    Tastemaker.say(at('latency'), state.last === null ? '–'
        : seconds(state.last) + ' (median ' + seconds(state.median) + ')');
    at('trouble').hidden = state.trouble === null;
    Tastemaker.say(at('trouble-text'), state.trouble === null ? ''
        : 'An image could not be made: ' + state.trouble
          + ' What you have chosen is kept. Try again, skip, or go back; if it stays so, stop the'
          + ' command and start it again with the same folder.');
    Tastemaker.say(at('task'), task());
    Tastemaker.say(at('help'), help());
    showImage(at('best-frame'), state.moves[last], 'The best so far: ' + state.prompt);
    Tastemaker.say(at('best-note'), last === 0 ? 'The start' : last === 1 ? 'After 1 move'
        : 'After ' + last + ' moves');
    at('take-lora').hidden = !state.lora;
    const names = state.images.map((address, place) =>
        'Image ' + (place + 1) + (place === state.current ? ', the best so far' : ''));
    ranking.show({
      question: state.question,
      best: state.best,
      images: state.images,
      names: names,
      task: task()
    });
    showMoves();
    undo();
  };

  /** Replies can overtake each other: the newest state stands. */
  const take = next => {
    if (!next || next.question === undefined) {
      return;
    }
    if (state !== null && next.opened === state.opened && next.version < state.version) {
      return;
    }
    state = next;
    if (outbox === null) {
      outbox = Tastemaker.outbox(next.run, reply);
    }
    render();
  };

  const reply = (status, body, sent) => {
    const question = ranking.question();
    take(body);
    if (status === 409 && sent.question === question) {
      ranking.say('That question was answered already, maybe in another tab.');
    } else if (status >= 400 && status !== 409 && sent.question === ranking.question()) {
      ranking.reopen(body.message || 'The server answered ' + status + '.');
    }
    undo();
  };

  at('retry').addEventListener('click', () => outbox.send('/api/retry', {}));

  Tastemaker.poll('/api/state', take);
})();
