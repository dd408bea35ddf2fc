package org.tastemaker.human.review;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.DatasetHeader;
import org.tastemaker.feedback.annotate.PreferenceDataset;

/**
 * The verdicts of a judge that wait for people, and what people said about them.
 *
 * <p>Each person is shown one verdict at a time, and no verdict is shown to more people than {@link
 * Options#people}, unless one of them has not answered for {@link Options#lease}: then another is
 * asked, and both count if both answer. What was clicked is on disk when {@link #say} and {@link
 * #undo} return, and a desk that is opened again is as it was left, at whatever moment its process
 * was killed.
 *
 * <p>Thread-safe. One process at a time has a review.
 */
public final class ReviewDesk implements AutoCloseable {
  private final DatasetHeader header;
  private final Map<String, AnnotatedGroup> verdicts; // in the order of the queue
  private final long missing;
  private final Options options;
  private final Clock clock;
  private final ReviewBook book;
  private final ReviewLog log;

  private ReviewDesk(
      DatasetHeader header,
      Map<String, AnnotatedGroup> verdicts,
      long missing,
      Options options,
      Clock clock,
      ReviewBook book,
      ReviewLog log) {
    this.header = header;
    this.verdicts = verdicts;
    this.missing = missing;
    this.options = options;
    this.clock = clock;
    this.book = book;
    this.log = log;
  }

  /**
   * How verdicts are handed out.
   *
   * @param order which come first
   * @param people how many are asked about each, at least 1
   * @param lease how long a verdict waits for a person who has seen it; positive
   * @param seed draws the order of the images that each person sees, and that of the queue
   */
  public record Options(ReviewOrder order, int people, Duration lease, Seed seed) {
    public Options {
      Objects.requireNonNull(order, "order == null");
      Objects.requireNonNull(seed, "seed == null");
      if (people < 1 || lease.isNegative() || lease.isZero()) {
        throw new IllegalArgumentException(
            "people must be at least 1 and the lease positive, but were "
                + people
                + " and "
                + lease);
      }
    }

    /**
     * As the dataset stands, one person each, ten minutes.
     *
     * @return the options, with seed 0
     */
    public static Options defaults() {
      return new Options(ReviewOrder.AS_IT_IS, 1, Duration.ofMinutes(10), Seed.of(0));
    }
  }

  /**
   * A verdict that a person looks at.
   *
   * @param verdict the judge's
   * @param shown its images in the order in which this person sees them
   */
  public record Shown(AnnotatedGroup verdict, List<Integer> shown) {
    public Shown {
      shown = List.copyOf(shown);
    }
  }

  /**
   * Where a person stands.
   *
   * @param shown what the person looks at; empty where there is nothing to look at now
   * @param isFinished whether there is nothing more to come; otherwise, without anything to look
   *     at, others are being asked who may not answer
   * @param own how many verdicts the person has said something about
   * @param left how many there are for the person yet, the one shown included
   * @param last what the person said last, which can be taken back; empty where nothing
   * @param medianMillis of the person's times; empty where there is none
   */
  public record Standing(
      Optional<Shown> shown,
      boolean isFinished,
      int own,
      int left,
      Optional<Review> last,
      OptionalLong medianMillis) {}

  /** What became of a click. */
  public enum Outcome {
    /** It counts. */
    TAKEN,
    /** It was taken before, and nothing has changed. */
    REPEATED,
    /** The person has said something else about this verdict, which counts. */
    ALREADY_ANSWERED,
    /** The person was never shown this, or there is no such thing. */
    NOT_SHOWN
  }

