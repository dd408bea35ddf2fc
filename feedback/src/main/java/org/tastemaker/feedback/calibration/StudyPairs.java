package org.tastemaker.feedback.calibration;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.annotate.DatasetHeader;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.study.Truth;
import org.tastemaker.feedback.study.Vote;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.VotedPair;

/** The pairs of a study, by prompt: what the judge answered, and what people voted. */
final class StudyPairs {
  /** What is known of a pair. */
  record Pair(PairEvidence said, Choice verdict, double share, Choice people) {}

  /** What is known of a prompt: its pairs, and the logits of single answers for what was first. */
  record OfPrompt(List<Pair> pairs, List<Double> shownFirst) {}

  private record Said(List<PairEvidence> pairs, List<Double> shownFirst, Ranking order) {}

  private final DatasetHeader header;
  private final Map<String, OfPrompt> byPrompt = new TreeMap<>();
  private final String data;

  private StudyPairs(DatasetHeader header, Map<String, OfPrompt> byPrompt, String data) {
    this.header = header;
    this.byPrompt.putAll(byPrompt);
    this.data = data;
  }

  static StudyPairs read(Iterable<VotedGroup> votes, Path dataset, Truth truth) {
    // 1. The judge.
    Map<String, Said> said = new HashMap<>();
    DatasetHeader header =
        PreferenceDataset.read(
                dataset,
                group -> {
                  Judgement raw = CalibratedJudgements.raw(group.judgement());
                  said.put(
                      group.id(),
                      new Said(PairEvidence.of(raw), PairEvidence.shownFirst(raw), raw.ranking()));
                })
            .header();
    // 2. People.
    Map<String, OfPrompt> byPrompt = new TreeMap<>();
    TreeSet<String> lines = new TreeSet<>();
    Set<String> seen = new HashSet<>();
    for (VotedGroup group : votes) {
      Said own = said.get(group.id());
      if (own == null || !seen.add(group.id())) {
        continue;
      }
      OfPrompt prompt =
          byPrompt.computeIfAbsent(
              group.images().prompt().text(),
              unused -> new OfPrompt(new ArrayList<>(), new ArrayList<>()));
      prompt.shownFirst().addAll(own.shownFirst());
      for (VotedPair pair : group.pairs()) {
        if (pair.criterion().equals(VotedPair.OVERALL)) {
          Optional<Choice> people = truth.of(pair.votes());
          if (people.isPresent()) {
            lines.add(group.id() + line(pair));
            take(own, pair, people.get(), prompt.pairs());
          }
        }
      }
    }
    if (byPrompt.isEmpty()) {
      throw new IllegalArgumentException(
          "the dataset "
              + dataset
              + " says nothing about any of the groups that people voted about: the groups must have"
              + " the same prompts and the same images in the same order");
    }
    String data =
        Hashing.sha256().hashString(String.join("\n", lines), StandardCharsets.UTF_8).toString();
    return new StudyPairs(header, byPrompt, data);
  }

  private static void take(Said own, VotedPair pair, Choice people, List<Pair> to) {
    for (PairEvidence evidence : own.pairs()) {
      if (evidence.first() == pair.first() && evidence.second() == pair.second()) {
        var a = own.order().rank(pair.first());
        var b = own.order().rank(pair.second());
        Choice verdict =
            a.isEmpty() || b.isEmpty()
                ? Choice.TIE
                : Choice.ofScores(b.getAsInt(), a.getAsInt(), 0);
        to.add(new Pair(evidence, verdict, pair.shareOfFirst(), people));
      }
    }
  }

  private static String line(VotedPair pair) {
    StringBuilder line = new StringBuilder();
    line.append(String.format(Locale.ROOT, " %d %d", pair.first(), pair.second()));
    List<String> votes = new ArrayList<>();
    for (Vote vote : pair.votes()) {
      votes.add(vote.choice() + "/" + vote.annotator());
    }
    votes.stream().sorted().forEach(vote -> line.append(' ').append(vote));
    return line.toString();
  }

  DatasetHeader header() {
    return header;
  }

  Map<String, OfPrompt> byPrompt() {
    return byPrompt;
  }

  String data() {
    return data;
  }
}
