package org.tastemaker.optim.rows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalDouble;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Settings;

/**
 * A mock judge that prefers the brighter image and notes each answer in a file, one line with the
 * prompt, so that it counts over several processes.
 *
 * @param notes the file
 * @param millis that an answer takes
 */
record NotedJudge(String notes, long millis) implements OracleFactory {
  static final Usage USAGE = new Usage(1, 100, 0, 10);

  @Override
  public FeedbackOracle open() {
    return (groups, rubric) -> groups.stream().map(this::judge).toList();
  }

  private Judgement judge(ImageGroup group) {
    String prompt = group.prompt().text();
    if (prompt.startsWith("refuse")) {
      return Judgement.missing(group.size(), "refused", "noted", USAGE);
    }
    if (prompt.startsWith("throw")) {
      throw new IllegalStateException("no credit");
    }
    try {
      Thread.sleep(millis);
      Files.writeString(
          Path.of(notes), prompt + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return Judgement.ofScores(
            group.images().stream().map(i -> OptionalDouble.of(brightness(i))).toList(), "noted")
        .withUsage(USAGE);
  }

  static double brightness(Image image) {
    double sum = 0;
    for (float value : image.toFloats()) {
      sum += value;
    }
    return sum;
  }

  List<String> answered() {
    try {
      return Files.exists(Path.of(notes)) ? Files.readAllLines(Path.of(notes)) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Settings settings() {
    return Settings.none().with("judge", "noted");
  }

  @Override
  public BigDecimal cost(Usage usage) {
    return new BigDecimal("0.01").multiply(BigDecimal.valueOf(usage.requests()));
  }
}
