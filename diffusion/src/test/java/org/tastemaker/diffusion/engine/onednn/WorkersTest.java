package org.tastemaker.diffusion.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.engine.OpenMpThreads;

class WorkersTest {
  @Test
  void eachIndexIsRunOnce() {
    Set<Integer> ran = new ConcurrentSkipListSet<>();
    try (Workers workers = new Workers(2, 1)) {
      workers.run(5, ran::add);
    }
    assertThat(ran).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void tasksRunAtTheSameTime() {
    CountDownLatch both = new CountDownLatch(2);
    try (Workers workers = new Workers(2, 1)) {
      workers.run(
          2,
          i -> {
            both.countDown();
            await(both); // for the other one
          });
    }
    assertThat(both.getCount()).isZero();
  }

  @Test
  void aThreadHasTheNumberOfOpenMpThreadsThatWasAskedFor() {
    int[] threads = new int[1];
    try (Workers workers = new Workers(1, 3)) {
      workers.run(1, i -> threads[0] = OpenMpThreads.number());
    }
    assertThat(threads).containsExactly(3);
  }

  @Test
  void theCallersNumberOfOpenMpThreadsStays() {
    int before = OpenMpThreads.number();
    try (Workers workers = new Workers(1, before + 1)) {
      workers.run(1, i -> {});
    }
    assertThat(OpenMpThreads.number()).isEqualTo(before);
  }

  @Test
  void aFailureIsThrownWhenTheOthersHaveEnded() {
    CountDownLatch failed = new CountDownLatch(1);
    boolean[] ended = new boolean[1];
    try (Workers workers = new Workers(2, 1)) {
      assertThatThrownBy(
              () ->
                  workers.run(
                      2,
                      i -> {
                        if (i == 0) {
                          failed.countDown();
                          throw new IllegalStateException("part 0");
                        }
                        await(failed);
                        ended[0] = true;
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("part 0");
    }
    assertThat(ended[0]).isTrue();
  }

  @Test
  void anInterruptIsKeptForTheCallerAndEndsNothing() {
    boolean[] ended = new boolean[1];
    try (Workers workers = new Workers(1, 1)) {
      Thread.currentThread().interrupt();
      workers.run(1, i -> ended[0] = true);
    }
    assertThat(Thread.interrupted()).isTrue();
    assertThat(ended[0]).isTrue();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
