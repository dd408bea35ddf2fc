/*
 * What the pages share on which people answer one question after another: hearing of the next one,
 * undoing, and what happens when the server does not take an answer.
 *
 *   const judging = TastemakerJudging.create({
 *     scope: 'annotate',                 // of the clicks that are kept until they are sent
 *     ranking: () => ranking,            // the widget
 *     undoes: state => ...,              // the id of what can be taken back, or undefined
 *     onState: state => ...,             // shows it
 *     onRefused: () => ...               // the question may be answered again; may be left out
 *   });
 *   judging.start();
 *
 * The page has elements with the ids visitor, own, pace, ranking, still, still-undo and trouble.
 */
const TastemakerJudging = (() => {
  'use strict';

  const LOOK_AGAIN = 15000; // ms; a lease may have run out, which nobody signals

  const create = options => {
    const parts = {};
    const at = id => {
      if (!parts[id]) {
        parts[id] = document.getElementById(id);
      }
      return parts[id];
    };

    let state = null;
    let outbox = null;
    let undoWanted = false;
    let later = null;

    const trouble = text => {
      at('trouble').hidden = text === '';
      Tastemaker.say(at('trouble'), text);
    };

    /** An undo is of what was clicked last, so clicks that are on their way come first. */
    const undo = () => {
      undoWanted = true;
      tryUndo();
    };

    const tryUndo = () => {
      if (!undoWanted || state === null || outbox.waiting() > 0) {
        return;
      }
      undoWanted = false;
      const last = options.undoes(state);
      if (last !== undefined) {
        outbox.send('/api/undo', {undoes: last});
      } else {
        trouble('There is nothing to undo.');
      }
    };

    const apply = next => {
      if (!next || next.version === undefined) {
        return;
      }
      state = next;
      if (outbox === null) {
        outbox = Tastemaker.outbox(options.scope + '.' + state.visitor, onReply);
      }
      const open = state.question !== undefined;
      Tastemaker.say(at('visitor'), ' · ' + state.visitor);
      Tastemaker.say(at('own'), String(state.own));
      Tastemaker.say(at('pace'), state.medianMillis === undefined ? '–'
          : (state.medianMillis / 1000).toFixed(1) + ' s');
      at('ranking').hidden = !open;
      at('still').hidden = open || options.undoes(state) === undefined;
      options.onState(state);
      window.clearTimeout(later);
      if (!open && !state.finished) {
        later = window.setTimeout(
            () => Tastemaker.request('GET', '/api/state?since=0', null, (status, body) => {
              if (status === 200) {
                apply(body);
              }
            }), LOOK_AGAIN);
      }
      tryUndo();
    };

    const onReply = (status, reply, sent) => {
      const asked = options.ranking().question();
      apply(reply);
      if (status >= 400) {
        trouble(reply.message || 'The server did not take the answer (' + status + ').');
        if (sent.question !== undefined && options.ranking().question() === asked) {
          options.ranking().reopen('');
          if (options.onRefused) {
            options.onRefused();
          }
        }
      } else {
        trouble('');
      }
      tryUndo();
    };

    // The widget has its own key while there is a question.
    document.addEventListener('keydown', event => {
      if ((event.key === 'u' || event.key === 'U') && options.ranking().question() === null
          && !event.defaultPrevented && !event.repeat && !Tastemaker.isTyping(event)
          && Tastemaker.keys.on()) {
        event.preventDefault();
        undo();
      }
    });
    at('still-undo').addEventListener('click', undo);

    return {
      at: at,
      undo: undo,
      send: answer => outbox.send('/api/answer', answer),
      start: () => Tastemaker.poll('/api/state', apply)
    };
  };

  return {create: create};
})();