  /**
   * Opens a review, or begins one.
   *
   * @param dataset the judge's, as a job has written it
   * @param log what people say is kept in this file; its folder must exist
   * @param options how verdicts are handed out; may be others than last time
   * @param clock of the times that are recorded
   * @return the desk: the caller closes it
   * @throws IllegalStateException if the log is of another dataset, or open elsewhere
   * @throws IllegalArgumentException if the dataset has no verdict
   * @throws java.io.UncheckedIOException if a file cannot be read or written
   */
  public static ReviewDesk open(Path dataset, Path log, Options options, Clock clock) {
    List<AnnotatedGroup> judged = new ArrayList<>();
    List<AnnotatedGroup> without = new ArrayList<>();
    PreferenceDataset.Contents contents =
        PreferenceDataset.read(
            dataset, group -> (group.judgement().isMissing() ? without : judged).add(group));
    if (judged.isEmpty()) {
      throw new IllegalArgumentException(
          dataset
              + " has no verdict that could be reviewed ("
              + without.size()
              + " judgements are missing): have its groups judged first");
    }
    Map<String, AnnotatedGroup> verdicts = new LinkedHashMap<>();
    options.order().of(judged, options.seed()).forEach(group -> verdicts.put(group.id(), group));
    ReviewBook book = new ReviewBook();
    ReviewLog open = ReviewLog.open(log, contents.header(), book::take);
    return new ReviewDesk(
        contents.header(),
        Collections.unmodifiableMap(verdicts),
        without.size(),
        options,
        clock,
        book,
        open);
  }

  /**
   * Where a person stands. If they look at nothing, the next verdict is theirs from now on.
   *
   * @param person a pseudonym
   * @return what to look at, and how far they are
   */
  public synchronized Standing standing(String person) {
    ReviewBook.Person own = book.person(person);
    int left = 0;
    boolean mayCome = false;
    AnnotatedGroup next = null;
    for (AnnotatedGroup verdict : verdicts.values()) {
      boolean isOpen = verdict.id().equals(own.open);
      if (own.said.containsKey(verdict.id())) {
        continue;
      }
      int others = book.opinions(verdict.id()).size();
      if (others >= options.people() && !isOpen) {
        continue;
      }
      left++;
      if (isOpen) {
        next = verdict;
      } else if (others + lookingAt(verdict.id(), own) >= options.people()) {
        mayCome = true; // whoever looks at it may not answer
      } else if (next == null && own.open == null) {
        next = verdict;
      }
    }
    if (next != null && !next.id().equals(own.open)) {
      record(new ReviewEvent.Given(person, next.id(), clock.instant()));
    }
    return new Standing(
        Optional.ofNullable(next).map(verdict -> new Shown(verdict, shown(person, verdict))),
        next == null && !mayCome,
        own.said.size(),
        left,
        own.said.values().stream().reduce((one, other) -> other),
        median(own));
  }

  /**
   * What a person says about a verdict that was shown to them.
   *
   * @param person who
   * @param said what, by the positions of the images as they were shown
   * @return whether it counts
   * @throws IllegalArgumentException if it does not fit the verdict; nothing is recorded then
   * @throws java.io.UncheckedIOException if it cannot be written; it does not count then
   */
  public synchronized Outcome say(String person, SaidAnswer said) {
    if (book.isKnown(person, said.id())) {
      return Outcome.REPEATED;
    }
    AnnotatedGroup verdict = verdicts.get(said.group());
    ReviewBook.Person own = book.person(person);
    if (verdict == null || !own.given.containsKey(said.group())) {
      return Outcome.NOT_SHOWN;
    }
    if (own.said.containsKey(said.group())) {
      return Outcome.ALREADY_ANSWERED;
    }
    List<Integer> shown = shown(person, verdict);
    record(new ReviewEvent.Said(said.review(person, verdict, shown, clock.instant())));
    return Outcome.TAKEN;
  }

  /**
   * Takes back what a person said; they look at that verdict again.
   *
   * @param person who
   * @param id of this click, as {@link Review#id}
   * @param undoes the id of what is taken back
   * @return whether it counts
   * @throws java.io.UncheckedIOException if it cannot be written; it does not count then
   */
  public synchronized Outcome undo(String person, String id, String undoes) {
    if (book.isKnown(person, id)) {
      return Outcome.REPEATED;
    }
    boolean there =
        book.person(person).said.values().stream().anyMatch(said -> said.id().equals(undoes));
    if (!there) {
      return Outcome.NOT_SHOWN;
    }
    record(new ReviewEvent.Undone(id, person, undoes, clock.instant()));
    return Outcome.TAKEN;
  }

  /**
   * All that people said and did not take back.
   *
   * @return by person, in the order of the clicks
   */
  public synchronized List<Review> reviews() {
    return book.inForce();
  }

  /**
   * The verdicts that can be reviewed, in the order of the queue.
   *
   * @return those that are not missing
   */
  public List<AnnotatedGroup> verdicts() {
    return List.copyOf(verdicts.values());
  }

