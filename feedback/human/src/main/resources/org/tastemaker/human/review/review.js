/* The page on which a judge is corrected. */
(() => {
  'use strict';

  const el = Tastemaker.element;
  const judging = TastemakerJudging.create({
    scope: 'review',
    ranking: () => ranking,
    undoes: state => (state.last ? state.last.id : undefined),
    onState: state => show(state),
    onRefused: () => {
      sentFor = null;
      at('confirm').removeAttribute('aria-disabled');
    }
  });
  const at = judging.at;

  let shown = null; // the question on the page
  let shownAt = 0;
  let sentFor = null; // the question that has an answer on its way

  /** What the person says about criteria; those that nothing is said about are left out. */
  const criteria = () => {
    const said = {};
    Array.prototype.forEach.call(at('criteria').querySelectorAll('input'), input => {
      if (input.checked && input.value !== '') {
        said[input.getAttribute('data-criterion')] = input.value === 'right';
      }
    });
    return said;
  };

  const send = answer => {
    if (shown !== null && sentFor !== shown.id) {
      sentFor = shown.id;
      judging.send(Object.assign({criteria: criteria()}, answer));
    }
  };

  const ranking = TastemakerRanking.create(at('ranking'), {
    none: 'Cannot say',
    send: 'Send this order',
    onAnswer: answer => {
      send(answer);
      close();
    },
    onUndo: judging.undo
  });

  const confirm = () => {
    if (shown === null || at('confirm').getAttribute('aria-disabled') === 'true') {
      return;
    }
    send({question: shown.id, kind: 'confirm', tiers: [],
      millis: Math.max(0, Math.round(Date.now() - shownAt))});
    close();
  };

  const close = () => at('confirm').setAttribute('aria-disabled', 'true');

  const label = number => {
    let text = '';
    for (let rest = number; rest >= 0; rest = Math.floor(rest / 26) - 1) {
      text = String.fromCharCode(65 + rest % 26) + text;
    }
    return text;
  };

  const words = tiers => tiers
      .map(tier => tier.map(position => 'image ' + (position + 1)).join(' = ')).join(', then ');

  const percent = share => Math.round(100 * share) + ' %';

  const shareWords = share => share.of === 0 ? 'none yet'
      : percent(share.count / share.of) + ' (' + share.count + ' of ' + share.of
      + (share.interval ? ', 95 % from ' + percent(share.interval[0]) + ' to '
          + percent(share.interval[1]) : '') + ')';

  const empty = where => {
    while (where.firstChild) {
      where.removeChild(where.firstChild);
    }
  };

  const radio = (criterion, index, value, text) => {
    const id = 'criterion-' + index + '-' + (value || 'open');
    const input = el('input', {type: 'radio', id: id, name: 'criterion-' + index, value: value,
      'data-criterion': criterion});
    input.checked = value === '';
    return el('label', {for: id}, [input, el('span', {text: text})]);
  };

  const showCriteria = question => {
    empty(at('criteria'));
    question.criteria.forEach((criterion, i) => {
      at('criteria').appendChild(el('fieldset', {class: 'criterion'}, [
        el('legend', {text: criterion.name + ': ' + words(criterion.tiers)}),
        radio(criterion.name, i, 'right', 'right'),
        radio(criterion.name, i, 'wrong', 'wrong'),
        radio(criterion.name, i, '', 'not said')
      ]));
    });
  };

  const showAsked = question => {
    empty(at('asked'));
    at('asked-box').hidden = question.asked.length === 0;
    question.asked.forEach(asked => {
      const parts = asked.shown.map((position, i) => label(i) + ' was image ' + (position + 1)
          + (asked.places[i] === '' ? '' : ', place ' + asked.places[i]));
      if (asked.firstIsBetter !== undefined) {
        parts.push('A is better with ' + percent(asked.firstIsBetter));
      }
      at('asked').appendChild(el('li', {text: parts.join('; ')}));
    });
  };

  const showQuestion = question => {
    const fresh = shown === null || shown.id !== question.id || ranking.question() !== question.id;
    shown = question;
    if (!fresh) {
      return;
    }
    shownAt = Date.now();
    sentFor = null;
    Tastemaker.say(at('prompt'), question.prompt);
    at('negative').hidden = question.negative === '';
    Tastemaker.say(at('negative'), question.negative === '' ? '' : 'Not: ' + question.negative);
    Tastemaker.say(at('verdict-title'), 'The judge: ' + question.judge);
    Tastemaker.say(at('order'), 'Best first: ' + words(question.tiers) + '.');
    at('rationale').hidden = question.rationale === '';
    at('rationale').textContent = question.rationale;
    at('rationale').scrollTop = 0;
    showCriteria(question);
    showAsked(question);
    at('confirm').removeAttribute('aria-disabled');
    Tastemaker.say(at('task'), 'Is the judge right?');
    Tastemaker.say(at('help'), 'The places are the judge’s. Confirm them, or take images away '
        + 'and choose again, best first. Images without a place share the last one.');
    ranking.show({question: question.id, images: question.images, best: question.images.length,
      tiers: question.tiers, task: 'These are the judge’s places.'});
  };

  const showNothing = state => {
    shown = null;
    ranking.clear('');
    Tastemaker.say(at('prompt'), state.finished ? 'All done' : 'Waiting for others');
    at('negative').hidden = true;
    Tastemaker.say(at('task'), state.finished
        ? 'There is no further verdict for you. Thank you.'
        : 'Others are looking at the last verdicts. One comes here if it is not answered.');
    Tastemaker.say(at('help'), state.finished
        ? 'You can close this page, or undo what you said last.' : '');
  };

  const show = state => {
    Tastemaker.say(at('left'), String(state.left));
    at('progress').setAttribute('max', String(Math.max(1, state.own + state.left)));
    at('progress').setAttribute('value', String(state.own));
    at('verdict').hidden = state.question === undefined;
    if (state.question !== undefined) {
      showQuestion(state.question);
    } else {
      showNothing(state);
    }
    showSums(state.summary);
  };

  const showSums = sums => {
    Tastemaker.say(at('confirmed'), sums.reviewed + ' of ' + sums.verdicts + ' verdicts reviewed. '
        + 'Confirmed: ' + shareWords(sums.confirmed) + '.');
    empty(at('shares'));
    const line = text => at('shares').appendChild(el('li', {text: text}));
    sums.byCriterion.forEach(share => line('Right by ' + share.name + ': ' + shareWords(share)));
    sums.byPerson.forEach(share => line('Confirmed by ' + share.name + ': ' + shareWords(share)));
    sums.disagreements.forEach(kind => line('Overruled, ' + kind.words + ': ' + kind.count));
  };

  at('confirm').addEventListener('click', confirm);
  document.addEventListener('keydown', event => {
    if ((event.key === 'c' || event.key === 'C') && shown !== null && !event.defaultPrevented
        && !event.repeat && !Tastemaker.isTyping(event) && Tastemaker.keys.on()) {
      event.preventDefault();
      confirm();
    }
  });
  judging.start();
})();
