package org.tastemaker.feedback.ledger;

import java.math.BigDecimal;
import org.tastemaker.core.Usage;

/**
 * What a model costs.
 *
 * @param input for a million tokens of questions
 * @param cachedInput for a million tokens of questions that the service had cached
 * @param output for a million tokens of answers
 * @param request for each request, as image models are billed; often 0
 */
public record Price(
    BigDecimal input, BigDecimal cachedInput, BigDecimal output, BigDecimal request) {
  private static final int MILLION_DIGITS = 6;
  private static final int DIGITS = 20;
  private static final BigDecimal MOST = new BigDecimal("1E+9");

  public Price {
    requirePrice("input", input);
    requirePrice("cachedInput", cachedInput);
    requirePrice("output", output);
    requirePrice("request", request);
  }

  /**
   * A price by tokens.
   *
   * @param input for a million tokens of questions, cached or not
   * @param output for a million tokens of answers
   * @return the price
   */
  public static Price perMillionTokens(String input, String output) {
    return perMillionTokens(input, input, output);
  }

  /**
   * A price by tokens, with a discount for cached ones.
   *
   * @param input for a million tokens of questions
   * @param cachedInput for a million tokens of questions that the service had cached
   * @param output for a million tokens of answers
   * @return the price
   */
  public static Price perMillionTokens(String input, String cachedInput, String output) {
    return new Price(
        new BigDecimal(input),
        new BigDecimal(cachedInput),
        new BigDecimal(output),
        BigDecimal.ZERO);
  }

  /**
   * A price by requests.
   *
   * @param request for each
   * @return the price
   */
  public static Price perRequest(String request) {
    return new Price(BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO, new BigDecimal(request));
  }

  /**
   * What a usage costs, exactly.
   *
   * @param usage of this model
   * @return not rounded
   */
  public BigDecimal of(Usage usage) {
    BigDecimal tokens =
        input
            .multiply(BigDecimal.valueOf(usage.inputTokens() - usage.cachedInputTokens()))
            .add(cachedInput.multiply(BigDecimal.valueOf(usage.cachedInputTokens())))
            .add(output.multiply(BigDecimal.valueOf(usage.outputTokens())))
            .movePointLeft(MILLION_DIGITS);
    return tokens.add(request.multiply(BigDecimal.valueOf(usage.requests()))).stripTrailingZeros();
  }

  private static void requirePrice(String name, BigDecimal value) {
    if (value.compareTo(MOST) > 0 || Math.abs((long) value.scale()) > DIGITS) {
      throw new IllegalArgumentException(
          "a price is at most 10^9, with up to 20 digits behind the point, but '"
              + name
              + "' was "
              + value);
    }
    if (value.signum() < 0) {
      throw new IllegalArgumentException(
          "a price is at least 0, but '" + name + "' was " + value.toPlainString());
    }
  }
}