  /**
   * How many judgements of the dataset are missing, and are not shown.
   *
   * @return at least 0
   */
  public long missing() {
    return missing;
  }

  /**
   * How many lines of the log could not be read when it was opened.
   *
   * @return 0 unless something else than this class has changed it
   */
  public long damaged() {
    return log.damaged();
  }

  /**
   * What decided the judge's verdicts.
   *
   * @return the dataset's header
   */
  public DatasetHeader header() {
    return header;
  }

  @Override
  public synchronized void close() {
    log.close();
  }

  private void record(ReviewEvent event) {
    log.append(event);
    book.take(event);
  }

  /** How many others look at a verdict that they have said nothing about. */
  private int lookingAt(String group, ReviewBook.Person except) {
    Instant stale = clock.instant().minus(options.lease());
    int looking = 0;
    for (ReviewBook.Person other : book.everybody()) {
      Instant given = other.given.get(group);
      if (other != except && group.equals(other.open) && given != null && given.isAfter(stale)) {
        looking++;
      }
    }
    return looking;
  }

  /** Another order for each person and verdict, the same after a reload. */
  private List<Integer> shown(String person, AnnotatedGroup verdict) {
    int n = verdict.images().size();
    List<Integer> items = new ArrayList<>(IntStream.range(0, n).boxed().toList());
    RandomGenerator random = options.seed().split(person).split(verdict.id()).generator();
    for (int i = n - 1; i > 0; i--) {
      Collections.swap(items, i, random.nextInt(i + 1));
    }
    return items;
  }

  private static OptionalLong median(ReviewBook.Person person) {
    long[] sorted = person.said.values().stream().mapToLong(Review::millis).sorted().toArray();
    return sorted.length == 0
        ? OptionalLong.empty()
        : OptionalLong.of(sorted[(sorted.length - 1) / 2]);
  }

  /**
   * What a page sends.
   *
   * @param id of the click, as {@link Review#id}
   * @param group the id of the group that was judged
   * @param kind what was said; an overruling order that is the judge's own is a confirmation
   * @param tiers of an overruling order, best first, of positions as shown from 0; images without a
   *     place share the last one. Empty for other kinds
   * @param criteria as {@link Review#criteria}
   * @param millis as {@link Review#millis}
   */
  public record SaidAnswer(
      String id,
      String group,
      Review.Kind kind,
      List<List<Integer>> tiers,
      Map<String, Boolean> criteria,
      long millis) {
    public SaidAnswer {
      tiers = tiers.stream().map(List::copyOf).toList();
      criteria = Map.copyOf(criteria);
    }

    private Review review(
        String person, AnnotatedGroup verdict, List<Integer> shown, Instant time) {
      Ranking judges = verdict.judgement().ranking();
      @Nullable Ranking order = null;
      Review.Kind meant = kind;
      if (kind == Review.Kind.CONFIRMED) {
        order = judges;
      } else if (kind == Review.Kind.OVERRULED) {
        order = overruling(shown);
        meant = order.equals(judges) ? Review.Kind.CONFIRMED : kind;
      }
      for (String name : criteria.keySet()) {
        if (!verdict.judgement().byCriterion().containsKey(name)) {
          throw new IllegalArgumentException(
              "the judge has no order by '"
                  + name
                  + "', only by "
                  + verdict.judgement().byCriterion().keySet());
        }
      }
      return new Review(
          id,
          person,
          group,
          meant,
          Optional.ofNullable(order),
          criteria,
          shown,
          time,
          Math.max(0, millis));
    }

    /** The order of the images, whatever order they were shown in. */
    private Ranking overruling(List<Integer> shown) {
      int[] names = shown.stream().mapToInt(Integer::intValue).toArray();
      Ranking given = Ranking.ofTiers(shown.size(), tiers).renamed(names);
      if (given.isEmpty()) {
        throw new IllegalArgumentException("an order needs at least one image with a place");
      }
      if (given.isComplete()) {
        return given;
      }
      List<List<Integer>> all = new ArrayList<>(given.tiers());
      all.add(given.missing());
      return Ranking.ofTiers(given.size(), all);
    }
  }
}
