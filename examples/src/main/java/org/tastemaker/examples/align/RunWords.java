package org.tastemaker.examples.align;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Supplier;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.report.Cost;

/**
 * The text beside a progress bar: the latest held-out score with its interval, images per second,
 * what the judge has cost, and whether nothing was learned from a round.
 */
final class RunWords implements RunListener {
  private static final String SCORE = "evaluation.rewardMean";

  private final ConsoleProgress progress;
  private final Supplier<Cost> cost;
  private final Map<String, Double> latest = new LinkedHashMap<>();
  private long evaluated;

  /** What an earlier session measured is shown until there is a newer measurement. */
  RunWords(ConsoleProgress progress, Supplier<Cost> cost, List<RunEvent.Metrics> earlier) {
    this.progress = progress;
    this.cost = cost;
    earlier.forEach(this::take);
  }

  @Override
  public void on(RunEvent event) {
    if (event instanceof RunEvent.Metrics metrics) {
      take(metrics);
      say();
    }
  }

  private void take(RunEvent.Metrics metrics) {
    latest.putAll(metrics.values());
    if (metrics.values().containsKey(SCORE)) {
      evaluated = metrics.step();
    }
  }

  private void say() {
    StringJoiner words = new StringJoiner(", ");
    StringJoiner brief = new StringJoiner(" ");
    Double mean = latest.get(SCORE);
    Double low = latest.get("evaluation.rewardLow");
    Double high = latest.get("evaluation.rewardHigh");
    if (mean != null && low != null && high != null) {
      words.add(
          text("held-out score %.3f [%.3f, %.3f] after round %d", mean, low, high, evaluated));
      brief.add(text("%.2f\u00b1%.2f", mean, Math.max(high - mean, mean - low)));
    }
    double missing = latest.getOrDefault("missingJudgements", 0.0);
    if (latest.getOrDefault("skipped", 0.0) > 0) {
      boolean none = latest.getOrDefault("presentRewards", 1.0) == 0;
      words.add(
          "nothing learned: "
              + (none ? "no reward, as all judgements are missing" : "all rewards are equal"));
      brief.add(none ? "no judgement" : "all equal");
    }
    if (missing > 0) {
      words.add(
          missing == 1
              ? "1 judgement of the round is missing"
              : text("%.0f judgements of the round are missing", missing));
      brief.add(text("%.0f missing", missing));
    }
    Double images = latest.get("images");
    Double seconds = latest.get("secondsSampling");
    if (images != null && seconds != null && seconds > 0) {
      words.add(text("%.0f images/s", images / seconds));
      brief.add(text("%.0f/s", images / seconds));
    }
    Cost spent = cost.get();
    long tokens = spent.usage().inputTokens() + spent.usage().outputTokens();
    if (spent.money() != null) {
      words.add(spent.money());
      brief.add(spent.money());
    } else if (tokens > 0) {
      words.add(text("%,d tokens", tokens));
      brief.add(tokens < 10_000 ? text("%dtok", tokens) : text("%dktok", tokens / 1000));
    }
    progress.say(words.toString(), brief.toString());
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
