package org.tastemaker.datasets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.jspecify.annotations.Nullable;
import org.tastemaker.feedback.votes.Fields;
import org.tastemaker.feedback.votes.Records;

/** An open file: its row groups one after another, and of each only the wanted columns. */
final class OpenParquet implements Records {
  private final Path file;
  private final FileChannel channel;
  private final FileMetaData footer;
  private final MessageType schema; // of the wanted columns
  private int opened; // row groups
  private long left; // records of the open row group
  private long number; // of the record that was read last, from 1
  private @Nullable RecordReader<Map<String, @Nullable Object>> reader;

  private OpenParquet(Path file, FileChannel channel, FileMetaData footer, MessageType schema) {
    this.file = file;
    this.channel = channel;
    this.footer = footer;
    this.schema = schema;
  }

  static OpenParquet open(Path file, Set<String> wanted) {
    FileChannel channel = ParquetFooter.open(file);
    boolean done = false;
    try {
      FileMetaData footer = ParquetFooter.read(channel, file);
      MessageType whole = ParquetSchema.of(footer.getSchema(), file.toString());
      OpenParquet open = new OpenParquet(file, channel, footer, only(whole, wanted, file));
      done = true;
      return open;
    } finally {
      if (!done) {
        close(channel, file);
      }
    }
  }

  private static MessageType only(MessageType whole, Set<String> wanted, Path file) {
    List<Type> columns = new ArrayList<>();
    for (Type column : whole.getFields()) {
      if (wanted.contains(column.getName())) {
        columns.add(column);
      }
    }
    if (columns.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s has none of the columns %s; it has %s",
              file,
              wanted.stream().sorted().toList(),
              whole.getFields().stream().limit(100).map(Type::getName).toList()));
    }
    return new MessageType(whole.getName(), columns);
  }

  @Override
  public boolean hasNext() {
    while (left == 0 && opened < footer.getRow_groups().size()) {
      RowGroup group = footer.getRow_groups().get(opened++);
      left = group.getNum_rows();
      if (left < 0) {
        throw new IllegalArgumentException(where() + ": a row group has " + left + " rows");
      }
      if (left > 0) {
        reader = reader(group);
      }
    }
    return left > 0;
  }

  private RecordReader<Map<String, @Nullable Object>> reader(RowGroup group) {
    try {
      return new ColumnIOFactory()
          .getColumnIO(schema)
          .getRecordReader(new GroupPages(group, channel, where()), new MapMaterializer(schema));
    } catch (RuntimeException e) {
      throw damaged(e);
    }
  }

  @Override
  public Fields next() {
    if (!hasNext() || reader == null) {
      throw new NoSuchElementException("the file " + file + " has no further record");
    }
    number++;
    left--;
    try {
      return new Fields(where(), reader.read());
    } catch (RuntimeException e) {
      throw damaged(e);
    }
  }

  private String where() {
    return file + ", record " + number;
  }

  /** What the decoders throw at damaged bytes is of many kinds; what a disk says stays that. */
  private RuntimeException damaged(RuntimeException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof UncheckedIOException unreadable) {
        return unreadable;
      }
      if (cause instanceof PageException page) {
        return new IllegalArgumentException(where() + ": " + page.getMessage(), e);
      }
    }
    return new IllegalArgumentException(
        where() + ": the file is damaged: copy or download it again. " + e, e);
  }

  @Override
  public void close() {
    close(channel, file);
  }

  private static void close(FileChannel channel, Path file) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close " + file + ": " + e, e);
    }
  }
}
