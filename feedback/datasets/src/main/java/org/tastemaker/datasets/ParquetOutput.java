package org.tastemaker.datasets;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.format.ConvertedType;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.LogicalType;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.StringType;
import org.apache.parquet.format.Util;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;

/** A file of Parquet being written, under another name until it is whole. All columns are flat. */
final class ParquetOutput implements AutoCloseable {
  private static final long GROUP = 64L << 20;
  private static final int PAGE = 1 << 20;
  private static final String CREATED_BY = "tastemaker (parquet-column)";

  private final Path file;
  private final Path temporary;
  private final FileChannel channel;
  private final OutputStream out;
  private final MessageType schema;
  private final MessageColumnIO columns;
  private final List<RowGroup> groups = new ArrayList<>();
  private ChunkPages pages;
  private ColumnWriteStore store;
  private RecordConsumer consumer;
  private long position;
  private long inGroup; // records
  private long records;
  private boolean failed;

  ParquetOutput(Path file, MessageType schema) {
    this.file = file.toAbsolutePath().normalize();
    this.schema = schema;
    this.columns = new ColumnIOFactory().getColumnIO(schema);
    Path parent = this.file.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new UncheckedIOException(
          new IOException(
              file + " cannot be written: " + parent + " is not a folder; create it first"));
    }
    this.temporary = parent.resolve("." + this.file.getFileName() + ".tmp");
    try {
      this.channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING);
      this.out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
      put(ParquetFooter.MAGIC);
    } catch (IOException e) {
      throw cannot(e);
    }
    this.pages = new ChunkPages();
    this.store = store();
    this.consumer = columns.getRecordWriter(store);
  }

  private ColumnWriteStore store() {
    return ParquetProperties.builder()
        .withPageSize(PAGE)
        // Images are large: the size is looked at after each few of them.
        .withMinRowCountForPageSizeCheck(4)
        .withDictionaryEncoding(true)
        .withDictionaryEncoding("jpg_0", false)
        .withDictionaryEncoding("jpg_1", false)
        .withStatisticsEnabled(false)
        .build()
        .newColumnWriteStore(schema, pages);
  }

  /** Writes a record: a String, byte[], Double, Boolean or Long for each column that has one. */
  void write(Map<String, Object> record) {
    try {
      consumer.startMessage();
      for (int i = 0; i < schema.getFieldCount(); i++) {
        String name = schema.getFieldName(i);
        Object value = record.get(name);
        if (value != null) {
          consumer.startField(name, i);
          add(value);
          consumer.endField(name, i);
        }
      }
      consumer.endMessage();
      records++;
      inGroup++;
      if (store.getBufferedSize() > GROUP) {
        flush();
      }
    } catch (IOException | RuntimeException e) {
      failed = true;
      throw e instanceof IOException io ? cannot(io) : (RuntimeException) e;
    }
  }

  private void add(Object value) {
    if (value instanceof String text) {
      consumer.addBinary(Binary.fromString(text));
    } else if (value instanceof byte[] bytes) {
      consumer.addBinary(Binary.fromConstantByteArray(bytes));
    } else if (value instanceof Double number) {
      consumer.addDouble(number);
    } else if (value instanceof Boolean flag) {
      consumer.addBoolean(flag);
    } else {
      consumer.addLong((Long) value);
    }
  }

  private void flush() throws IOException {
    consumer.flush();
    store.flush();
    RowGroup group = pages.finish(schema, inGroup, position);
    for (byte[] chunk : pages.bytes(schema)) {
      put(chunk);
    }
    groups.add(group);
    store.close();
    inGroup = 0;
    pages = new ChunkPages();
    store = store();
    consumer = columns.getRecordWriter(store);
  }

  private void put(byte[] bytes) throws IOException {
    out.write(bytes);
    position += bytes.length;
  }

  private void footer() throws IOException {
    List<SchemaElement> elements = new ArrayList<>();
    elements.add(new SchemaElement(schema.getName()).setNum_children(schema.getFieldCount()));
    for (Type field : schema.getFields()) {
      elements.add(element(field.asPrimitiveType()));
    }
    FileMetaData footer = new FileMetaData(1, elements, records, groups).setCreated_by(CREATED_BY);
    long begin = position;
    Util.writeFileMetaData(footer, new PositionStream());
    int length = Math.toIntExact(position - begin);
    put(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(length).array());
    put(ParquetFooter.MAGIC);
  }

  private static SchemaElement element(PrimitiveType type) {
    SchemaElement element =
        new SchemaElement(type.getName())
            .setType(ParquetSchema.name(type.getPrimitiveTypeName()))
            .setRepetition_type(FieldRepetitionType.valueOf(type.getRepetition().name()));
    if (type.getLogicalTypeAnnotation() != null) {
      element
          .setConverted_type(ConvertedType.UTF8)
          .setLogicalType(LogicalType.STRING(new StringType()));
    }
    return element;
  }

  @Override
  public void close() {
    try {
      try {
        if (!failed) {
          if (inGroup > 0) {
            flush();
          }
          footer();
          out.flush();
          channel.force(true);
        }
      } finally {
        store.close();
        channel.close();
      }
      if (failed) {
        Files.deleteIfExists(temporary);
      } else {
        Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw cannot(e);
    }
  }

  private UncheckedIOException cannot(IOException e) {
    failed = true;
    return new UncheckedIOException("cannot write " + file + ": " + e, e);
  }

  /** Counts what the footer's writer writes. */
  private final class PositionStream extends OutputStream {
    @Override
    public void write(int value) throws IOException {
      put(new byte[] {(byte) value});
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      position += length;
    }
  }
}
