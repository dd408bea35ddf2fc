package org.tastemaker.examples.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.optim.run.RunResult;
import org.tastemaker.reward.ranking.WinRateReward;

/** A run with a paid judge, whose ledger and answers are files, killed between two checkpoints. */
class KilledRunLedgerTest {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");
  private static final PromptSource PROMPTS =
      PromptSource.all(List.of(Prompt.of("a"), Prompt.of("b")), 3);
  private static final int ROUNDS = 4;

  /** Images whose grey is a function of their seed. */
  private static final DiffusionSampler SAMPLER =
      (prompts, seeds) -> {
        int n = prompts.size();
        List<Image> images =
            IntStream.range(0, n)
                .mapToObj(i -> (float) seeds.get(i).generator().nextDouble())
                .map(grey -> Image.filled(32, 32, grey, grey, grey))
                .toList();
        return new Rollout(
            prompts,
            seeds,
            images,
            Nd4j.create(DataType.FLOAT, 2, n, 1, 2, 2),
            Nd4j.create(DataType.FLOAT, 1, n),
            List.of(1));
      };

  /** Has nothing to keep: what counts here is what the judge is asked. */
  private static final class Idle implements PolicyOptimizer {
    private long steps;

    @Override
    public StepReport step(Rollout rollout, Rewards rewards) {
      return StepReport.of(++steps, Map.of());
    }

    @Override
    public void save(Path folder) {}

    @Override
    public List<String> restore(Path folder) {
      return List.of();
    }
  }

  /** Runs in a folder; the judge breaks when it is asked once too often. */
  private static Usage run(LoopbackServer server, Path path, int questions) {
    int[] asked = {0};
    try (RunFolder folder =
            RunFolder.exists(path)
                ? RunFolder.open(path, CLOCK)
                : RunFolder.create(path, Map.of(), Provenance.capture(CLOCK), CLOCK);
        ChatGptOracle judge =
            ChatGptOracle.builder()
                .model("gpt-4.1-mini")
                .baseUrl(server.baseUrl())
                .withoutApiKey()
                .cache(path.resolve("answers"))
                .ledgerFile(path.resolve("ledger.jsonl"))
                .build()) {
      FeedbackOracle limited =
          (groups, rubric) -> {
            if (++asked[0] > questions) {
              throw new IllegalStateException("killed");
            }
            return judge.rank(groups, rubric);
          };
      RunResult result =
          AlignmentRun.of(PROMPTS, SAMPLER, WinRateReward.overall(), new Idle(), Seed.of(1))
              .judgedBy(limited, RUBRIC)
              .in(folder)
              .run(AlignmentRun.Options.rounds(ROUNDS).withCheckpointEvery(2));
      assertThat(result.rounds()).isEqualTo(ROUNDS);
      return judge.ledger().totals().usage();
    }
  }

  @Test
  void aKilledRunResumesItsLedgerAndNothingIsPaidTwice(@TempDir Path path) {
    try (LoopbackServer server =
        LoopbackServer.builder(MockJudge.of((image, prompt) -> image.get(0, 0, 0))).start()) {
      Usage whole = run(server, path.resolve("whole"), 100);
      long answers = server.answers();
      assertThat(whole.requests()).isEqualTo(answers).isPositive();

      // Killed in round 4, with a checkpoint of round 2: round 3 was paid for, and is repeated.
      assertThatThrownBy(() -> run(server, path.resolve("killed"), 3)).hasMessage("killed");
      long beforeTheEnd = server.answers() - answers;
      assertThat(beforeTheEnd).isEqualTo(answers * 3 / ROUNDS);
      Usage goneOn = run(server, path.resolve("killed"), 100);
      assertThat(server.answers() - answers).isEqualTo(answers);
      assertThat(goneOn).isEqualTo(whole);
    }
  }
}
