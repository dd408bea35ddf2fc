package org.tastemaker.watch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.LineLog;
import org.tastemaker.core.run.PrivateFiles;

/**
 * Writes the numbers of a run to a CSV file.
 *
 * <pre>{@code
 * run.listener(CsvListener.to(Path.of("runs/first/metrics.csv"))).run(AlignmentRun.Options.rounds(20));
 * }</pre>
 *
 * <p>The file is as RFC 4180 has it, in UTF-8, with a line for each number:
 *
 * <pre>
 * round,metric,value
 * 1,rewardMean,0.25
 * 1,"part.colour, warm",0.5
 * </pre>
 *
 * <p>A run does not know all its metrics in the first round: an evaluation has its own, and comes
 * every few rounds. A column for each would be a file that is written anew, or one with gaps; in
 * this form nothing is left out, and a line that is written never changes. {@code
 * pandas.read_csv(file).pivot(index="round", columns="metric", values="value")} is a table, as is a
 * pivot table of a spreadsheet; plotting libraries take it as it is. Numbers have a decimal point
 * in every country; {@code NaN}, {@code Infinity} and {@code -Infinity} are what pandas reads as
 * such. A line break in a name is written as a space, so that each record is one line.
 *
 * <p><b>Resuming.</b> A resumed run repeats the rounds after its checkpoint. With its first numbers
 * the lines of that round and of later ones are removed from the file, so each round stands there
 * once. A kill leaves at most an unfinished last line, which is set aside as {@link LineLog} does.
 *
 * <p>The file is open only while a round is written, so there is nothing to close. Thread-safe; one
 * run writes a file, and each run has a listener of its own.
 */
public final class CsvListener implements RunListener {
  private static final String HEADER = "round,metric,value";

  private final Path file;
  private long latest = Long.MAX_VALUE; // before the first numbers, every round is a step back

  private CsvListener(Path file) {
    this.file = file;
  }

  /**
   * Writes to a file, and continues it if it is there.
   *
   * @param file where; its folder is made if it is not there
   * @return needs no closing
   * @throws IllegalArgumentException if the file is there and not such a table
   * @throws UncheckedIOException if it cannot be written
   */
  public static CsvListener to(Path file) {
    Objects.requireNonNull(file, "file == null");
    Path parent = file.toAbsolutePath().getParent();
    try {
      if (parent != null) {
        Path unused = PrivateFiles.createFolders(parent);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + parent + ": " + e.getMessage(), e);
    }
    CsvListener listener = new CsvListener(file);
    List<String> unused = listener.before(Long.MAX_VALUE); // fails now, and not in a round
    LineLog.open(file).close();
    return listener;
  }

  @Override
  public synchronized void on(RunEvent event) {
    if (!(event instanceof RunEvent.Metrics metrics)) {
      return;
    }
    if (metrics.step() < latest) {
      goBackTo(metrics.step());
    }
    try (LineLog log = LineLog.open(file)) {
      for (Map.Entry<String, Double> value : metrics.values().entrySet()) {
        long unused =
            log.append(
                metrics.step() + "," + field(value.getKey()) + "," + value.getValue() + "\r");
      }
      log.force(); // before the run's checkpoint, which must not know of a round that is not here
    }
    latest = metrics.step();
  }

  /** Removes the lines of a round that is about to be repeated, and of those after it. */
  private void goBackTo(long round) {
    List<String> kept = before(round);
    if (kept.isEmpty() || kept.size() < LineLog.read(file).lines().size()) {
      kept = kept.isEmpty() ? List.of(HEADER) : kept;
      AtomicFiles.write(file, String.join("\r\n", kept) + "\r\n");
    }
  }

  /** The header and the lines before a round; nothing for a file without a finished line. */
  private List<String> before(long round) {
    List<String> kept = new ArrayList<>();
    for (String ended : LineLog.read(file).lines()) {
      String line = ended.endsWith("\r") ? ended.substring(0, ended.length() - 1) : ended;
      if (kept.isEmpty()) {
        if (!line.equals(HEADER)) {
          throw unexpected(1, HEADER, line);
        }
        kept.add(line);
      } else if (roundOf(line, kept.size() + 1) < round) {
        kept.add(line);
      }
    }
    return kept;
  }

  private long roundOf(String line, int number) {
    try {
      return Long.parseLong(line.substring(0, Math.max(0, line.indexOf(','))));
    } catch (NumberFormatException e) {
      throw unexpected(number, "a line that begins with a round's number", line);
    }
  }

  private IllegalArgumentException unexpected(int number, String expected, String line) {
    return new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "line %d of %s must be %s, but is '%s': it was not written by this, or another program has saved it in its own form; use another file for this run",
            number,
            file,
            expected,
            line.length() > 80 ? line.substring(0, 80) + "..." : line));
  }

  private static String field(String text) {
    String line = text.replaceAll("\r\n|[\r\n]", " ");
    return line.contains(",") || line.contains("\"")
        ? "\"" + line.replace("\"", "\"\"") + "\""
        : line;
  }
}
