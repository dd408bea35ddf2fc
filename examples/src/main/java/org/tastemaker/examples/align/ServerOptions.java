package org.tastemaker.examples.align;

import com.google.common.base.Splitter;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.feedback.ledger.Price;
import org.tastemaker.feedback.ledger.PriceTable;
import picocli.CommandLine.Option;

/** The options that say which model of which server judges, and what it may cost. */
public final class ServerOptions {
  @Option(
      names = "--judge-model",
      description = "Model that judges, with --judge chatgpt or http (default: ${DEFAULT-VALUE}).")
  private String chatModel = "gpt-4.1-mini";

  @Option(
      names = "--base-url",
      description = "URL of another server with OpenAI's API; --judge http needs it.")
  private @Nullable String baseUrl;

  @Option(
      names = "--price",
      paramLabel = "IN,OUT",
      description = "Price per million tokens of the model: IN,OUT or IN,CACHED,OUT.")
  private @Nullable String price;

  @Option(
      names = "--currency",
      description = "Currency of the price and the budget (default: ${DEFAULT-VALUE}).")
  private String currency = "USD";

  @Option(
      names = "--budget",
      description =
          "The most that ChatGPT may cost in this folder, all sessions together (default: what is"
              + " spent already and what is estimated). Needs --price.")
  private @Nullable BigDecimal budget;

  @Option(
      names = "--retry-missing",
      description = "Ask ChatGPT again what it has refused before, and pay for it again.")
  private boolean retryMissing;

  @Option(names = "--yes", description = "Accept the estimated cost without asking.")
  private boolean yes;

  /** Made by picocli. */
  public ServerOptions() {}

  /**
   * Which model judges.
   *
   * @return its name at the server
   */
  public String model() {
    return chatModel;
  }

  /**
   * Whether a server was named.
   *
   * @return false for OpenAI
   */
  public boolean isNamed() {
    return baseUrl != null;
  }

  /**
   * Which model to ask, and what it may cost.
   *
   * @return the terms
   * @throws IllegalArgumentException if there is a budget without a price
   */
  public PaidJudge.Terms terms() {
    PriceTable prices =
        price == null
            ? PriceTable.none()
            : PriceTable.of(currency.toUpperCase(Locale.ROOT), Map.of(chatModel, price(price)));
    return new PaidJudge.Terms(chatModel, baseUrl, prices, budget, yes, retryMissing);
  }

  private static Price price(String text) {
    List<String> parts = Splitter.on(',').trimResults().splitToList(text);
    try {
      if (parts.size() == 2) {
        return Price.perMillionTokens(parts.get(0), parts.get(1));
      }
      if (parts.size() == 3) {
        return Price.perMillionTokens(parts.get(0), parts.get(1), parts.get(2));
      }
    } catch (NumberFormatException e) {
      // reported below
    }
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "--price is IN,OUT or IN,CACHED,OUT: the price per million tokens, such as 0.40,1.60 or 0.40,0.10,1.60, but was '%s'",
            text));
  }
}
