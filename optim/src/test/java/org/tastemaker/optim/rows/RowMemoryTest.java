package org.tastemaker.optim.rows;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Settings;
import org.tastemaker.testing.ChildProgram;

/** 100,000 rows in a heap that could not hold them. */
class RowMemoryTest {
  private static final int ROWS = 100_000;

  /** Answers at once, and has used something. */
  private record QuickJudge() implements OracleFactory {
    @Override
    public FeedbackOracle open() {
      return (groups, rubric) ->
          groups.stream()
              .map(
                  group ->
                      Judgement.of(Ranking.of(1, 0), "quick").withUsage(new Usage(1, 10, 0, 1)))
              .toList();
    }

    @Override
    public Settings settings() {
      return Settings.none().with("judge", "quick");
    }
  }

  /** Run with a small heap. The rows alone, all at once, would be over 200 MB. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) {
      QuickJudge judge = new QuickJudge();
      Rubric rubric = Rubric.of("first", "1", "The second is better.");
      int[] came = {0};
      try (RowWorker worker = RowWorker.open(RowSetup.none().withOracle(judge), "worker");
          RowCosts costs = RowCosts.open(Path.of(arguments[0]))) {
        Iterator<WorkRow> rows =
            IntStream.range(0, ROWS).mapToObj(i -> row(i, rubric, judge)).iterator();
        RowDriver.of(LocalCarrier.of(worker, 2)).counting(costs).stream(
            rows,
            List.of(),
            (row, result) -> {
              if (row.label().sample() != came[0]++ || result.judgement().isEmpty()) {
                throw new IllegalStateException("row " + row.label() + " came as " + came[0]);
              }
            });
        System.out.println(came[0] + " rows, " + costs.usage().requests() + " requests");
      }
    }

    private static WorkRow row(int i, Rubric rubric, OracleFactory judge) {
      float grey = (i % 256) / 256f;
      Image image = Image.filled(8, 8, grey, 0, 0);
      return new WorkRow.Judge(
          new WorkRow.Label("run", 0, i),
          new ImageGroup(Prompt.of("prompt " + i), List.of(image, image)),
          rubric,
          judge.hash());
    }
  }

  @Test
  void aHundredThousandRowsGoThroughAHeapOf48Megabytes(@TempDir Path folder)
      throws IOException, InterruptedException {
    String printed =
        ChildProgram.of(Program.class, folder.resolve("costs.jsonl").toString())
            .withVmOptions("-Xmx48m", "-XX:+UseSerialGC")
            .output();
    assertThat(printed).contains("100000 rows, 100000 requests");
  }
}
