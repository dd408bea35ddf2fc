package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.openai.ImageForm;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.server.LoopbackServer;

/** What a long job over HTTP, with dataset, kept answers and ledger, keeps in memory. */
class JobMemoryTest {
  private static final int FEW = 500;
  private static final int MANY = 5000;

  /**
   * One group's images alone are 2 x 3 x 16 x 16 floats, 6 KB, so keeping groups would show as 27
   * MB, and judgements without their images as some 5 MB. What may grow is 32 to 64 bytes for the
   * identity of each judged group (0.3 MB at most); the rest is what two measurements of a
   * collected heap differ in.
   */
  private static final long MOST = 1_500_000;

  @TempDir Path folder;

  @Test
  void theHeapDoesNotGrowWithTheNumberOfJudgements() {
    try (LoopbackServer server = LoopbackServer.builder(MockOracle.of(Greys::score)).start();
        ChatGptOracle oracle =
            ChatGptOracle.builder()
                .baseUrl(server.baseUrl())
                .withoutApiKey()
                .model("mock")
                .judging(o -> o.withImages(ImageForm.DEFAULT.withSide(0)))
                .protocol(Protocol.listwise(1))
                .cache(folder.resolve("answers"))
                .ledgerFile(folder.resolve("ledger.jsonl"))
                .build()) {
      Groups groups = new Groups();
      JobReport report =
          AnnotationJob.builder(
                  folder.resolve("all.jsonl"), oracle, Greys.RUBRIC, oracle.settings())
              .concurrency(1) // a group is drawn when nothing is under way
              .build()
              .run(groups);
      assertThat(report.judged()).isEqualTo(MANY);
      assertThat(report.missing()).isZero();
      assertThat(oracle.encodings()).as("each image once").isEqualTo(2L * MANY);
      assertThat(groups.heapAfterMany - groups.heapAfterFew)
          .as("bytes more after %d judgements than after %d", MANY, FEW)
          .isLessThan(MOST);
    }
  }

  /** Groups made when they are asked for, which look at the heap on the way. */
  private static final class Groups implements Iterable<ImageGroup> {
    private long heapAfterFew;
    private long heapAfterMany;

    @Override
    public Iterator<ImageGroup> iterator() {
      return IntStream.range(0, MANY)
          .mapToObj(
              i -> {
                if (i == FEW) {
                  heapAfterFew = heap();
                } else if (i == MANY - 1) {
                  heapAfterMany = heap();
                }
                return group(i);
              })
          .iterator();
    }

    private static ImageGroup group(int i) {
      return new ImageGroup(
          Prompt.of("prompt " + i),
          List.of(image(Seed.of(1).split(i)), image(Seed.of(2).split(i))));
    }

    private static Image image(Seed seed) {
      float[] values = new float[3 * 16 * 16];
      seed.gaussian(0, values);
      return Image.clamped(3, 16, 16, values);
    }

    /** Bytes in use after what is not was collected; weak references take a second look. */
    private static long heap() {
      Runtime runtime = Runtime.getRuntime();
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 5; i++) {
        System.gc();
        least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
      }
      return least;
    }
  }
}
