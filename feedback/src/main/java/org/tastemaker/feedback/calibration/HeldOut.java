package org.tastemaker.feedback.calibration;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.JsonObject;

/**
 * What a correction does on prompts that it was not learned on.
 *
 * @param prompts how many there were
 * @param pairs how many pairs with votes and a verdict
 * @param lossBefore mean cross-entropy of the judge's own probabilities with people's shares of
 *     votes, in nats; NaN where there is no pair
 * @param lossAfter of the corrected ones
 * @param gain the difference, positive where the correction helps, with an interval over prompts
 * @param errorBefore expected calibration error, ten bins from 1/2 to 1
 * @param errorAfter of the corrected ones
 * @param tiesBefore share of pairs in which judge and people say the same of first, tie and second
 * @param tiesAfter the same with the correction
 */
public record HeldOut(
    long prompts,
    long pairs,
    double lossBefore,
    double lossAfter,
    Estimate gain,
    double errorBefore,
    double errorAfter,
    double tiesBefore,
    double tiesAfter) {
  /**
   * Whether the probabilities are better, beyond chance.
   *
   * @return true where the interval of the gain is above 0
   */
  public boolean helps() {
    return gain.low() > 0;
  }

  /**
   * For people.
   *
   * @return a line
   */
  public String words() {
    return String.format(
        Locale.ROOT,
        "on %d prompts held out: loss %.4f -> %.4f (gain %s), calibration error %.3f -> %.3f, first"
            + "/tie/second right %.3f -> %.3f",
        prompts,
        lossBefore,
        lossAfter,
        gain,
        errorBefore,
        errorAfter,
        tiesBefore,
        tiesAfter);
  }

  static HeldOut read(JsonObject json) {
    return new HeldOut(
        json.longInteger("prompts"),
        json.longInteger("pairs"),
        json.number("lossBefore", Double.NaN),
        json.number("lossAfter", Double.NaN),
        Estimate.read(json.object("gain")),
        json.number("errorBefore", Double.NaN),
        json.number("errorAfter", Double.NaN),
        json.number("tiesBefore", Double.NaN),
        json.number("tiesAfter", Double.NaN));
  }

  Map<String, @Nullable Object> toJson() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("prompts", prompts);
    json.put("pairs", pairs);
    json.put("lossBefore", Estimate.number(lossBefore));
    json.put("lossAfter", Estimate.number(lossAfter));
    json.put("gain", gain.toJson());
    json.put("errorBefore", Estimate.number(errorBefore));
    json.put("errorAfter", Estimate.number(errorAfter));
    json.put("tiesBefore", Estimate.number(tiesBefore));
    json.put("tiesAfter", Estimate.number(tiesAfter));
    return json;
  }
}
