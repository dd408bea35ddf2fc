package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is run, recorded and replayed, in which order. */
class CapturedTest {
  private final Tensor result = torch.zeros(3);
  private final List<String> log = new ArrayList<>();
  private float replayed = 1;

  private final Capture capture =
      new Capture() {
        @Override
        public long stream() {
          return 1;
        }

        @Override
        public void inStream(Runnable work) {
          work.run();
        }

        /** Like a GPU's stream: nothing of the work is computed. */
        @Override
        public Replay record(Runnable work) {
          log.add("record");
          return new Replay() {
            @Override
            public void run() {
              log.add("replay");
              fill(replayed);
            }

            @Override
            public void close() {
              log.add("close");
            }
          };
        }

        @Override
        public void close() {}
      };

  @AfterEach
  void close() {
    result.close();
  }

  @SuppressWarnings("resource") // fill_ returns its own tensor
  private void fill(float value) {
    result.fill_(new org.bytedeco.pytorch.Scalar(value));
  }

  private void run(Captured captured) {
    captured.run(
        () -> {
          log.add("work");
          fill(1);
        });
  }

  @Test
  void whatWasRecordedIsComparedOnceAndThenReplayed() {
    try (Captured captured = new Captured("test", capture, List.of(result))) {
      for (int i = 0; i < 4; i++) {
        run(captured);
      }
      assertThat(log).containsExactly("work", "work", "record", "replay", "replay", "replay");
      assertThat(captured.isRecorded()).isTrue();
    }
  }

  @Test
  void afterARecordingThatIsNotTrustedTheWorkHasTheLastWord() {
    replayed = 1.5f;
    try (Captured captured = new Captured("test", capture, List.of(result))) {
      for (int i = 0; i < 3; i++) {
        run(captured);
      }
      // The third "work": what the work keeps besides its results must not be the recording's.
      assertThat(log).containsExactly("work", "work", "record", "replay", "close", "work", "work");
      assertThat(result.data_ptr_float().get(0)).isEqualTo(1);
      assertThat(captured.isRecorded()).isFalse();
    }
  }

  @Test
  void aRecordingThatWasForgottenIsMadeAgain() {
    try (Captured captured = new Captured("test", capture, List.of(result))) {
      run(captured);
      run(captured);
      captured.forget();
      assertThat(captured.isRecorded()).isFalse();
      log.clear();
      run(captured);
      assertThat(log).containsExactly("work", "record", "replay");
    }
  }
}
