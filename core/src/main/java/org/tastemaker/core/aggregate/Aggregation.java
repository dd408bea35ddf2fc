package org.tastemaker.core.aggregate;

import java.util.Objects;
import java.util.function.Function;
import org.tastemaker.core.Ranking;

/**
 * One way of making one order out of many answers, to be handed to whatever needs one.
 *
 * <p>Only what can be compared is ordered: items outside of the largest connected part of the
 * comparisons are missing from the result (the methods themselves, called directly, order them by
 * what little is known).
 */
public final class Aggregation {
  private final String name;
  private final Function<Ballots, Ranking> method;

  private Aggregation(String name, Function<Ballots, Ranking> method) {
    this.name = name;
    this.method = method;
  }

  /**
   * By the share of comparisons won.
   *
   * @return {@link Borda}
   */
  public static Aggregation borda() {
    return new Aggregation("borda", Borda::rank);
  }

  /**
   * By majorities won.
   *
   * @return {@link Copeland}
   */
  public static Aggregation copeland() {
    return new Aggregation("copeland", Copeland::rank);
  }

  /**
   * By the order that contradicts the fewest comparisons.
   *
   * @return {@link Kemeny}, for at most {@link Kemeny#MAX_ITEMS} items
   */
  public static Aggregation kemeny() {
    return new Aggregation("kemeny", Kemeny::rank);
  }

  /**
   * By fitted worths of comparisons.
   *
   * @param options with a prior
   * @return {@link BradleyTerry}
   */
  public static Aggregation bradleyTerry(BradleyTerry.Options options) {
    requirePrior(options.precision());
    return new Aggregation(
        "bradley-terry(" + options.precision() + ")",
        ballots -> BradleyTerry.fit(ballots.wins(), options).ranking());
  }

  /**
   * By fitted worths of rankings.
   *
   * @param options with a prior
   * @return {@link PlackettLuce}
   */
  public static Aggregation plackettLuce(PlackettLuce.Options options) {
    requirePrior(options.precision());
    return new Aggregation(
        "plackett-luce(" + options.precision() + ", " + options.tail() + ")",
        ballots -> PlackettLuce.fit(ballots, options).ranking());
  }

  /**
   * The method's name with its options, for records.
   *
   * @return such as {@code "bradley-terry(0.1)"}
   */
  public String name() {
    return name;
  }

  /**
   * Makes one order.
   *
   * @param ballots all answers
   * @return of {@code ballots.size()} items; empty where nothing was compared
   */
  public Ranking rank(Ballots ballots) {
    Objects.requireNonNull(ballots, "ballots == null");
    var items = ballots.comparableItems();
    if (items.isEmpty()) {
      return Ranking.none(ballots.size());
    }
    Ranking order = method.apply(ballots.only(items));
    return Ranking.ofTiers(
        ballots.size(),
        order.tiers().stream().map(tier -> tier.stream().map(items::get).toList()).toList());
  }

  @Override
  public String toString() {
    return name;
  }

  private static void requirePrior(double precision) {
    if (precision <= 0) {
      throw new IllegalArgumentException(
          "the few answers about one group seldom have a finite maximum, so this aggregation needs a"
              + " prior precision over 0, but was given "
              + precision);
    }
  }
}
