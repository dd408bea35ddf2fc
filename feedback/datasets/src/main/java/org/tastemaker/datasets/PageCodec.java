package org.tastemaker.datasets;

import io.airlift.compress.Decompressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.format.CompressionCodec;

/** The pages of a column as they were before they were compressed. */
final class PageCodec {
  private static final int LARGEST = 1 << 30;
  private static final int HARMLESS = 16 << 20;
  private static final int MOST_TIMES = 1000;

  private PageCodec() {}

  /** Refuses a size that a page of so few bytes hardly has. */
  static void requireSize(int compressed, int size, String where) {
    if (compressed < 0
        || size < 0
        || size > LARGEST
        || (size > HARMLESS && size > (long) MOST_TIMES * compressed)) {
      throw new PageException(
          String.format(
              Locale.ROOT,
              "%s: a page of %d bytes says that it has %d; allowed are %d, and above %d"
                  + " a thousand times its bytes. Is the file damaged?",
              where,
              compressed,
              size,
              LARGEST,
              HARMLESS));
    }
  }

  /**
   * Decompresses.
   *
   * @param offset where the compressed bytes begin; they go on to the end
   * @param size of the result, which must be so
   */
  static byte[] decompress(
      CompressionCodec codec, byte[] page, int offset, int size, String where) {
    int length = page.length - offset;
    requireSize(length, size, where);
    byte[] out = new byte[size];
    if (size == 0) {
      return out;
    }
    try {
      int found =
          switch (codec) {
            case UNCOMPRESSED -> copy(page, offset, out);
            case SNAPPY -> decompress(new SnappyDecompressor(), page, offset, out);
            case ZSTD -> decompress(new ZstdDecompressor(), page, offset, out);
            case LZ4_RAW -> decompress(new Lz4Decompressor(), page, offset, out);
            case GZIP -> gunzip(page, offset, out);
            case LZO, BROTLI, LZ4 ->
                throw new PageException(
                    where
                        + " is compressed by "
                        + codec
                        + ", which is not read here: write it with snappy or zstd");
          };
      if (found != size) {
        throw new PageException(
            String.format(
                Locale.ROOT,
                "%s: a page has %d bytes instead of %d; is the file damaged?",
                where,
                found,
                size));
      }
      return out;
    } catch (PageException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new PageException(
          where + ": a page cannot be decompressed; is the file damaged? " + e, e);
    }
  }

  private static int copy(byte[] page, int offset, byte[] out) {
    int length = page.length - offset;
    System.arraycopy(page, offset, out, 0, Math.min(length, out.length));
    return length;
  }

  private static int decompress(Decompressor codec, byte[] page, int offset, byte[] out) {
    return codec.decompress(page, offset, page.length - offset, out, 0, out.length);
  }

  private static int gunzip(byte[] page, int offset, byte[] out) throws IOException {
    try (GZIPInputStream in =
        new GZIPInputStream(new ByteArrayInputStream(page, offset, page.length - offset))) {
      int found = in.readNBytes(out, 0, out.length);
      return in.read() < 0 ? found : found + 1;
    }
  }
}
