package org.tastemaker.datasets;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.util.Locale;
import java.util.zip.CRC32;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.DictionaryPageHeader;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Util;
import org.jspecify.annotations.Nullable;

/** The pages of a column in a row group, each read when it is asked for. */
final class ColumnPages implements PageReader {
  private final ColumnMetaData column;
  private final ColumnDescriptor descriptor;
  private final InputStream in;
  private final String where;
  private long values; // of the pages read so far
  private @Nullable PageHeader ahead;

  ColumnPages(
      ColumnMetaData column, ColumnDescriptor descriptor, FileChannel channel, String record) {
    this.column = column;
    this.descriptor = descriptor;
    this.where = "column '" + String.join(".", descriptor.getPath()) + "'";
    var expected = ParquetSchema.name(descriptor.getPrimitiveType().getPrimitiveTypeName());
    if (column.getType() != expected) {
      throw new PageException(
          String.format(
              Locale.ROOT,
              "%s is of %s in a row group, but of %s in the file",
              where,
              column.getType(),
              expected));
    }
    long begin = column.getData_page_offset();
    if (column.isSetDictionary_page_offset() && column.getDictionary_page_offset() > 0) {
      begin = Math.min(begin, column.getDictionary_page_offset());
    }
    this.in =
        new BufferedInputStream(
            new ChannelPart(channel, begin, column.getTotal_compressed_size()), 1 << 16);
  }

  @Override
  public @Nullable DictionaryPage readDictionaryPage() {
    PageHeader header = peek();
    if (header == null || header.getType() != PageType.DICTIONARY_PAGE) {
      return null;
    }
    ahead = null;
    DictionaryPageHeader own = header.getDictionary_page_header();
    if (own == null) {
      throw new PageException(where + ": a page lacks its header");
    }
    byte[] bytes = decompressed(header, page(header));
    if (own.getNum_values() < 0 || own.getNum_values() > bytes.length) {
      throw new PageException(
          where + ": a dictionary of " + bytes.length + " bytes has " + own.getNum_values());
    }
    return new DictionaryPage(
        BytesInput.from(bytes), own.getNum_values(), encoding(own.getEncoding()));
  }

  @Override
  public long getTotalValueCount() {
    return column.getNum_values();
  }

  @Override
  public @Nullable DataPage readPage() {
    while (values < column.getNum_values()) {
      PageHeader header = peek();
      if (header == null) {
        throw new PageException(
            String.format(
                Locale.ROOT,
                "%s ends after %d of %d values",
                where,
                values,
                column.getNum_values()));
      }
      ahead = null;
      byte[] page = page(header);
      if (header.getType() == PageType.DATA_PAGE && header.isSetData_page_header()) {
        return first(header, header.getData_page_header(), page);
      }
      if (header.getType() == PageType.DATA_PAGE_V2 && header.isSetData_page_header_v2()) {
        return second(header, header.getData_page_header_v2(), page);
      }
    }
    return null;
  }

  private DataPage first(PageHeader header, DataPageHeader own, byte[] page) {
    byte[] bytes = decompressed(header, page);
    count(own.getNum_values());
    return new DataPageV1(
        BytesInput.from(bytes),
        own.getNum_values(),
        bytes.length,
        Statistics.noopStats(descriptor.getPrimitiveType()),
        encoding(own.getRepetition_level_encoding()),
        encoding(own.getDefinition_level_encoding()),
        encoding(own.getEncoding()));
  }

  /** Its levels come first and are never compressed. */
  private DataPage second(PageHeader header, DataPageHeaderV2 own, byte[] page) {
    int repetition = own.getRepetition_levels_byte_length();
    int definition = own.getDefinition_levels_byte_length();
    if (repetition < 0 || definition < 0 || (long) repetition + definition > page.length) {
      throw new PageException(
          where + ": a page of " + page.length + " bytes has more bytes of levels than that");
    }
    int levels = repetition + definition;
    boolean compressed = !own.isSetIs_compressed() || own.isIs_compressed();
    BytesInput data =
        compressed
            ? BytesInput.from(
                PageCodec.decompress(
                    column.getCodec(),
                    page,
                    levels,
                    header.getUncompressed_page_size() - levels,
                    where))
            : BytesInput.from(page, levels, page.length - levels);
    count(own.getNum_values());
    return DataPageV2.uncompressed(
        own.getNum_rows(),
        own.getNum_nulls(),
        own.getNum_values(),
        BytesInput.from(page, 0, repetition),
        BytesInput.from(page, repetition, definition),
        encoding(own.getEncoding()),
        data,
        Statistics.noopStats(descriptor.getPrimitiveType()));
  }

  private void count(int more) {
    values += more;
    if (more < 0 || values > column.getNum_values()) {
      throw new PageException(
          where + " has more than its " + column.getNum_values() + " values in its pages");
    }
  }

  private byte[] decompressed(PageHeader header, byte[] page) {
    return PageCodec.decompress(
        column.getCodec(), page, 0, header.getUncompressed_page_size(), where);
  }

  private static Encoding encoding(org.apache.parquet.format.Encoding encoding) {
    return Encoding.valueOf(encoding.name());
  }

  /** The next page's header; null at the end. */
  private @Nullable PageHeader peek() {
    try {
      if (ahead == null) {
        in.mark(1);
        if (in.read() < 0) {
          return null;
        }
        in.reset();
        ahead = Util.readPageHeader(in);
      }
      return ahead;
    } catch (UncheckedIOException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new PageException(where + ": a page's header is damaged. " + e, e);
    }
  }

  private byte[] page(PageHeader header) {
    PageCodec.requireSize(
        header.getCompressed_page_size(), header.getUncompressed_page_size(), where);
    try {
      // Grows with what is there, so that a damaged length takes no memory.
      byte[] bytes = in.readNBytes(header.getCompressed_page_size());
      if (bytes.length < header.getCompressed_page_size()) {
        throw new PageException(
            where + " is cut short: the file is damaged, copy or download it again");
      }
      if (header.isSetCrc()) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        if ((int) crc.getValue() != header.getCrc()) {
          throw new PageException(
              where + ": a page's checksum is wrong: the file is damaged, download it again");
        }
      }
      return bytes;
    } catch (IOException e) {
      throw new PageException(where + " cannot be read: " + e, e);
    }
  }
}
