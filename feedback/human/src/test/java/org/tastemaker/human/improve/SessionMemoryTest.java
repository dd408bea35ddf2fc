package org.tastemaker.human.improve;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.Settings;

/** Two hundred rounds with images of 0.3 MB each, which would be over 300 MB if they were kept. */
class SessionMemoryTest {
  private static final int SIDE = 160;

  @TempDir private Path folder;

  @Test
  void memoryStaysFlatOverTwoHundredRounds() {
    FakePainter small = new FakePainter();
    Painter large =
        new Painter() {
          @Override
          public float[] start() {
            return small.start();
          }

          @Override
          public Image paint(float[] point, Cancellation cancellation) {
            float[] pixel = FakePainter.image(point).toFloats();
            return Image.filled(SIDE, SIDE, pixel[0], pixel[1], pixel[2]);
          }

          @Override
          public Prompt prompt() {
            return small.prompt();
          }

          @Override
          public Settings settings() {
            return small.settings();
          }
        };
    try (Visit visit = Visit.open(folder, large)) {
      rounds(visit, 20);
      long before = used();
      rounds(visit, 180);
      long growth = used() - before;

      assertThat(visit.state().integer("round")).isEqualTo(201);
      // Eight images are 2.5 MB; the clicks and points of 180 rounds are well below.
      assertThat(growth)
          .as(String.format(Locale.ROOT, "bytes more after 180 rounds: %d", growth))
          .isLessThan(8L * 3 * SIDE * SIDE * Float.BYTES);
    }
  }

  /** Clicks without looking: what matters is what stays. */
  private static void rounds(Visit visit, int count) {
    for (int i = 0; i < 2 * count; i++) {
      JsonObject state = visit.state();
      while (Visit.places(state).size() < 2) {
        Visit.pause();
        state = visit.state();
      }
      int place = Visit.places(state).get(i % Visit.places(state).size());
      assertThat(visit.answer(state, "ranked", List.of(List.of(place))).status()).isEqualTo(200);
    }
  }

  private static long used() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      System.gc();
      least =
          Math.min(least, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
      Visit.pause();
    }
    return least;
  }
}
