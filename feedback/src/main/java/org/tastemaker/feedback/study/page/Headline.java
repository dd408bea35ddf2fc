package org.tastemaker.feedback.study.page;

import java.util.Locale;
import org.tastemaker.core.page.Markup;
import org.tastemaker.core.page.Numbers;
import org.tastemaker.feedback.study.Figure;
import org.tastemaker.feedback.study.Measure;
import org.tastemaker.feedback.study.Section;
import org.tastemaker.feedback.study.StudyReport;

/** Does the judge stand in for people? What the figures say, and no more. */
final class Headline {
  private Headline() {}

  static void write(Markup html, String title, StudyReport report) {
    Section all = report.all();
    html.open("header").element("h1", title);
    Figure judge = all.figure(Measure.WITH_A_PERSON);
    Figure person = all.figure(Measure.CEILING_ANOTHER);
    if (judge.isKnown() && person.isKnown()) {
      html.open("p", "class", "figure");
      html.element("span", "how often a person's vote is met", "class", "measure").text(" ");
      html.open("span", "class", "numbers");
      html.open("span").element("small", "by another person ").text(Words.value(person));
      html.close("span").element("span", " \u00b7 ", "class", "arrow");
      html.open("strong").element("small", "by the judge ").text(Words.value(judge));
      html.close("strong").close("span").close("p");
    }
    html.element("p", accuracy(report), "class", "summary");
    html.open("p", "class", "summary").text(beside(all)).element("strong", verdict(all));
    html.close("p").close("header").newLine();
  }

  static String accuracy(StudyReport report) {
    Section all = report.all();
    Figure decided = all.figure(Measure.DECIDED);
    Figure half = all.figure(Measure.TIES_HALF);
    Figure threeWay = all.figure(Measure.THREE_WAY);
    Figure person = all.figure(Measure.CEILING_MAJORITY);
    StringBuilder words = new StringBuilder();
    words.append(
        String.format(
            Locale.ROOT,
            "Compared with people on %s of %s: %s. ",
            Numbers.count(all.pairs(), "pair", "pairs"),
            Numbers.count(all.prompts(), "prompt", "prompts"),
            report.judge()));
    words.append(
        decided.isKnown()
            ? String.format(
                Locale.ROOT,
                "Where both chose an image, it is the same one in %s of %s. ",
                Words.both(decided),
                Numbers.count(decided.n(), "pair", "pairs"))
            : "How often both chose the same image is unknown: " + decided.unknown() + ". ");
    if (half.isKnown()) {
      words.append(
          String.format(
              Locale.ROOT,
              "If its ties count half, it is right in %s of the %s in which people chose. ",
              Words.both(half),
              Numbers.count(half.n(), "pair", "pairs")));
    }
    if (threeWay.isKnown()) {
      words.append(
          String.format(
              Locale.ROOT,
              "With a tie as a choice of its own it is right in %s of all. ",
              Words.both(threeWay)));
    }
    words.append(
        person.isKnown()
            ? "The ceiling, counted in this last way: one person agrees with the majority of the"
                + " others in "
                + Words.both(person)
                + "."
            : "The human ceiling is unknown: " + person.unknown() + ".");
    return words.toString();
  }

  private static String beside(Section all) {
    Figure judge = all.figure(Measure.WITH_A_PERSON);
    Figure person = all.figure(Measure.CEILING_ANOTHER);
    Figure beside = all.figure(Measure.BESIDE_A_PERSON);
    if (!beside.isKnown()) {
      return "";
    }
    return String.format(
        Locale.ROOT,
        "It meets the vote of a person drawn at random in %s, another person does in %s. Over the"
            + " same pairs the difference is %s %s. ",
        Words.both(judge),
        Words.both(person),
        Numbers.signed(beside.value()),
        Words.interval(beside));
  }

  /** True for the numbers, and for no more than the numbers. */
  static String verdict(Section all) {
    Figure beside = all.figure(Measure.BESIDE_A_PERSON);
    if (!beside.isKnown()) {
      return "Whether it stands in for a person cannot be said: " + beside.unknown() + ".";
    }
    double low = beside.interval().low();
    double high = beside.interval().high();
    if (Double.isNaN(low)) {
      return "Whether it stands in for a person cannot be said from a single prompt.";
    }
    if (low > 0) {
      return "It agrees with people more often than they do with one another.";
    }
    if (high < 0) {
      return "It falls short of a person: it agrees with people less often than they do with one"
          + " another.";
    }
    return String.format(
        Locale.ROOT,
        "It is not told apart from a person here: by these votes it may agree with people up to %s"
            + " less often than they do with one another, or up to %s more often.",
        Numbers.text(Math.max(0, -low)),
        Numbers.text(Math.max(0, high)));
  }
}
