package org.tastemaker.feedback.votes;

import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The files of a data set that is cut into several, one after another. */
public final class JoinedRecords implements RecordFile {
  private final List<RecordFile> files;

  private JoinedRecords(List<? extends RecordFile> files) {
    this.files = List.copyOf(files);
  }

  /**
   * Files as one.
   *
   * @param files in their order, at least one
   * @return the records of all of them
   */
  public static JoinedRecords of(List<? extends RecordFile> files) {
    if (files.isEmpty()) {
      throw new IllegalArgumentException(
          "there must be at least one file to join, but there is none; is the pattern right?");
    }
    return new JoinedRecords(files);
  }

  @Override
  public String name() {
    return files.get(0).name() + (files.size() == 1 ? "" : " and " + (files.size() - 1) + " more");
  }

  @Override
  public Records open(Set<String> wanted) {
    return new OneByOne(wanted);
  }

  private final class OneByOne implements Records {
    private final Set<String> wanted;
    private int opened;
    private @Nullable Records records;

    OneByOne(Set<String> wanted) {
      this.wanted = wanted;
    }

    @Override
    public boolean hasNext() {
      while (records == null || !records.hasNext()) {
        close();
        if (opened == files.size()) {
          return false;
        }
        records = files.get(opened++).open(wanted);
      }
      return true;
    }

    @Override
    public Fields next() {
      if (!hasNext() || records == null) {
        throw new NoSuchElementException("there is no further record in " + name());
      }
      return records.next();
    }

    @Override
    public void close() {
      if (records != null) {
        records.close();
        records = null;
      }
    }
  }
}
