package org.tastemaker.diffusion.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AttentionTileTest {
  @Property(tries = 200)
  void everyRowOfEveryHeadIsInOneTile(
      @ForAll @IntRange(min = 1, max = 4) int batch,
      @ForAll @IntRange(min = 1, max = 20) int heads,
      @ForAll @IntRange(min = 1, max = 5000) int queries,
      @ForAll @IntRange(min = 1, max = 20000) int keys,
      @ForAll @IntRange(min = 1, max = 32) int threads) {
    int[][][] times = new int[batch][heads][queries];
    for (AttentionTile tile : AttentionTile.of(batch, heads, queries, keys, threads)) {
      for (long b = tile.batchBegin(); b < tile.batchBegin() + tile.batchSize(); b++) {
        for (long h = tile.headBegin(); h < tile.headBegin() + tile.heads(); h++) {
          for (long n = tile.rowBegin(); n < tile.rowBegin() + tile.rows(); n++) {
            times[(int) b][(int) h][(int) n]++;
          }
        }
      }
    }
    for (int[][] element : times) {
      for (int[] head : element) {
        assertThat(head).containsOnly(1);
      }
    }
  }

  @Test
  void fewWeightsAreOneTile() {
    assertThat(AttentionTile.of(16, 4, 64, 77, 2))
        .containsExactly(new AttentionTile(0, 16, 0, 4, 0, 64));
  }

  @Test
  void eachThreadTakesAHeadAndAsManyRowsAsItsCachesHold() {
    // 128 rows of 4,096 floats are 2 MiB.
    List<AttentionTile> tiles = AttentionTile.of(1, 8, 4096, 4096, 2);
    assertThat(tiles).hasSize(4 * 32).contains(new AttentionTile(0, 1, 6, 2, 3968, 128));
  }

  @Test
  void fewKeysMakeATileOfAllRowsAndSomeHeads() {
    assertThat(AttentionTile.of(1, 8, 4096, 77, 2))
        .hasSize(3)
        .contains(new AttentionTile(0, 1, 6, 2, 0, 4096));
  }

  @Test
  void rowsOfManyKeysAreTakenSixteenAtATimeAtLeast() {
    assertThat(AttentionTile.of(1, 1, 65536, 65536, 1).get(0).rows()).isEqualTo(16);
  }
}
