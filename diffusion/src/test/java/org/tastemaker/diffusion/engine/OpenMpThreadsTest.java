package org.tastemaker.diffusion.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OpenMpThreadsTest {
  private final int ofTheMachine = OpenMpThreads.number();

  @BeforeEach
  void severalThreads() {
    OpenMpThreads.use(3); // also where OMP_NUM_THREADS is 1
  }

  @AfterEach
  void asBefore() {
    OpenMpThreads.use(ofTheMachine);
  }

  @Test
  void workHasOneThreadAndTheCallerHasItsOwnAgain() {
    assertThat(OpenMpThreads.one(OpenMpThreads::number)).isEqualTo(1);
    assertThat(OpenMpThreads.number()).isEqualTo(3);
  }

  @Test
  void workInsideOfWorkHasOneThreadToo() {
    int outside = OpenMpThreads.one(() -> OpenMpThreads.one(() -> 0) + OpenMpThreads.number());
    assertThat(outside).isEqualTo(1);
  }

  @Test
  void theCallerHasItsThreadsAgainWhenTheWorkFails() {
    assertThatThrownBy(
            () ->
                OpenMpThreads.one(
                    () -> {
                      throw new IllegalStateException("failed");
                    }))
        .hasMessage("failed");
    assertThat(OpenMpThreads.number()).isEqualTo(3);
  }

  @Test
  void aNumberIsThatOfTheThreadThatSetsIt() throws InterruptedException {
    Thread other = new Thread(() -> OpenMpThreads.use(5));
    other.start();
    other.join();
    assertThat(OpenMpThreads.number()).isEqualTo(3);
  }

  @Test
  void noThreadsAtAllIsAnError() {
    assertThatThrownBy(() -> OpenMpThreads.use(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a thread needs at least 1 OpenMP thread, but was given 0");
  }
}
