package org.tastemaker.examples.methods;

import java.util.Locale;

/**
 * The three numbers of a method that are tuned.
 *
 * @param learningRate of AdamW on the LoRA weights; of a search without gradients its largest step
 * @param updates of the weights a round; of a search without gradients the steps tried a round
 * @param strength the method's own number, {@link Method#strengthName}; 0 where it has none
 */
record Setting(double learningRate, int updates, double strength) {
  Setting {
    if (!(learningRate > 0) || updates < 1 || !(strength >= 0)) {
      throw new IllegalArgumentException(
          "a setting needs a learning rate above 0, at least 1 update and a strength of at least 0, but was %s, %d, %s"
              .formatted(learningRate, updates, strength));
    }
  }

  /** Such as {@code 1e-03, 4 updates, clip range 0.001}. */
  String text(Method method) {
    String rate = String.format(Locale.ROOT, "%.0e", learningRate);
    return method.searches()
        ? "largest step %s, %d steps tried, %s %s"
            .formatted(plain(learningRate), updates, method.strengthName(), plain(strength))
        : "rate %s, %d update%s%s"
            .formatted(
                rate,
                updates,
                updates == 1 ? "" : "s",
                method.strengthName().isEmpty()
                    ? ""
                    : ", " + method.strengthName() + " " + plain(strength));
  }

  private static String plain(double value) {
    return String.format(Locale.ROOT, "%.3g", value)
        .replaceAll("(\\.\\d*?)0+($|e)", "$1$2")
        .replaceAll("\\.($|e)", "$1");
  }
}
