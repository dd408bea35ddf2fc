package org.tastemaker.optim.rows;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Locale;

/**
 * How large what comes from elsewhere may be. It is checked before memory is taken for it.
 *
 * @param rowBytes of one row, at least 1
 * @param requestBytes of all rows of a request, at least {@code rowBytes}
 * @param requestRows how many rows a request may have, at least 1
 * @param adapterBytes of an adapter's file, at least 1
 */
@RecordBuilder
public record RowLimits(int rowBytes, long requestBytes, int requestRows, int adapterBytes)
    implements RowLimitsBuilder.With {
  public RowLimits {
    if (rowBytes < 1 || requestBytes < rowBytes || requestRows < 1 || adapterBytes < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "limits of rows are at least 1, and requestBytes at least rowBytes, but were %s bytes"
                  + " of a row, %s bytes and %s rows of a request, %s bytes of an adapter",
              rowBytes,
              requestBytes,
              requestRows,
              adapterBytes));
    }
  }

  /**
   * 256 MiB for a row, which a rollout of 50 steps at 512 x 512 pixels needs 7 MB of, 1 GiB and
   * 10,000 rows for a request, 512 MiB for an adapter.
   *
   * @return the limits
   */
  public static RowLimits defaults() {
    return new RowLimits(256 << 20, 1L << 30, 10_000, 512 << 20);
  }
}
