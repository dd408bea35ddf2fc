package org.tastemaker.diffusion.engine.onednn;

import java.util.ArrayList;
import java.util.List;

/**
 * Some elements of the batch, some of their heads, and some rows of their queries: what attention
 * computes the weights of at a time.
 *
 * @param batchBegin the first element
 * @param batchSize how many
 * @param headBegin the first head
 * @param heads how many
 * @param rowBegin the first row
 * @param rows how many
 */
record AttentionTile(
    long batchBegin, long batchSize, long headBegin, long heads, long rowBegin, long rows) {
  /** Up to so many bytes, all weights are one tile, and kept for the backward half. */
  private static final long KEPT_BYTES = 8L << 20;

  /** About what the caches of one core hold. */
  private static final long CORE_BYTES = 2L << 20;

  /** What matrix products take at a time. */
  private static final long ROW_STEP = 16;

  /**
   * Divides the weights of an attention.
   *
   * @param batch elements
   * @param heads of each
   * @param queries rows of each head
   * @param keys columns of each row
   * @param threads that a tile is computed by; each takes a head, if there are as many
   */
  static List<AttentionTile> of(long batch, long heads, long queries, long keys, int threads) {
    long perRow = keys * Float.BYTES;
    if (batch * heads * queries * perRow <= KEPT_BYTES) {
      return List.of(new AttentionTile(0, batch, 0, heads, 0, queries));
    }
    long fit = Math.max(1, CORE_BYTES * threads / perRow);
    long headsEach = Math.min(heads, threads);
    long rowsEach = Math.max(1, fit / headsEach);
    long batchEach = 1;
    if (rowsEach < queries) {
      rowsEach = Math.min(queries, Math.max(ROW_STEP, rowsEach - rowsEach % ROW_STEP));
    } else {
      rowsEach = queries;
      headsEach = Math.min(heads, Math.max(headsEach, fit / queries));
      batchEach = headsEach < heads ? 1 : Math.max(1, Math.min(batch, fit / queries / heads));
    }
    List<AttentionTile> tiles = new ArrayList<>();
    for (long b = 0; b < batch; b += batchEach) {
      for (long h = 0; h < heads; h += headsEach) {
        for (long n = 0; n < queries; n += rowsEach) {
          tiles.add(
              new AttentionTile(
                  b,
                  Math.min(batchEach, batch - b),
                  h,
                  Math.min(headsEach, heads - h),
                  n,
                  Math.min(rowsEach, queries - n)));
        }
      }
    }
    return tiles;
  }

  /** Whether it is the first of those that share keys. */
  boolean isFirstOfItsKeys() {
    return rowBegin == 0;
  }
}
