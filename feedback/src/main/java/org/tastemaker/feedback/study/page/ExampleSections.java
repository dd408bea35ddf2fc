package org.tastemaker.feedback.study.page;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.page.Markup;
import org.tastemaker.core.page.Numbers;
import org.tastemaker.core.page.Parts;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.protocol.RecordedAnswer;
import org.tastemaker.feedback.study.GroupVerdict;
import org.tastemaker.feedback.study.Opinion;
import org.tastemaker.feedback.study.Vote;
import org.tastemaker.feedback.study.VotedPair;

/** Pairs with both verdicts, the images side by side. */
final class ExampleSections {
  private static final int MOST_PROMPT = 300;
  private static final int MOST_REASON = 1200;
  private static final int MOST_QUESTIONS = 8;

  private final Markup html;
  private final Parts parts;
  private final Map<String, Judgement> judgements;
  private final int thumbnail;
  private final int mostChars;

  ExampleSections(
      Markup html, Parts parts, Map<String, Judgement> judgements, int thumbnail, int mostChars) {
    this.html = html;
    this.parts = parts;
    this.judgements = judgements;
    this.thumbnail = thumbnail;
    this.mostChars = mostChars;
  }

  void write(ExamplePairs examples, boolean bySize) {
    for (Kind kind : Kind.values()) {
      List<Example> shown = examples.of(kind);
      if (shown.isEmpty()) {
        continue;
      }
      long count = examples.count(kind);
      parts.section(
          kind.title(),
          kind.note()
              + " "
              + Numbers.count(count, "pair", "pairs")
              + (count == shown.size()
                  ? "."
                  : bySize
                      ? "; shown are those with the most decided votes and verdicts."
                      : "; those shown are drawn by the seed."));
      html.open("div", "class", "groups").newLine();
      int left = 0;
      for (Example example : shown) {
        if (html.length() > mostChars) {
          left++;
        } else {
          article(example);
        }
      }
      html.close("div");
      if (left > 0) {
        html.element(
            "p",
            Numbers.count(left, "example is", "examples are") + " left out: the page has its size.",
            "class",
            "note");
      }
      parts.endSection();
    }
  }

  private void article(Example example) {
    VotedPair pair = example.pair();
    String prompt = Words.cut(example.group().images().prompt().text(), MOST_PROMPT);
    html.open("article", "class", "group" + (example.verdict().isEmpty() ? " missing" : ""));
    parts.quoted(prompt);
    int images = example.group().images().size();
    if (images > 2) {
      html.element(
          "p",
          String.format(
              Locale.ROOT, "images %d and %d of %d", pair.first() + 1, pair.second() + 1, images),
          "class",
          "note");
    }
    html.open("ul", "class", "side");
    image(example, prompt, pair.first(), Choice.FIRST);
    image(example, prompt, pair.second(), Choice.SECOND);
    html.close("ul");
    line("People: ", people(example));
    line("Judge: ", judge(example));
    asked(example);
    reason(judgements.get(example.group().id()));
    html.close("article").newLine();
  }

  private void image(Example example, String prompt, int image, Choice choice) {
    boolean byPeople = example.people() == choice;
    boolean byJudge = example.verdict().equals(Optional.of(choice));
    String chosen =
        byPeople && byJudge
            ? "chosen by both"
            : byPeople ? "chosen by people" : byJudge ? "chosen by the judge" : "";
    html.open("li", "class", byPeople || byJudge ? "chosen" : "other").open("figure");
    String name = "image " + (image + 1);
    parts.thumbnail(
        example.group().images().images().get(image),
        thumbnail,
        prompt + ", " + name + (chosen.isEmpty() ? "" : ", " + chosen));
    html.open("figcaption").element("b", name).text(" ").element("span", chosen);
    html.close("figcaption").close("figure").close("li");
  }

  private void line(String who, String what) {
    html.open("p", "class", "order").element("strong", who).text(what).close("p");
  }

