/* The page on which people judge. */
(() => {
  'use strict';

  const judging = TastemakerJudging.create({
    scope: 'annotate',
    ranking: () => ranking,
    undoes: state => state.undoes,
    onState: state => show(state)
  });
  const at = judging.at;

  const ranking = TastemakerRanking.create(at('ranking'), {
    onAnswer: judging.send,
    onUndo: judging.undo
  });

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

  const showNothing = state => {
    ranking.clear('');
    at('negative').hidden = true;
    at('rubric').hidden = true;
    Tastemaker.say(at('prompt'), state.finished ? 'All done' : 'Waiting for more questions');
    Tastemaker.say(at('task'), state.finished ? 'There is nothing left to judge. Thank you.'
        : 'The next one comes here by itself.');
    Tastemaker.say(at('help'), state.finished ? 'You can close this page.'
        : 'More images are on their way, or others are looking at the last ones.');
  };

  const show = state => {
    Tastemaker.say(at('waiting'), String(state.waiting));
    Tastemaker.say(at('together'), state.total > 0 ? state.done + ' of ' + state.total
        : String(state.done));
    at('progress').setAttribute('max', String(Math.max(1, state.total)));
    at('progress').setAttribute('value', String(Math.min(state.done, Math.max(1, state.total))));
    Tastemaker.say(at('own-others'), percent(state.ownWithOthers));
    Tastemaker.say(at('own-reference'), percent(state.ownWithReference));
    Tastemaker.say(at('among'), percent(state.amongPeople));
    Tastemaker.say(at('with-reference'), percent(state.withReference));
    at('leader').hidden = !state.isLeader;
    if (state.question !== undefined) {
      showQuestion(state.question);
    } else {
      showNothing(state);
    }
  };

  judging.start();
})();
