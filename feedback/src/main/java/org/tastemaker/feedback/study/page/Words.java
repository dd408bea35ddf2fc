package org.tastemaker.feedback.study.page;

import java.util.Locale;
import org.tastemaker.core.page.Numbers;
import org.tastemaker.feedback.agreement.PromptBootstrap;
import org.tastemaker.feedback.study.Figure;
import org.tastemaker.feedback.study.Measure;

/** Figures in words. */
final class Words {
  private Words() {}

  static String value(Figure figure) {
    return figure.measure() == Measure.COST ? money(figure.value()) : Numbers.text(figure.value());
  }

  /** Money needs more digits than a share does. */
  static String money(double amount) {
    return Double.isFinite(amount)
        ? String.format(
            Locale.ROOT, amount >= 1 ? "%.2f" : amount >= 0.01 ? "%.4f" : "%.6f", amount)
        : Numbers.NONE;
  }

  static String interval(Figure figure) {
    PromptBootstrap.Interval interval = figure.interval();
    return Double.isNaN(interval.low())
        ? "no interval: one prompt"
        : figure.measure() == Measure.COST
            ? "[" + money(interval.low()) + ", " + money(interval.high()) + "]"
            : Numbers.interval(interval.low(), interval.high());
  }

  /** Such as "0.812 [0.770, 0.851]". */
  static String both(Figure figure) {
    return value(figure) + " " + interval(figure);
  }

  static String both(PromptBootstrap.Interval interval) {
    return Numbers.text(interval.value())
        + (Double.isNaN(interval.low())
            ? ""
            : " " + Numbers.interval(interval.low(), interval.high()));
  }

  /** Text of bounded length. */
  static String cut(String text, int most) {
    return text.codePointCount(0, text.length()) <= most
        ? text
        : text.substring(0, text.offsetByCodePoints(0, most)) + " \u2026 (cut)";
  }
}
