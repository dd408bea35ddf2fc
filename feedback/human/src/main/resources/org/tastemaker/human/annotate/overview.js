/* Everybody's figures. */
(() => {
  'use strict';

  const el = Tastemaker.element;
  const parts = {};
  const at = id => {
    if (!parts[id]) {
      parts[id] = document.getElementById(id);
    }
    return parts[id];
  };

  const percent = share => share.of === 0 ? '–'
      : Math.round(100 * share.count / share.of) + ' % of ' + share.of;

  const row = person => {
    const cells = [String(person.answers), String(person.skipped),
      person.medianMillis === undefined ? '–' : (person.medianMillis / 1000).toFixed(1) + ' s',
      percent(person.repeated), percent(person.known), percent(person.firstShown),
      percent(person.withOthers), percent(person.withReference), person.finding];
    return el('tr', {}, [el('th', {scope: 'row', text: person.name})]
        .concat(cells.map(text => el('td', {text: text}))));
  };

  Tastemaker.poll('/api/overview', state => {
    Tastemaker.say(at('together'), (state.total > 0 ? state.done + ' of ' + state.total
        : String(state.done)) + (state.finished ? ', finished' : ''));
    Tastemaker.say(at('among'), percent(state.amongPeople)
        + (state.alpha === undefined ? '' : ', alpha ' + state.alpha.toFixed(2)));
    Tastemaker.say(at('with-reference'), percent(state.withReference));
    at('progress').setAttribute('max', String(Math.max(1, state.total)));
    at('progress').setAttribute('value', String(Math.min(state.done, Math.max(1, state.total))));
    while (at('people').firstChild) {
      at('people').removeChild(at('people').firstChild);
    }
    state.people.forEach(person => at('people').appendChild(row(person)));
    Tastemaker.say(at('note'), state.damaged > 0
        ? state.damaged + ' lines of the answers could not be read and are left out.' : '');
  });
})();
