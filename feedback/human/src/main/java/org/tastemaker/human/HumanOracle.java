package org.tastemaker.human;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;
import org.tastemaker.core.aggregate.Aggregation;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.core.aggregate.RecordedPreferences;
import org.tastemaker.core.aggregate.Wins;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.protocol.GroupId;
import org.tastemaker.feedback.protocol.JudgementFacts;
import org.tastemaker.human.desk.Desk;
import org.tastemaker.human.desk.DeskAnswer;
import org.tastemaker.human.desk.DeskQuestion;

/**
 * People rank whole groups. A call waits for them; a group that nobody has answered in time has a
 * missing judgement that counts as open, so that an annotation job asks again in a later run. What
 * was answered before, also by an earlier process, is not asked again.
 *
 * <p>The order is the person's. Of several people it is that of the most pairs won, and the
 * recorded preferences are the shares of people. Groups of which everybody says "none of them" are
 * tied, with {@code people.none} among the facts. All single answers are kept as {@value #VOTES}.
 *
 * <p>Thread-safe: a job has many groups open at a time if its concurrency is high.
 */
public final class HumanOracle implements DescribedOracle {
  /** The fact that holds each person's answer, as JSON: a list of objects. */
  public static final String VOTES = "people.votes";

  private final Desk desk;
  private final Duration patience;
  private final int people;

  /**
   * An oracle.
   *
   * @param desk where people answer; the caller closes it
   * @param people how many answer each group, as the desk's options say, for the settings
   * @param patience how long a call waits for a group
   */
  public HumanOracle(Desk desk, int people, Duration patience) {
    this.desk = Objects.requireNonNull(desk, "desk == null");
    this.patience = Objects.requireNonNull(patience, "patience == null");
    this.people = people;
  }

  @Override
  public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
    List<Judgement> judgements = new ArrayList<>();
    for (ImageGroup group : groups) {
      judgements.add(rank(group, rubric));
    }
    return List.copyOf(judgements);
  }

  private Judgement rank(ImageGroup group, Rubric rubric) {
    String id = GroupId.of(group);
    DeskQuestion asked = new DeskQuestion(id, group, task(rubric));
    List<DeskAnswer> answers;
    try {
      answers = desk.ask(asked, patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      answers = List.of();
    }
    if (answers.isEmpty()) {
      return JudgementFacts.missing(
          group.size(), new FeedbackException.Pending(unanswered(desk, asked)), "people");
    }
    return judgement(id, answers, group.size(), rubric);
  }

  private static Judgement judgement(String id, List<DeskAnswer> answers, int size, Rubric rubric) {
    // 1. Who said what.
    TreeSet<String> names = new TreeSet<>();
    TreeSet<String> none = new TreeSet<>();
    List<Ranking> orders = new ArrayList<>();
    List<Object> votes = new ArrayList<>();
    for (DeskAnswer answer : answers) {
      String person = answer.assignment().person();
      names.add(person);
      Ranking order = answer.order().orElse(Ranking.ofScores(new double[size]));
      orders.add(order);
      if (answer.kind() == DeskAnswer.Kind.NONE) {
        none.add(person);
      }
      Map<String, Object> vote = new LinkedHashMap<>();
      vote.put("person", person);
      vote.put("kind", answer.kind().name());
      vote.put("order", order.tiers());
      vote.put("shown", answer.assignment().shown());
      vote.put("millis", answer.millis());
      votes.add(vote);
    }
    Map<String, String> facts = new TreeMap<>();
    facts.put(JudgementFacts.RUBRIC, rubric.id());
    facts.put(JudgementFacts.PROTOCOL, "people");
    facts.put(JudgementFacts.GROUP, id);
    facts.put(VOTES, Json.write(votes));
    if (!none.isEmpty()) {
      facts.put("people.none", String.join(",", none));
    }
    // 2. Together.
    Ballots ballots = Ballots.ofRankings(orders);
    if (orders.size() > 1) {
      facts.put(JudgementFacts.PREFERENCES, RecordedPreferences.write(shares(ballots.wins())));
    }
    Ranking order = orders.size() == 1 ? orders.get(0) : Aggregation.borda().rank(ballots);
    return Judgement.of(order, String.join("+", names)).withUsage(Usage.NONE).withProvenance(facts);
  }

  private static List<Preference> shares(Wins wins) {
    List<Preference> shares = new ArrayList<>();
    for (int i = 0; i < wins.size(); i++) {
      for (int j = i + 1; j < wins.size(); j++) {
        double both = wins.get(i, j) + wins.get(j, i);
        if (both > 0) {
          shares.add(new Preference(i, j, wins.get(i, j) / both));
        }
      }
    }
    return shares;
  }

  static String unanswered(Desk desk, DeskQuestion question) {
    List<String> skipped = desk.skipped(question.id());
    return "not enough people have answered yet about '"
        + question.group().prompt().text()
        + "'"
        + (skipped.isEmpty() ? "" : "; skipped by " + String.join(", ", skipped));
  }

  /**
   * What people read: what counts, without the words that only a model needs.
   *
   * @param rubric any
   * @return the descriptions of its criteria; its instructions where it has none
   */
  public static String task(Rubric rubric) {
    if (rubric.criteria().isEmpty()) {
      return rubric.instructions().strip();
    }
    return rubric.criteria().stream()
        .map(criterion -> criterion.description().strip())
        .collect(Collectors.joining(" "));
  }

  @Override
  public Settings settings() {
    return Settings.none()
        .with("judge", "people")
        .with("protocol", "people")
        .with("people", people);
  }
}
