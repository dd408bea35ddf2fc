package org.tastemaker.examples.report;

import java.util.List;
import java.util.Locale;
import org.tastemaker.core.page.Markup;
import org.tastemaker.core.page.Parts;

/** The section of a report with examples of what the judge said. */
final class JudgedSection {
  private final Markup html;
  private final Parts parts;

  private JudgedSection(Markup html, Parts parts) {
    this.html = html;
    this.parts = parts;
  }

  /** Nothing where there are no groups. */
  static void write(Markup html, Parts parts, List<JudgedGroup> groups) {
    new JudgedSection(html, parts).groups(groups);
  }

  private void groups(List<JudgedGroup> groups) {
    if (groups.isEmpty()) {
      return;
    }
    parts.section(
        "What the judge said",
        "Examples from the run. Images with letters are in the order in which the judge saw them.");
    html.open("div", "class", "groups").newLine();
    for (JudgedGroup group : groups) {
      html.open("article", "class", group.missingReason() == null ? "group" : "group missing");
      parts.quoted(group.prompt());
      html.open("ul", "class", "shown");
      for (int i = 0; i < group.images().size(); i++) {
        String place = place(group, i);
        html.open("li").open("figure");
        parts.image(
            group.images().get(i),
            String.format(Locale.ROOT, "%s, image %s, %s", group.prompt(), group.name(i), place));
        html.open("figcaption").element("b", group.name(i)).text(" ").element("span", place);
        html.close("figcaption").close("figure").close("li");
      }
      html.close("ul");
      verdict(group);
      html.close("article").newLine();
    }
    html.close("div");
    parts.endSection();
  }

  private void verdict(JudgedGroup group) {
    if (group.missingReason() != null) {
      html.open("p", "class", "reason").element("strong", "No judgement: ");
      html.text(group.missingReason()).close("p");
    } else {
      html.open("p", "class", "order").element("strong", "Best first: ");
      html.text(group.order()).close("p");
    }
    if (!group.rationale().isBlank()) {
      html.element("blockquote", group.rationale());
      if (!group.asShown()) {
        html.element(
            "p",
            "The judge did not see the images in this order alone: letters in its words, if"
                + " any, do not match these numbers.",
            "class",
            "note");
      }
    }
    html.element("p", "judge: " + group.judge(), "class", "note");
  }

  private static String place(JudgedGroup group, int image) {
    if (group.missingReason() != null) {
      return "not judged";
    }
    int rank = group.ranking().rank(image).orElse(0);
    if (rank == 0) {
      return "not ranked";
    }
    boolean tied =
        group.ranking().tiers().stream().anyMatch(tier -> tier.contains(image) && tier.size() > 1);
    return "place " + rank + (tied ? ", tied" : "");
  }
}
