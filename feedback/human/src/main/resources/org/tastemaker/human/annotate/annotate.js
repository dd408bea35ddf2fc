/* The page on which people judge. */
(() => {
  'use strict';

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

  const ranking = TastemakerRanking.create(at('ranking'), {
    onAnswer: answer => outbox.send('/api/answer', answer),
    onUndo: () => undo()
  });

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
    if (state.undoes !== undefined) {
      outbox.send('/api/undo', {undoes: state.undoes});
    } else {
      trouble('There is nothing that could be taken back.');
    }
  };

  const trouble = text => {
    at('trouble').hidden = text === '';
    Tastemaker.say(at('trouble'), text);
  };

  const percent = share => share === undefined || share.of === 0 ? '–'
      : Math.round(100 * share.count / share.of) + ' % of ' + share.of;

  const showQuestion = question => {
    if (ranking.question() === question.id) {
      return;
    }
    const pair = question.images.length === 2;
    Tastemaker.say(at('prompt'), question.prompt);
    at('negative').hidden = question.negative === '';
    Tastemaker.say(at('negative'), question.negative === '' ? '' : 'Not: ' + question.negative);
    Tastemaker.say(at('task'), pair ? 'Which is better?' : 'Which are better? Best first.');
    Tastemaker.say(at('rubric'), question.task);
    at('rubric').hidden = question.task === '';
    Tastemaker.say(at('help'), pair
        ? 'Click it, or press 1 or 2, or an arrow; = if they are alike.'
        : 'Click the images in order. Those without a place share the last one.');
    ranking.show({question: question.id, images: question.images, best: question.images.length,
      quick: pair, task: pair ? 'Which is better?' : 'Which are better? Best first.'});
  };

  const showNothing = () => {
    ranking.clear('');
    at('negative').hidden = true;
    at('rubric').hidden = true;
    Tastemaker.say(at('prompt'), state.finished ? 'All done' : 'Waiting for more questions');
    Tastemaker.say(at('task'), state.finished ? 'There is nothing left to judge. Thank you.'
        : 'The next one comes here by itself.');
    Tastemaker.say(at('help'), state.finished ? 'You can close this page.'
        : 'More images are on their way, or others are looking at the last ones.');
  };

  const apply = next => {
    if (!next || next.version === undefined) {
      return;
    }
    state = next;
    if (outbox === null) {
      outbox = Tastemaker.outbox('annotate.' + state.visitor, onReply);
    }
    Tastemaker.say(at('visitor'), ' · ' + state.visitor);
    Tastemaker.say(at('own'), String(state.own));
    Tastemaker.say(at('waiting'), String(state.waiting));
    Tastemaker.say(at('together'), state.total > 0 ? state.done + ' of ' + state.total
        : String(state.done));
    at('progress').setAttribute('max', String(Math.max(1, state.total)));
    at('progress').setAttribute('value', String(Math.min(state.done, Math.max(1, state.total))));
    Tastemaker.say(at('pace'), state.medianMillis === undefined ? '–'
        : (state.medianMillis / 1000).toFixed(1) + ' s');
    Tastemaker.say(at('own-others'), percent(state.ownWithOthers));
    Tastemaker.say(at('own-reference'), percent(state.ownWithReference));
    Tastemaker.say(at('among'), percent(state.amongPeople));
    Tastemaker.say(at('with-reference'), percent(state.withReference));
    at('leader').hidden = !state.isLeader;
    const open = state.question !== undefined;
    at('ranking').hidden = !open;
    at('still').hidden = open || state.undoes === undefined;
    if (open) {
      showQuestion(state.question);
    } else {
      showNothing();
    }
    window.clearTimeout(later);
    if (!open && !state.finished) {
      later = window.setTimeout(
          () => Tastemaker.request('GET', '/api/state?since=0', null, (status, body) => {
            if (status === 200) {
              apply(body);
            }
          }), 15000);
    }
    tryUndo();
  };

  const onReply = (status, reply, sent) => {
    const asked = ranking.question();
    apply(reply);
    if (status >= 400) {
      trouble(reply.message || 'The server did not take the answer (' + status + ').');
      if (sent.question !== undefined && ranking.question() === asked) {
        ranking.reopen('');
      }
    } else {
      trouble('');
    }
    tryUndo();
  };

  at('still-undo').addEventListener('click', undo);
  document.addEventListener('keydown', event => {
    if ((event.key === 'u' || event.key === 'U') && ranking.question() === null
        && !event.defaultPrevented && !Tastemaker.isTyping(event) && Tastemaker.keys.on()) {
      event.preventDefault();
      undo();
    }
  });
  Tastemaker.poll('/api/state', apply);
})();
