package org.tastemaker.examples.align;

import java.util.function.Supplier;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.examples.report.Cost;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;

/**
 * Who ranks in a run.
 *
 * @param name of the judge, a setting of the run
 * @param oracle to ask
 * @param cost what it has cost so far
 * @param end releases what the oracle holds
 */
public record RunJudge(String name, FeedbackOracle oracle, Supplier<Cost> cost, Runnable end)
    implements AutoCloseable {
  /** Scores this close are a tie; otherwise the judge would teach its own noise. */
  private static final double TIE = 0.03;

  /**
   * The simulated judge. It is shown each group once, since its score does not depend on the order.
   *
   * @param task whose score it ranks by
   * @param glyphs names the nearest glyph of each image, in its reasons
   * @return a judge that costs nothing
   */
  public static RunJudge simulated(EmojiTask task, GlyphJudge glyphs) {
    MockJudge mock =
        MockJudge.of(
            task.score(), MockJudge.Options.defaults().withTieThreshold(TIE).withName("glyphs"));
    JudgeOracle oracle =
        JudgeOracle.builder(new GlyphReasons(mock, glyphs))
            .protocol(Protocol.listwise(1))
            .seed(Seed.of(0))
            .build();
    return new RunJudge("glyphs", oracle, () -> Cost.NONE, () -> {});
  }

  /**
   * A score of images as the judge, which is shown each group once.
   *
   * @param name of the judge, a setting of the run
   * @param score of an image for its prompt, higher is better
   * @return a judge that costs nothing
   */
  public static RunJudge scoring(String name, ToDoubleBiFunction<Image, Prompt> score) {
    JudgeOracle oracle =
        JudgeOracle.builder(MockJudge.of(score, MockJudge.Options.defaults().withName(name)))
            .protocol(Protocol.listwise(1))
            .seed(Seed.of(0))
            .build();
    return new RunJudge(name, oracle, () -> Cost.NONE, () -> {});
  }

  @Override
  public void close() {
    end.run();
  }
}
