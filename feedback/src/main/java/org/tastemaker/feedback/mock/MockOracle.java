package org.tastemaker.feedback.mock;

import java.util.List;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.PositionBias;

/**
 * A feedback oracle that needs no server: a {@link MockJudge}, asked by the default protocol.
 *
 * <pre>{@code
 * FeedbackOracle redder = MockOracle.of((image, prompt) -> image.get(0, 5, 9));  // row 5, column 9
 * }</pre>
 *
 * <p>For another protocol, ask the judge through a {@link JudgeOracle}.
 *
 * <p>Thread-safe.
 */
public final class MockOracle implements FeedbackOracle {
  private final JudgeOracle oracle;

  private MockOracle(MockJudge judge) {
    this.oracle = JudgeOracle.builder(judge).seed(judge.seed()).build();
  }

  /**
   * An oracle without faults.
   *
   * @param score of an image for a prompt, higher is better; finite; called from several threads
   * @return the oracle
   */
  public static MockOracle of(ToDoubleBiFunction<Image, Prompt> score) {
    return of(MockJudge.of(score));
  }

  /**
   * An oracle with faults.
   *
   * @param score of an image for a prompt, higher is better; finite; called from several threads
   * @param options noise and faults of the judge; their seed is also the seed of the protocol
   * @return the oracle
   */
  public static MockOracle of(ToDoubleBiFunction<Image, Prompt> score, MockJudge.Options options) {
    return of(MockJudge.of(score, options));
  }

  /**
   * A judge as an oracle.
   *
   * @param judge the judge to ask; its seed is also the seed of the protocol
   * @return the oracle
   */
  public static MockOracle of(MockJudge judge) {
    return new MockOracle(judge);
  }

  @Override
  public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
    return oracle.rank(groups, rubric);
  }

  /**
   * How the judge depends on the position of an image.
   *
   * @return counts over all that this oracle asked
   */
  public PositionBias.Snapshot positionBias() {
    return oracle.positionBias();
  }
}
