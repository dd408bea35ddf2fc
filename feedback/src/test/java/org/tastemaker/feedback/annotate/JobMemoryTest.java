package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.openai.ImageForm;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.testing.ChildProgram;

/**
 * What a long job over HTTP, with dataset, cached answers and ledger, keeps in memory: in a process
 * of its own, with a heap so small that it is collected often.
 */
class JobMemoryTest {
  private static final int FEW = 500;
  private static final int MANY = 5000;

  /**
   * One group's images are 2 x 3 x 16 x 16 floats, 6 KB, so keeping groups would show as 27 MB, and
   * judgements without their images as some 5 MB. What may grow is 32 to 64 bytes for the identity
   * of each judged group (0.3 MB at most); the rest is what was encoded since the last collection.
   */
  private static final long MOST = 1_500_000;

  @TempDir Path folder;

  @Test
  void theHeapDoesNotGrowWithTheNumberOfJudgements() throws Exception {
    String said =
        ChildProgram.of(Child.class, folder.toString())
            .withVmOptions(
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.awt.headless=true")
            .output();
    Matcher numbers =
        Pattern.compile("judged (\\d+) missing (\\d+) encoded (\\d+) grown (-?\\d+)").matcher(said);
    assertThat(numbers.find()).as(said).isTrue();
    assertThat(numbers.group(1)).isEqualTo(Integer.toString(MANY));
    assertThat(numbers.group(2)).isEqualTo("0");
    assertThat(numbers.group(3)).as("each image once").isEqualTo(Integer.toString(2 * MANY));
    assertThat(Long.parseLong(numbers.group(4)))
        .as("bytes more after %d judgements than after %d", MANY, FEW)
        .isLessThan(MOST);
  }

  /** What the child runs. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) {
      Path folder = Path.of(args[0]);
      try (LoopbackServer server = LoopbackServer.builder(MockJudge.of(Greys::score)).start();
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
        System.out.printf(
            "judged %d missing %d encoded %d grown %d%n",
            report.judged(),
            report.missing(),
            oracle.encodings(),
            groups.heapAfterMany - groups.heapAfterFew);
      }
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
                return new ImageGroup(Prompt.of("prompt " + i), List.of(image(i, 0), image(i, 1)));
              })
          .iterator();
    }

    /** An image of a colour that no other has. */
    private static Image image(int i, int which) {
      int row = i / 256;
      return Image.filled(16, 16, i % 256 / 255f, row / 255f, which);
    }

    /** Bytes in use after what is not was collected; weak references take a second look. */
    private static long heap() {
      Runtime runtime = Runtime.getRuntime();
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 3; i++) {
        System.gc();
        least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
      }
      return least;
    }
  }
}
