package org.tastemaker.feedback.study.protocols;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.tastemaker.feedback.agreement.PromptBootstrap;

/** What a {@link ProtocolComparison} found: accuracy against cost. */
public final class ComparisonReport {
  private final List<ProtocolResult> results;
  private final PairedRights rights;
  private final String currency;
  private final List<String> notes;

  ComparisonReport(
      List<ProtocolResult> results, PairedRights rights, String currency, List<String> notes) {
    this.results = List.copyOf(results);
    this.rights = rights;
    this.currency = currency;
    this.notes = List.copyOf(notes);
  }

  /**
   * The protocols.
   *
   * @return in the order in which they were asked
   */
  public List<ProtocolResult> results() {
    return results;
  }

  /**
   * How the figures are to be read.
   *
   * @return sentences
   */
  public List<String> notes() {
    return notes;
  }

  /**
   * Over how many pairs in which people chose an image.
   *
   * @return at least 1
   */
  public long pairs() {
    return rights.pairs();
  }

  /**
   * Of how many prompts these are.
   *
   * @return at least 1
   */
  public int prompts() {
    return rights.prompts();
  }

  /**
   * What protocols are to be compared by.
   *
   * @return money where the cost of a protocol is known, otherwise requests
   */
  public CostUnit unit() {
    boolean money = results.stream().anyMatch(r -> r.cost(CostUnit.MONEY).isPresent());
    return money ? CostUnit.MONEY : CostUnit.REQUESTS;
  }

  /**
   * What a unit is called.
   *
   * @param unit any
   * @return the currency for money
   */
  public String name(CostUnit unit) {
    return unit == CostUnit.MONEY ? currency : unit.title();
  }

  /**
   * The protocols that none of the others beats: none is right as often and cheaper, or more often
   * and no dearer. By the figures themselves, whatever their intervals are.
   *
   * @param unit what is paid in
   * @return the cheapest first; without those whose cost is not known
   */
  public List<ProtocolResult> front(CostUnit unit) {
    List<ProtocolResult> front = new ArrayList<>();
    double best = Double.NEGATIVE_INFINITY;
    List<ProtocolResult> known =
        results.stream()
            .filter(result -> result.cost(unit).isPresent())
            .sorted(
                Comparator.comparingDouble((ProtocolResult r) -> r.cost(unit).orElseThrow())
                    .thenComparing(r -> -r.right().value()))
            .toList();
    for (ProtocolResult result : known) {
      if (result.right().value() > best) {
        best = result.right().value();
        front.add(result);
      }
    }
    return front;
  }

  /**
   * How much more often a protocol is right than another, over the same pairs.
   *
   * @param one name of a protocol
   * @param other name of another
   * @return the difference, with an interval by bootstrap over prompts
   * @throws IllegalArgumentException if one of them was not compared
   */
  public PromptBootstrap.Interval difference(String one, String other) {
    return rights.difference(index(one), 1, index(other), 1);
  }