  private static String people(Example example) {
    VotedPair pair = example.pair();
    List<Vote> votes = pair.votes();
    StringJoiner parts = new StringJoiner(", ", " (", ")");
    count(parts, votes.stream().filter(v -> v.choice() == Choice.FIRST).count(), pair.first());
    count(parts, votes.stream().filter(v -> v.choice() == Choice.SECOND).count(), pair.second());
    long bad = votes.stream().filter(Vote::bothBad).count();
    long ties = votes.stream().filter(v -> v.choice() == Choice.TIE).count() - bad;
    if (ties > 0) {
      parts.add(ties + " for a tie");
    }
    if (bad > 0) {
      parts.add(bad + " for both bad");
    }
    return name(example.people(), pair)
        + ", "
        + Numbers.count(votes.size(), "vote", "votes")
        + parts;
  }

  private static void count(StringJoiner parts, long votes, int image) {
    if (votes > 0) {
      parts.add(votes + " for image " + (image + 1));
    }
  }

  private static String judge(Example example) {
    if (example.verdict().isEmpty()) {
      return example.said().isEmpty()
          ? "not asked"
          : "no verdict: " + example.said().flatMap(GroupVerdict::missing).orElse("no order");
    }
    String probability =
        example.probability().isEmpty()
            ? ""
            : String.format(
                Locale.ROOT,
                " (%s that image %d is better)",
                Numbers.text(example.probability().getAsDouble()),
                example.pair().first() + 1);
    return name(example.verdict().get(), example.pair()) + probability;
  }

  private static String name(Choice choice, VotedPair pair) {
    return switch (choice) {
      case FIRST -> "image " + (pair.first() + 1);
      case SECOND -> "image " + (pair.second() + 1);
      case TIE -> "a tie";
    };
  }

  /** In which order the judge saw the two, and what it answered. */
  private void asked(Example example) {
    VotedPair pair = example.pair();
    Optional<List<RecordedAnswer>> answers =
        example
            .said()
            .map(said -> said.opinions().get(VotedPair.OVERALL))
            .flatMap(Opinion::answers);
    if (answers.isEmpty()) {
      return;
    }
    Set<Integer> both = Set.of(pair.first(), pair.second());
    StringJoiner lines = new StringJoiner("; ", "Asked: ", ".");
    int lineCount = 0;
    for (RecordedAnswer answer : answers.get()) {
      if (answer.shown().size() > 1 && new HashSet<>(answer.shown()).containsAll(both)) {
        if (lineCount++ < MOST_QUESTIONS) {
          lines.add(asked(answer, pair));
        }
      }
    }
    if (lineCount > MOST_QUESTIONS) {
      lines.add((lineCount - MOST_QUESTIONS) + " more");
    }
    if (lineCount > 0) {
      html.element("p", lines.toString(), "class", "note");
    }
  }

  private static String asked(RecordedAnswer answer, VotedPair pair) {
    StringJoiner shown = new StringJoiner(", ");
    answer.shown().forEach(image -> shown.add("" + (image + 1)));
    int one = answer.order().rank(pair.first()).orElse(0);
    int other = answer.order().rank(pair.second()).orElse(0);
    String said =
        one == 0 || other == 0
            ? "no answer"
            : one == other
                ? "a tie"
                : "image " + ((one < other ? pair.first() : pair.second()) + 1) + " is better";
    return "in the order " + shown + ": " + said;
  }

  private void reason(@Nullable Judgement judgement) {
    if (judgement == null) {
      return;
    }
    if (judgement.missingReason() != null) {
      html.element("p", Words.cut(judgement.missingReason(), MOST_REASON), "class", "reason");
    }
    if (!judgement.rationale().isBlank()) {
      html.element("blockquote", Words.cut(judgement.rationale(), MOST_REASON));
      html.element(
          "p", "Letters in the judge's words count images in the order asked.", "class", "note");
    }
  }
}
