package org.tastemaker.feedback.study.protocols;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.tastemaker.feedback.agreement.PromptBootstrap;

/**
 * What a budget buys.
 *
 * @param amount of the unit
 * @param unit what is paid in
 * @param unitName such as {@code USD}
 * @param groups that are to be judged
 * @param offers one for each protocol of known cost, the highest expectation first
 * @param unknown protocols whose cost is not known
 */
public record Purchase(
    double amount,
    CostUnit unit,
    String unitName,
    long groups,
    List<Offer> offers,
    List<String> unknown) {
  public Purchase {
    offers = List.copyOf(offers);
    unknown = List.copyOf(unknown);
  }

  /**
   * What a protocol gives for the amount.
   *
   * @param protocol its name
   * @param cost of a group
   * @param covered how many of the groups it can be asked about
   * @param expected the share of right verdicts over the pairs of all groups, a coin being thrown
   *     about those that are not covered
   * @param behind how far it is behind the best offer, by paired bootstrap; 0 for the best itself
   */
  public record Offer(
      String protocol,
      double cost,
      long covered,
      PromptBootstrap.Interval expected,
      PromptBootstrap.Interval behind) {
    /**
     * Whether the study tells it apart from the best offer.
     *
     * @return false for the best offer too
     */
    public boolean isToldApart() {
      return behind.excludes(0);
    }

    /**
     * What asking costs.
     *
     * @return in the unit of the purchase
     */
    public double total() {
      return cost * covered;
    }
  }

  /**
   * The offer with the highest expectation.
   *
   * @return empty where nothing can be bought
   */
  public Optional<Offer> best() {
    return offers.stream().filter(offer -> offer.covered() > 0).findFirst();
  }

  /**
   * The cheapest of the offers that are not told apart from the best.
   *
   * @return empty where nothing can be bought; perhaps the best itself
   */
  public Optional<Offer> enough() {
    return offers.stream()
        .filter(offer -> offer.covered() > 0 && !offer.isToldApart())
        .reduce((one, other) -> other.total() < one.total() ? other : one);
  }

  /**
   * Which protocol to buy.
   *
   * @return sentences
   */
  public String answer() {
    String begin = String.format(Locale.ROOT, "For %s and %,d groups: ", text(amount), groups);
    if (best().isEmpty()) {
      return begin + "nothing, since no protocol of known cost can be asked about a single group.";
    }
    Offer best = best().get();
    Offer enough = enough().orElse(best);
    StringBuilder words = new StringBuilder(begin);
    words.append("the highest expectation has ").append(words(best)).append(". ");
    List<String> level =
        offers.stream()
            .filter(offer -> offer.covered() > 0 && !offer.isToldApart())
            .map(Offer::protocol)
            .filter(name -> !name.equals(best.protocol()))
            .toList();
    if (level.isEmpty()) {
      words.append(
          offers.size() == 1 ? "Nothing else was compared." : "It is told apart from all others.");
    } else {
      words
          .append("Not told apart from it by these votes: ")
          .append(String.join(", ", level))
          .append(". ")
          .append(
              enough.equals(best)
                  ? "It is also the cheapest of them."
                  : "The cheapest of them is " + words(enough) + ".");
    }
    return words.toString();
  }

  private String words(Offer offer) {
    return String.format(
        Locale.ROOT,
        "%s, which covers %s for %s and is right in %s",
        offer.protocol(),
        offer.covered() == groups
            ? "all groups"
            : String.format(Locale.ROOT, "%,d groups", offer.covered()),
        text(offer.total()),
        offer.expected());
  }

  /** An amount with its unit. */
  private String text(double of) {
    String number =
        unit == CostUnit.MONEY
            ? String.format(Locale.ROOT, of < 0.01 && of > 0 ? "%.6f" : "%.2f", of)
            : String.format(Locale.ROOT, "%,.0f", of);
    return number + " " + unitName;
  }
}
