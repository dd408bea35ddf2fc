package org.tastemaker.optim.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Settings;
import org.tastemaker.optim.rows.OracleFactory;

/**
 * A mock judge that prefers the brighter image and notes each answer in a file, one line with the
 * prompt and the process, so that it counts over several processes.
 *
 * @param folder with the notes
 */
record NotedJudge(String folder) implements OracleFactory {
  static final Usage USAGE = new Usage(1, 100, 0, 10);

  static List<ImageGroup> groups(int count) {
    return IntStream.range(0, count).mapToObj(i -> group("p" + i, i)).toList();
  }

  static ImageGroup group(String prompt, int of) {
    float grey = (of % 7 + 1) / 10f;
    return new ImageGroup(
        Prompt.of(prompt),
        List.of(
            Image.filled(2, 2, grey, grey, 0.5f), Image.filled(2, 2, 1 - grey, 1 - grey, 0.5f)));
  }

  @Override
  public FeedbackOracle open() {
    note("opened", "");
    return (groups, rubric) -> groups.stream().map(this::judge).toList();
  }

  private Judgement judge(ImageGroup group) {
    String prompt = group.prompt().text();
    if (prompt.startsWith("refuse")) {
      return Judgement.missing(group.size(), "refused", "noted", USAGE);
    }
    if (prompt.startsWith("halt") && notes("halted").isEmpty()) {
      note("halted", prompt);
      Runtime.getRuntime().halt(1); // once: its executor is lost
    }
    note("answered", prompt);
    return Judgement.ofScores(
            group.images().stream().map(i -> OptionalDouble.of(brightness(i))).toList(), "noted")
        .withUsage(USAGE);
  }

  private static double brightness(Image image) {
    double sum = 0;
    for (float value : image.toFloats()) {
      sum += value;
    }
    return sum;
  }

  private void note(String kind, String what) {
    Path notes = Path.of(folder, kind);
    try {
      Files.writeString(
          notes,
          what + "\t" + ProcessHandle.current().pid() + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The prompts, and after a tab the process. */
  List<String> notes(String kind) {
    Path notes = Path.of(folder, kind);
    try {
      return Files.exists(notes) ? Files.readAllLines(notes) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<String> answered() {
    return notes("answered").stream().map(line -> line.replaceAll("\t.*", "")).toList();
  }

  List<String> processes(String kind) {
    return notes(kind).stream().map(line -> line.replaceAll(".*\t", "")).distinct().toList();
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
