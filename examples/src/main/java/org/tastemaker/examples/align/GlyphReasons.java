package org.tastemaker.examples.align;

import java.util.Locale;
import java.util.StringJoiner;
import org.tastemaker.core.Image;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.examples.report.JudgedGroup;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/** A judge that says of each image, by its letter in the order shown, which glyph it is like. */
final class GlyphReasons implements Judge {
  private final Judge judge;
  private final GlyphJudge glyphs;

  GlyphReasons(Judge judge, GlyphJudge glyphs) {
    this.judge = judge;
    this.glyphs = glyphs;
  }

  @Override
  public String name() {
    return judge.name();
  }

  @Override
  public Verdict ask(Question question) {
    Verdict verdict = judge.ask(question);
    StringJoiner reasons = new StringJoiner("; ", "Nearest glyphs, with confidence: ", ".");
    int position = 0;
    for (Image image : question.images()) {
      GlyphJudge.Label label = glyphs.label(image);
      reasons.add(
          String.format(
              Locale.ROOT,
              "%s %s %.2f%s",
              JudgedGroup.letter(position++),
              label.glyph().label(),
              label.confidence(),
              label.clear() ? "" : " (unclear)"));
    }
    return new Verdict(
        verdict.overall(),
        verdict.byCriterion(),
        reasons.toString(),
        verdict.usage(),
        verdict.model(),
        verdict.cached());
  }
}
