package org.tastemaker.feedback.annotate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a dataset of preferences, which a job may be writing at the same time. Damaged lines are
 * skipped and counted. Of a group that was asked again because its judgement was missing, the newer
 * line counts.
 */
public final class PreferenceDataset {
  private static final int NAMED_LINES = 10;

  private final Path file;
  private final IdSet ids = new IdSet();
  private final Map<String, Long> counted = new HashMap<>(); // groups with several lines: which
  private final MissingGroups missingSoFar = new MissingGroups();
  private final List<Long> damagedLines = new ArrayList<>();
  private @Nullable DatasetHeader header;
  private long judgements;
  private long missing;
  private long damaged;
  private long repeated;

  private PreferenceDataset(Path file) {
    this.file = file;
  }

  /**
   * What was read.
   *
   * @param header the settings that decided the judgements
   * @param judgements number of groups read, including missing judgements
   * @param missing number of missing judgements among them
   * @param damaged number of skipped lines that are not whole judgements
   * @param damagedLines numbers of the first ten of them, from 1
   * @param repeated number of skipped lines of groups that have another line which counts
   * @param unfinished whether the last line is incomplete: cut by a crash, or being written
   */
  public record Contents(
      DatasetHeader header,
      long judgements,
      long missing,
      long damaged,
      List<Long> damagedLines,
      long repeated,
      boolean unfinished) {
    public Contents {
      damagedLines = List.copyOf(damagedLines);
    }
  }

  /**
   * Reads a dataset line by line, twice. The lines of a file stand in the order in which answers
   * came, so two runs of the same job give different orders: {@link #readAll} does not.
   *
   * @param file what a job has written
   * @param taker receives each judgement, including missing ones, in file order
   * @return what was read and what was skipped
   * @throws UncheckedIOException if the file cannot be read
   * @throws IllegalStateException if it is not a preference dataset
   */
  public static Contents read(Path file, Consumer<AnnotatedGroup> taker) {
    PreferenceDataset dataset = new PreferenceDataset(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      Lines.Scan scan = Lines.scan(channel, dataset::note);
      if (dataset.header == null) {
        throw dataset.notADataset();
      }
      Lines.scan(
          channel,
          (number, line) -> {
            if (number <= scan.lines()) { // and not what a job has written since
              dataset.take(number, line, taker);
            }
          });
      return new Contents(
          dataset.header,
          dataset.judgements,
          dataset.missing,
          dataset.damaged,
          dataset.damagedLines,
          dataset.repeated,
          scan.rest().length > 0);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the dataset " + file + ": " + e, e);
    }
  }

  /**
   * Reads a dataset that fits into memory.
   *
   * @param file what a job has written
   * @return all judgements, including missing ones, in the order of the groups' ids, so that what
   *     is trained on them does not depend on which answer came first
   */
  public static List<AnnotatedGroup> readAll(Path file) {
    List<AnnotatedGroup> all = new ArrayList<>();
    read(file, all::add);
    all.sort(Comparator.comparing(AnnotatedGroup::id));
    return List.copyOf(all);
  }

  /** The first reading: which line of a group counts. */
  private void note(long number, String line) {
    if (number == 1) {
      header = DatasetHeader.parse(line).orElseThrow(this::notADataset);
      return;
    }
    DatasetLine.parse(line)
        .ifPresent(
            group -> {
              boolean first = ids.add(group.id());
              boolean replaces = missingSoFar.of(group.id()) != null;
              missingSoFar.read(group, first);
              if (!first) {
                counted.compute(
                    group.id(), (id, other) -> replaces ? number : other == null ? 0L : other);
              }
            });
  }

  /** The second reading. */
  private void take(long number, String line, Consumer<AnnotatedGroup> taker) {
    if (number == 1) {
      return;
    }
    Optional<AnnotatedGroup> group = DatasetLine.parse(line);
    if (group.isEmpty()) {
      damaged++;
      if (damagedLines.size() < NAMED_LINES) {
        damagedLines.add(number);
      }
    } else if (counts(group.get().id(), number)) {
      judgements++;
      missing += group.get().judgement().isMissing() ? 1 : 0;
      taker.accept(group.get());
    } else {
      repeated++;
    }
  }

  /**
   * Of a group with several lines, the one that was noted, and otherwise the first (noted as 0).
   */
  private boolean counts(String id, long number) {
    Long line = counted.get(id);
    if (line == null) {
      return true;
    }
    if (line == 0) {
      counted.put(id, number);
      return true;
    }
    return line == number;
  }

  private IllegalStateException notADataset() {
    return new IllegalStateException(
        "the file "
            + file
            + " is not a preference dataset of this version: its first line is not a whole header");
  }
}
