package org.tastemaker.datasets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.tastemaker.feedback.votes.JoinedRecords;
import org.tastemaker.feedback.votes.RecordFile;
import org.tastemaker.feedback.votes.Records;

/**
 * A file of Parquet, or a folder of shards.
 *
 * <pre>
 *   VoteFile votes =
 *       VoteFile.of(ParquetRecords.shards(folder), PickAPic.inFile("validation_unique"));
 *   ReadingReport report = votes.read(row -&gt; ...);
 * </pre>
 *
 * <p>Only the columns that are asked for are read, a page of each at a time. A text is a String, a
 * whole number a Long, bytes stay bytes, a list is a List and a group a Map. Read are pages of both
 * versions, all encodings of {@code parquet-column}, and no compression, Snappy, Zstandard, gzip
 * and LZ4_RAW; encrypted files are refused.
 *
 * <p>A page may have 1 GiB; above 16 MiB it may have a thousand times its compressed bytes, so that
 * a small file does not fill the memory.
 */
public final class ParquetRecords implements RecordFile {
  private final Path file;

  private ParquetRecords(Path file) {
    this.file = Objects.requireNonNull(file, "file == null");
  }

  /**
   * A file.
   *
   * @param file of Parquet
   * @return its records, not yet opened
   */
  public static ParquetRecords of(Path file) {
    return new ParquetRecords(file);
  }

  /**
   * The shards of a folder: the files whose names end in {@code .parquet}, in the order of their
   * names. What lies in folders below it is not read.
   *
   * @param folder with at least one
   * @return the records of all of them, not yet opened
   * @throws IllegalArgumentException if there is none
   * @throws UncheckedIOException if the folder cannot be read
   */
  public static RecordFile shards(Path folder) {
    return shards(folder, "");
  }

  /**
   * The shards of a split.
   *
   * @param folder with at least one
   * @param prefix that their names begin with, such as {@code validation_unique-}
   * @return the records of all of them, not yet opened
   * @throws IllegalArgumentException if there is none
   * @throws UncheckedIOException if the folder cannot be read
   */
  public static RecordFile shards(Path folder, String prefix) {
    try (Stream<Path> files = Files.list(folder)) {
      List<ParquetRecords> shards =
          files.filter(file -> isShard(file, prefix)).sorted().map(ParquetRecords::of).toList();
      if (shards.isEmpty()) {
        throw new IllegalArgumentException(
            folder + " has no file whose name begins with '" + prefix + "' and ends in .parquet");
      }
      return JoinedRecords.of(shards);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the folder " + folder + ": " + e, e);
    }
  }

  private static boolean isShard(Path file, String prefix) {
    String name = file.getFileName().toString();
    return name.startsWith(prefix)
        && name.toLowerCase(Locale.ROOT).endsWith(".parquet")
        && Files.isRegularFile(file);
  }

  @Override
  public String name() {
    return file.toString();
  }

  @Override
  public Records open(Set<String> wanted) {
    return OpenParquet.open(file, wanted);
  }
}
