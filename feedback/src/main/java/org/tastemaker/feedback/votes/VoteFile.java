package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tastemaker.feedback.study.VotedGroup;

/**
 * A file of people's votes of a public shape.
 *
 * <pre>
 *   VoteFile test = VoteFile.json(hpd.resolve("test.json"), HpdV2Test.in(hpd.resolve("test")));
 *   ReadingReport report = test.read(row -&gt; ...);
 *   System.out.println(report);                     // what was left out, and why
 *
 *   StudyReport agreement =
 *       AgreementStudy.builder().build().of(test.groups(), DatasetVerdicts.of("judge", dataset));
 * </pre>
 *
 * <p>It can be read any number of times, row by row. Parquet is a {@link RecordFile} of the module
 * {@code tastemaker-datasets}.
 */
public final class VoteFile {
  private final RecordFile file;
  private final VoteShape shape;
  private final ImageCheck check;

  private VoteFile(RecordFile file, VoteShape shape, ImageCheck check) {
    this.file = Objects.requireNonNull(file, "file == null");
    this.shape = Objects.requireNonNull(shape, "shape == null");
    this.check = Objects.requireNonNull(check, "check == null");
  }

  /**
   * A file of records.
   *
   * @param file not yet opened
   * @param shape of its records
   * @return the votes, whose images are looked at as files
   */
  public static VoteFile of(RecordFile file, VoteShape shape) {
    return new VoteFile(file, shape, ImageCheck.FILES);
  }

  /**
   * A file of JSON or JSON Lines.
   *
   * @param file not yet opened
   * @param shape of its records
   * @return the votes, whose images are looked at as files
   */
  public static VoteFile json(Path file, VoteShape shape) {
    return of(JsonRecords.of(file, shape.list()), shape);
  }

  /**
   * The same file, with images looked at more or less closely.
   *
   * @param closeness of the look
   * @return the votes
   */
  public VoteFile check(ImageCheck closeness) {
    return new VoteFile(file, shape, closeness);
  }

  /**
   * Opens the file.
   *
   * @return its rows, to be closed by the caller
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public VotedRows open() {
    return new VotedRows(file, shape, check);
  }

  /**
   * Reads all rows.
   *
   * @param taker receives each
   * @return what was read and what was left out
   * @throws java.io.UncheckedIOException if the file cannot be read
   * @throws IllegalArgumentException if it is damaged, or not of the shape
   */
  public ReadingReport read(Consumer<VotedRow> taker) {
    try (VotedRows rows = open()) {
      while (rows.hasNext()) {
        taker.accept(rows.next());
      }
      return rows.report();
    }
  }

  /**
   * The rows with their images, for a study or an annotation job; each is decoded when it is drawn.
   * Whoever goes through them reads the file anew.
   *
   * @param problems is told of each image that cannot be decoded, and each row that is left out for
   *     it
   * @return the groups
   */
  public Iterable<VotedGroup> groups(Consumer<String> problems) {
    Objects.requireNonNull(problems, "problems == null");
    return () -> new Groups(open(), problems);
  }

  private static final class Groups implements Iterator<VotedGroup> {
    private final VotedRows rows;
    private final Consumer<String> problems;
    private @Nullable VotedGroup next;

    Groups(VotedRows rows, Consumer<String> problems) {
      this.rows = rows;
      this.problems = problems;
    }

    @Override
    public boolean hasNext() {
      boolean done = false;
      try {
        while (next == null && rows.hasNext()) {
          next = LoadedRow.of(rows.next(), problems).map(LoadedRow::votedGroup).orElse(null);
        }
        done = next == null;
        return !done;
      } catch (RuntimeException e) {
        done = true;
        throw e;
      } finally {
        if (done) {
          rows.close();
        }
      }
    }

    @Override
    public VotedGroup next() {
      if (!hasNext()) {
        throw new NoSuchElementException("there is no further group");
      }
      VotedGroup group = Objects.requireNonNull(next);
      next = null;
      return group;
    }
  }
}