  /**
   * What a budget buys.
   *
   * @param amount of the unit, at least 0
   * @param unit what is paid in
   * @param groups that are to be judged, at least 1, like those that were compared
   * @return an offer of each protocol
   */
  public Purchase buy(double amount, CostUnit unit, long groups) {
    if (!(amount >= 0 && amount < Double.POSITIVE_INFINITY) || groups < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a budget of at least 0 buys judgements of at least 1 group, but they are %s and %d",
              amount,
              groups));
    }
    List<ProtocolResult> known =
        results.stream().filter(result -> result.cost(unit).isPresent()).toList();
    Optional<ProtocolResult> best =
        known.stream()
            .max(
                Comparator.comparingDouble(
                        (ProtocolResult r) ->
                            rights
                                .expected(index(r.protocol()), covered(r, amount, unit, groups))
                                .value())
                    .thenComparing(r -> -r.cost(unit).orElseThrow()));
    List<Purchase.Offer> offers = new ArrayList<>();
    for (ProtocolResult result : known) {
      int own = index(result.protocol());
      double share = covered(result, amount, unit, groups);
      int first = index(best.orElseThrow().protocol());
      double bestShare = covered(best.get(), amount, unit, groups);
      offers.add(
          new Purchase.Offer(
              result.protocol(),
              result.cost(unit).orElseThrow(),
              Math.round(share * groups),
              rights.expected(own, share),
              rights.difference(first, bestShare, own, share)));
    }
    offers.sort(
        Comparator.comparingDouble((Purchase.Offer offer) -> -offer.expected().value())
            .thenComparingDouble(Purchase.Offer::cost));
    return new Purchase(
        amount,
        unit,
        name(unit),
        groups,
        offers,
        results.stream()
            .filter(result -> result.cost(unit).isEmpty())
            .map(ProtocolResult::protocol)
            .toList());
  }

  /** The share of the groups that the amount is enough for. */
  private static double covered(ProtocolResult result, double amount, CostUnit unit, long groups) {
    double cost = result.cost(unit).orElseThrow();
    // A rounding error of a division must not take a group away.
    double bought = cost == 0 ? groups : Math.floor(amount / cost * (1 + 1e-12));
    return Math.min((double) groups, bought) / groups;
  }

  private int index(String protocol) {
    for (int i = 0; i < results.size(); i++) {
      if (results.get(i).protocol().equals(protocol)) {
        return i;
      }
    }
    throw new IllegalArgumentException(
        "there is no protocol '"
            + protocol
            + "', but there are "
            + results.stream().map(ProtocolResult::protocol).toList());
  }

  /**
   * The comparison for people.
   *
   * @return lines of text
   */
  public String table() {
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "Right over %d pairs of %d prompts in which people chose, ties and missing half%n"
                + "%-22s %-22s %9s %14s %9s %9s %9s%n",
            pairs(),
            prompts(),
            "protocol, a group",
            "right",
            "undecided",
            currency,
            "requests",
            "tokens",
            "seconds"));
    List<ProtocolResult> front = front(unit());
    for (ProtocolResult result : results) {
      out.append(
          String.format(
              Locale.ROOT,
              "%-22s %-22s %9.3f %14s %9s %9s %9s%s%n",
              result.protocol(),
              result.right(),
              result.undecided(),
              text(result, CostUnit.MONEY, "%.6f"),
              text(result, CostUnit.REQUESTS, "%.2f"),
              text(result, CostUnit.TOKENS, "%.0f"),
              text(result, CostUnit.SECONDS, "%.3f"),
              front.contains(result) ? "  front" : ""));
    }
    notes.forEach(note -> out.append(String.format(Locale.ROOT, "%n%s%n", note)));
    return out.toString();
  }

  private static String text(ProtocolResult result, CostUnit unit, String format) {
    return result.cost(unit).isPresent()
        ? String.format(Locale.ROOT, format, result.cost(unit).getAsDouble())
        : "unknown";
  }

  /**
   * The comparison for programs: RFC 4180, with a header. What is unknown is an empty cell.
   *
   * @return lines
   */
  public String csv() {
    StringBuilder out =
        new StringBuilder(
            "protocol,right,low,high,undecided,pairs,prompts,money,currency,requests,tokens,"
                + "seconds,judgements,paid,front\n");
    List<ProtocolResult> front = front(unit());
    for (ProtocolResult result : results) {
      out.append('"').append(result.protocol()).append('"'); // names have commas, and no quotes
      for (double value :
          new double[] {
            result.right().value(), result.right().low(), result.right().high(), result.undecided()
          }) {
        out.append(',').append(Double.isNaN(value) ? "" : value);
      }
      out.append(',').append(pairs()).append(',').append(prompts());
      out.append(',').append(cell(result, CostUnit.MONEY)).append(',').append(currency);
      out.append(',').append(cell(result, CostUnit.REQUESTS));
      out.append(',').append(cell(result, CostUnit.TOKENS));
      out.append(',').append(cell(result, CostUnit.SECONDS));
      out.append(',').append(result.judgements()).append(',').append(result.paid());
      out.append(',').append(front.contains(result)).append('\n');
    }
    return out.toString();
  }

  private static String cell(ProtocolResult result, CostUnit unit) {
    return result.cost(unit).isPresent() ? "" + result.cost(unit).getAsDouble() : "";
  }
}
