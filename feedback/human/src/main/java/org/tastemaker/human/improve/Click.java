package org.tastemaker.human.improve;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.json.JsonObject;

/**
 * Something that was clicked, as a line of the log.
 *
 * @param answerId made by the browser; a repeated one is the same click
 * @param question the question that was open: how many clicks stood in the log before
 * @param what answer, undo, back, or late for an answer to a question that was closed already
 * @param kind of an answer: ranked, none or skip; empty otherwise
 * @param order the candidates in the order in which they were shown; empty unless an answer
 * @param seen the places of the candidates that were there to be seen
 * @param tiers of places, best first
 * @param keep of back: the move to go back to, 0 for the start
 * @param millis how long the question had been shown
 * @param visitor who clicked
 * @param at the time on the server, ISO 8601
 */
record Click(
    String answerId,
    long question,
    What what,
    String kind,
    List<Integer> order,
    List<Integer> seen,
    List<List<Integer>> tiers,
    int keep,
    long millis,
    String visitor,
    String at) {
  enum What {
    ANSWER,
    UNDO,
    BACK,
    LATE
  }

  Click {
    order = List.copyOf(order);
    seen = List.copyOf(seen);
    tiers = tiers.stream().map(List::copyOf).toList();
  }

  /** Whether it changes the search. */
  boolean counts() {
    return what != What.LATE;
  }

  /** The same, with what the session knows of its question. */
  Click of(What now, List<Integer> shown) {
    return new Click(answerId, question, now, kind, shown, seen, tiers, keep, millis, visitor, at);
  }

  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("what", what.name());
    json.put("answerId", answerId);
    json.put("question", question);
    if (what == What.ANSWER || what == What.LATE) {
      json.put("kind", kind);
      json.put("order", order);
      json.put("seen", seen);
      json.put("tiers", tiers);
    }
    if (what == What.BACK) {
      json.put("keep", keep);
    }
    json.put("millis", millis);
    json.put("visitor", visitor);
    json.put("at", at);
    return json;
  }

  static Click of(JsonObject json) {
    What what;
    try {
      what = What.valueOf(json.text("what"));
    } catch (IllegalArgumentException e) {
      throw json.unexpected("what", "ANSWER, UNDO, BACK or LATE");
    }
    boolean answer = what == What.ANSWER || what == What.LATE;
    return new Click(
        json.text("answerId"),
        json.longInteger("question"),
        what,
        answer ? json.text("kind") : "",
        answer ? json.integers("order") : List.of(),
        answer ? json.integers("seen") : List.of(),
        answer ? json.integerLists("tiers") : List.of(),
        what == What.BACK ? json.integer("keep") : 0,
        json.longInteger("millis", 0),
        json.text("visitor", ""),
        json.text("at", ""));
  }

  /**
   * The order of the candidates that follows. Those that were seen and not chosen are tied behind
   * the chosen ones, and those that were not there yet are missing.
   *
   * @param question what was asked
   * @return of as many items as there were candidates
   * @throws IllegalArgumentException if the click speaks of other candidates
   */
  Ranking ranking(Question question) {
    int size = question.candidates().size();
    if (order.size() != size) {
      throw new IllegalArgumentException(
          "the answer to question "
              + this.question
              + " is about "
              + order.size()
              + " images, but the question has "
              + size);
    }
    requirePlaces(seen, size);
    tiers.forEach(tier -> requirePlaces(tier, size));
    if (kind.equals("skip")) {
      return Ranking.none(size);
    }
    if (kind.equals("none")) {
      // No step beats the current point; of the probes, which are not compared with it, none wins.
      return question.current() >= 0
          ? Ranking.topK(size, question.current())
          : Ranking.ofTiers(size, List.of(order.stream().sorted().toList()));
    }
    List<List<Integer>> ranked = new ArrayList<>();
    List<Integer> rest = new ArrayList<>(seen.stream().map(order::get).toList());
    for (List<Integer> tier : tiers) {
      List<Integer> items = tier.stream().map(order::get).toList();
      rest.removeAll(items);
      ranked.add(items);
    }
    if (!rest.isEmpty()) {
      ranked.add(rest);
    }
    return Ranking.ofTiers(size, ranked);
  }

  private void requirePlaces(List<Integer> places, int size) {
    for (int place : places) {
      if (place < 0 || place >= size) {
        throw new IllegalArgumentException(
            "the answer to question "
                + question
                + " speaks of place "
                + place
                + ", but the places are 0 to "
                + (size - 1));
      }
    }
  }
}
