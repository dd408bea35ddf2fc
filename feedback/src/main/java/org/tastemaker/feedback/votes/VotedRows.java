package org.tastemaker.feedback.votes;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rows of an open file, one after another. What cannot become a row, and which images cannot be
 * used, is in the {@link #report}; nothing is dropped in silence.
 *
 * <p>In memory are the records of one row and the names in the report.
 */
public final class VotedRows implements Iterator<VotedRow>, AutoCloseable {
  private static final int LARGEST_GROUP = 1000;

  private final VoteShape shape;
  private final ImageCheck check;
  private final Records records;
  private final String file;
  private final Tally leftOut = new Tally();
  private final Tally images = new Tally();
  private @Nullable Fields ahead; // begins the next row
  private @Nullable VotedRow next;
  private long read; // records that were given to the shape
  private long rows;
  private boolean begun;

  VotedRows(RecordFile file, VoteShape shape, ImageCheck check) {
    this.file = file.name();
    this.shape = shape;
    this.check = check;
    Set<String> wanted = new HashSet<>(shape.required());
    wanted.addAll(shape.optional());
    this.records = file.open(wanted);
  }

  /**
   * Reads on to the next row.
   *
   * @throws IllegalArgumentException if the file is damaged, or is not of the shape; the message
   *     says where, and what was found
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  @Override
  public boolean hasNext() {
    while (next == null) {
      List<Fields> group = group();
      if (group.isEmpty()) {
        return false;
      }
      long number = read;
      read += group.size();
      try {
        next = usable(shape.row(group, number), group.get(0));
      } catch (UnusableRow e) {
        leftOut.add(e.reason(), e.where());
      } catch (IllegalArgumentException e) {
        leftOut.add("its fields are not of the shape", String.valueOf(e.getMessage()));
      }
    }
    return true;
  }

  @Override
  public VotedRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException("there is no further row in " + file);
    }
    VotedRow row = Objects.requireNonNull(next);
    next = null;
    rows++;
    return row;
  }

  /**
   * What was found so far; all of it once there is no next row.
   *
   * @return the report
   */
  public ReadingReport report() {
    return new ReadingReport(read, rows, leftOut.reasons(), images.reasons());
  }

  @Override
  public void close() {
    records.close();
  }

  private List<Fields> group() {
    if (!begun) {
      begun = true;
      ahead = records.hasNext() ? records.next() : null;
      if (ahead != null) {
        requireShape(ahead);
      }
    }
    List<Fields> group = new ArrayList<>();
    Optional<String> key = Optional.empty();
    while (ahead != null) {
      Optional<String> own = key(ahead);
      if (!group.isEmpty() && (own.isEmpty() || !own.equals(key))) {
        break;
      }
      if (group.size() == LARGEST_GROUP) {
        throw new IllegalArgumentException(
            ahead.where() + ": more than " + LARGEST_GROUP + " records belong to one row");
      }
      key = own;
      group.add(ahead);
      ahead = records.hasNext() ? records.next() : null;
    }
    return group;
  }

  /** A record whose key cannot be read is a row of its own, which is left out with the reason. */
  private Optional<String> key(Fields record) {
    try {
      return shape.group(record);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private void requireShape(Fields first) {
    List<String> missing = first.missing(shape.required());
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s is not of the shape of %s: the first record has no %s; it has %s%s",
              first.where(),
              shape.name(),
              missing,
              first.names(),
              shape.advice().isEmpty() ? "" : ". " + shape.advice()));
    }
  }

  private @Nullable VotedRow usable(VotedRow row, Fields record) {
    List<RowImage> seen = new ArrayList<>();
    for (RowImage image : row.images()) {
      RowImage looked = ImageProbe.look(image, check);
      seen.add(looked);
      if (looked instanceof RowImage.Unusable unusable) {
        String what = unusable.fault().name().toLowerCase(Locale.ROOT);
        images.add(what, unusable.name() + ": " + unusable.detail());
      }
    }
    VotedRow looked = row.withImages(seen);
    if (looked.usable().size() < 2) {
      throw new UnusableRow("fewer than two of its images can be used", record.where());
    }
    return looked;
  }
}
