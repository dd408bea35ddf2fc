package org.tastemaker.examples.simulated;

import java.util.Locale;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.mock.MockJudge;

/**
 * What is wrong with a simulated judge. It judges by a true score in tenths, so that numbers on a
 * scale of 0 to 10 fit it; so are the units here.
 *
 * @param noise temperature of the noise in each answer, at least 0
 * @param bias the advantage of being shown first
 * @param tie differences up to this are a tie, at least 0
 * @param contradiction how often an answer is turned round, in [0, 1]; at one half it says nothing
 * @param colour how much the judge likes a {@link #redness} of 1
 */
record Faults(double noise, double bias, double tie, double contradiction, double colour) {
  /** Hardly any noise, and nothing else. */
  static final Faults FEW = new Faults(0.5, 0, 0, 0, 0);

  /** What the judge likes, without what is random in its answers. */
  ToDoubleBiFunction<Image, Prompt> taste(ToDoubleBiFunction<Image, Prompt> truth) {
    return (image, prompt) ->
        truth.applyAsDouble(image, prompt) + (colour == 0 ? 0 : colour * redness(image));
  }

  /**
   * The judge.
   *
   * @param truth the true score in tenths
   * @param soft whether answers about pairs are probabilities; needs noise
   * @param seed of noise and contradictions
   */
  Judge judge(ToDoubleBiFunction<Image, Prompt> truth, boolean soft, Seed seed) {
    MockJudge judge =
        MockJudge.of(
            taste(truth),
            MockJudge.Options.defaults()
                .withSeed(seed)
                .withTemperature(noise)
                .withPositionBias(bias)
                .withTieThreshold(tie)
                .withSoftAnswers(soft));
    return contradiction == 0
        ? judge
        : new ContradictingJudge(judge, contradiction, seed.split("contradiction"));
  }

  /** Mean of red minus the mean of green and blue, in [-1, 1]; 0 for white and grey. */
  static double redness(Image image) {
    float[] values = image.toFloats();
    int pixels = values.length / 3;
    double sum = 0;
    for (int i = 0; i < pixels; i++) {
      sum += values[i] - (values[pixels + i] + values[2 * pixels + i]) / 2.0;
    }
    return sum / pixels;
  }

  boolean isNoiseAlone() {
    return bias == 0 && tie == 0 && contradiction == 0 && colour == 0;
  }

  /** For tables, such as {@code noise 0.5, bias 4}. */
  String words() {
    StringBuilder words = new StringBuilder("noise " + plain(noise));
    add(words, "bias", bias);
    add(words, "ties", tie);
    add(words, "contradiction", contradiction);
    add(words, "colour", colour);
    return words.toString();
  }

  private static void add(StringBuilder words, String name, double value) {
    if (value != 0) {
      words.append(", ").append(name).append(' ').append(plain(value));
    }
  }

  private static String plain(double value) {
    return value == Math.rint(value)
        ? String.format(Locale.ROOT, "%.0f", value)
        : Double.toString(value);
  }
}
