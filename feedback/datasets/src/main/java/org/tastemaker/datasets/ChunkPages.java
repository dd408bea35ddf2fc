package org.tastemaker.datasets;

import io.airlift.compress.snappy.SnappyCompressor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageWriteStore;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.column.statistics.SizeStatistics;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.statistics.geospatial.GeospatialStatistics;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DictionaryPageHeader;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;
import org.apache.parquet.schema.MessageType;

/** The pages of a row group being written, by column, compressed by Snappy. */
final class ChunkPages implements PageWriteStore {
  private final Map<List<String>, Chunk> chunks = new LinkedHashMap<>();

  @Override
  public PageWriter getPageWriter(ColumnDescriptor descriptor) {
    return chunk(descriptor);
  }

  private Chunk chunk(ColumnDescriptor descriptor) {
    return chunks.computeIfAbsent(List.of(descriptor.getPath()), unused -> new Chunk());
  }

  /** What the footer says of the row group, whose bytes begin at the position. */
  RowGroup finish(MessageType schema, long rows, long position) {
    List<ColumnChunk> columns = new ArrayList<>();
    long at = position;
    long total = 0;
    for (ColumnDescriptor descriptor : schema.getColumns()) {
      Chunk chunk = chunk(descriptor);
      ColumnMetaData column =
          new ColumnMetaData(
              ParquetSchema.name(descriptor.getPrimitiveType().getPrimitiveTypeName()),
              List.copyOf(chunk.encodings),
              List.of(descriptor.getPath()),
              CompressionCodec.SNAPPY,
              chunk.values,
              chunk.uncompressed,
              chunk.size(),
              at + chunk.dictionary.size());
      if (chunk.dictionary.size() > 0) {
        column.setDictionary_page_offset(at);
      }
      columns.add(new ColumnChunk(at).setMeta_data(column));
      at += chunk.size();
      total += chunk.uncompressed;
    }
    return new RowGroup(columns, total, rows);
  }

  /** The bytes of the columns, in the order of {@link #finish}. */
  List<byte[]> bytes(MessageType schema) {
    List<byte[]> bytes = new ArrayList<>();
    for (ColumnDescriptor descriptor : schema.getColumns()) {
      bytes.add(chunk(descriptor).dictionary.toByteArray());
      bytes.add(chunk(descriptor).data.toByteArray());
    }
    return bytes;
  }

  private static final class Chunk implements PageWriter {
    private final ByteArrayOutputStream dictionary = new ByteArrayOutputStream();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private final Set<org.apache.parquet.format.Encoding> encodings = new LinkedHashSet<>();
    private long uncompressed; // with the headers of the pages
    private long values;

    long size() {
      return (long) dictionary.size() + data.size();
    }

    @Override
    @Deprecated
    public void writePage(
        BytesInput bytes,
        int valueCount,
        Statistics<?> statistics,
        Encoding repetition,
        Encoding definition,
        Encoding encoding)
        throws IOException {
      page(bytes, valueCount, repetition, definition, encoding);
    }

    @Override
    public void writePage(
        BytesInput bytes,
        int valueCount,
        int rowCount,
        Statistics<?> statistics,
        Encoding repetition,
        Encoding definition,
        Encoding encoding)
        throws IOException {
      page(bytes, valueCount, repetition, definition, encoding);
    }

    @Override
    public void writePage(
        BytesInput bytes,
        int valueCount,
        int rowCount,
        Statistics<?> statistics,
        SizeStatistics sizes,
        GeospatialStatistics places,
        Encoding repetition,
        Encoding definition,
        Encoding encoding)
        throws IOException {
      page(bytes, valueCount, repetition, definition, encoding);
    }

    private void page(
        BytesInput bytes, int count, Encoding repetition, Encoding definition, Encoding encoding)
        throws IOException {
      DataPageHeader header =
          new DataPageHeader(count, used(encoding), used(definition), used(repetition));
      put(new PageHeader(PageType.DATA_PAGE, 0, 0).setData_page_header(header), bytes, data);
      values += count;
    }

    @Override
    public void writePageV2(
        int rowCount,
        int nullCount,
        int valueCount,
        BytesInput repetition,
        BytesInput definition,
        Encoding encoding,
        BytesInput bytes,
        Statistics<?> statistics) {
      throw new UnsupportedOperationException("pages of version 2 are not written");
    }

    @Override
    public void writeDictionaryPage(DictionaryPage page) throws IOException {
      DictionaryPageHeader header =
          new DictionaryPageHeader(page.getDictionarySize(), used(page.getEncoding()));
      put(
          new PageHeader(PageType.DICTIONARY_PAGE, 0, 0).setDictionary_page_header(header),
          page.getBytes(),
          dictionary);
    }

    private org.apache.parquet.format.Encoding used(Encoding encoding) {
      var own = org.apache.parquet.format.Encoding.valueOf(encoding.name());
      encodings.add(own);
      return own;
    }

    private void put(PageHeader header, BytesInput content, ByteArrayOutputStream out)
        throws IOException {
      byte[] page = content.toInputStream().readAllBytes();
      SnappyCompressor codec = new SnappyCompressor();
      byte[] room = new byte[codec.maxCompressedLength(page.length)];
      byte[] bytes =
          Arrays.copyOf(room, codec.compress(page, 0, page.length, room, 0, room.length));
      CRC32 crc = new CRC32();
      crc.update(bytes);
      header.setUncompressed_page_size(page.length);
      header.setCompressed_page_size(bytes.length);
      header.setCrc((int) crc.getValue());
      int before = out.size();
      Util.writePageHeader(header, out);
      uncompressed += out.size() - before + page.length;
      out.writeBytes(bytes);
    }

    @Override
    public long getMemSize() {
      return size();
    }

    @Override
    public long allocatedSize() {
      return size();
    }

    @Override
    public String memUsageString(String prefix) {
      return prefix + " " + size() + " bytes";
    }
  }
}
