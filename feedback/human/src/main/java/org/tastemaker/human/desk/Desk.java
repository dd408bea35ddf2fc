package org.tastemaker.human.desk;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.human.desk.Assignment.Check;

/**
 * Hands questions to people, and gives their answers to whoever asks.
 *
 * <p>No question is in the hands of more people than {@link Options#people}, unless one of them has
 * not answered for {@link Options#lease}: then another is asked, and all answers count that come
 * in. Nobody gets a question twice, but for checks. What was clicked is on disk when {@link
 * #answer} and {@link #undo} return, and a desk that is opened again is as it was left.
 *
 * <p>Thread-safe. One process at a time has a desk.
 */
public final class Desk implements AutoCloseable {
  private static final long REMEMBERED = 64 << 20; // bytes of images at hand for checks

  private static final int LONGEST_LOOK = 10; // leases, for who stays there and says nothing

  private final Options options;
  private final Map<String, Ranking> reference;
  private final Map<String, KnownQuestion> known = new LinkedHashMap<>();
  private final Clock clock;
  private final DeskBook book;
  private final DeskLog log;
  private final QuestionFile questions;
  private final Instant opened;
  private final Map<String, Integer> askers = new HashMap<>(); // by question
  private final Map<String, DeskQuestion> open = new LinkedHashMap<>(); // somebody asks
  private final RecentQuestions seen = new RecentQuestions(REMEMBERED);
  private Runnable onChange = () -> {};
  private boolean stopped;

  private Desk(
      Options options,
      Map<String, Ranking> reference,
      Clock clock,
      DeskBook book,
      DeskLog log,
      QuestionFile questions) {
    this.options = options;
    this.reference = Map.copyOf(reference);
    this.clock = clock;
    this.book = book;
    this.log = log;
    this.questions = questions;
    this.opened = clock.instant();
  }

  /**
   * How questions are handed out.
   *
   * @param people how many answer each question, at least 1
   * @param lease how long a question waits for a person who has seen it and is not there any more,
   *     such as behind a closed tab; ten times as long for one who is. Positive
   * @param grace how long an answer can be taken back before whoever asks gets it; until then, or
   *     until the person's next answer. At least 0
   * @param checkEvery after how many answers a person gets a check; 0 for none
   * @param seed draws the order of the images
   */
  public record Options(int people, Duration lease, Duration grace, int checkEvery, Seed seed) {
    public Options {
      Objects.requireNonNull(seed, "seed == null");
      if (people < 1
          || lease.isNegative()
          || lease.isZero()
          || grace.isNegative()
          || checkEvery < 0) {
        throw new IllegalArgumentException(
            "people must be at least 1, the lease positive, grace and checkEvery at least 0, but"
                + " were "
                + List.of(people, lease, grace, checkEvery));
      }
    }

    /**
     * One person each, ten minutes, 15 seconds, a check after ten answers.
     *
     * @return the options, with seed 0
     */
    public static Options defaults() {
      return new Options(1, Duration.ofMinutes(10), Duration.ofSeconds(15), 10, Seed.of(0));
    }
  }

  /**
   * A question whose answer is known.
   *
   * @param question with an id that no other question has
   * @param right the right order
   */
  public record KnownQuestion(DeskQuestion question, Ranking right) {}

  /**
   * What a person looks at.
   *
   * @param assignment in whose hands it is, and in which order
   * @param question with its images
   */
  public record Shown(Assignment assignment, DeskQuestion question) {}

  /**
   * Where a person stands.
   *
   * @param shown what the person looks at; empty where no question waits for them now
   * @param own how many answers the person has given, checks and skipped ones included
   * @param waiting how many questions wait for this person, the one shown included
   * @param undoes the id of the answer that can be taken back; empty where it is too late
   */
  public record Standing(Optional<Shown> shown, int own, int waiting, Optional<String> undoes) {}

  /** What became of a click. */
  public enum Outcome {
    /** It counts. */
    TAKEN,
    /** It was taken before, and nothing has changed. */
    REPEATED,
    /** The person has answered this otherwise, or it is too late to take it back. */
    CLOSED,
    /** The person was never shown this. */
    NOT_SHOWN
  }

  /**
   * Opens a desk, or begins one.
   *
   * @param log where answers are kept; its folder must exist. What was asked is kept beside it, and
   *     images in the folder {@code images} there
   * @param options how questions are handed out
   * @param known questions for checks; may be empty
   * @param reference a judge's orders by the ids of questions, to compare people with; may be empty
   * @param clock of leases and of the times that are recorded
   * @return the desk: the caller closes it
   * @throws IllegalStateException if the file is something else, or open elsewhere
   */
  public static Desk open(
      Path log,
      Options options,
      List<KnownQuestion> known,
      Map<String, Ranking> reference,
      Clock clock) {
    DeskBook book = new DeskBook();
    DeskLog answers = DeskLog.open(log, book);
    Desk desk;
    try {
      desk = new Desk(options, reference, clock, book, answers, QuestionFile.open(log));
    } catch (RuntimeException e) {
      answers.close();
      throw e;
    }
    known.forEach(one -> desk.known.put(one.question().id(), one));
    return desk;
  }

  /**
   * Sets what is called after every change, such as to wake pages.
   *
   * @param action short, and calls nothing of this desk
   */
  public synchronized void onChange(Runnable action) {
    this.onChange = Objects.requireNonNull(action, "action == null");
  }

  /**
   * Asks people, and waits for them.
   *
   * @param question what to ask; if it was answered before, nobody is asked again
   * @param timeout how long to wait
   * @return what they said, at least {@link Options#people} answers; empty if the time is up, or
   *     the desk was {@linkplain #stop stopped}
   * @throws InterruptedException if the thread is interrupted
   */
  public List<DeskAnswer> ask(DeskQuestion question, Duration timeout) throws InterruptedException {
    questions.keep(question); // before the lock: images are the slow part
    return await(question, timeout);
  }

  private synchronized List<DeskAnswer> await(DeskQuestion question, Duration timeout)
      throws InterruptedException {
    Instant end = clock.instant().plus(timeout);
    askers.merge(question.id(), 1, Integer::sum);
    open.put(question.id(), question);
    seen.put(question);
    changed();
    try {
      while (true) {
        List<DeskAnswer> all = book.answers(question.id());
        List<DeskAnswer> settled = all.stream().filter(this::isSettled).toList();
        if (settled.size() >= options.people()) {
          return settled;
        }
        long left = Duration.between(clock.instant(), end).toMillis();
        if (stopped || left <= 0) {
          return List.of();
        }
        wait(Math.min(left, all.isEmpty() ? 1000 : 100));
      }
    } finally {
      if (askers.merge(question.id(), -1, Integer::sum) == 0) {
        askers.remove(question.id());
        open.remove(question.id());
      }
      changed();
    }
  }

  /**
   * Whether somebody waits for the answer to a question.
   *
   * @param question its id
   * @return true while {@link #ask} waits
   */
  public synchronized boolean isAsking(String question) {
    return open.containsKey(question);
  }

  /** Lets whoever asks go, without an answer; what comes in later is still recorded. */
  public synchronized void stop() {
    stopped = true;
    changed();
  }

  /**
   * Where a person stands. If they look at nothing, the next question is theirs from now on. Each
   * call says that the person is still there, and extends the lease.
   *
   * @param person a pseudonym
   * @return what to look at, and how far they are
   */
  public synchronized Standing standing(String person) {
    DeskBook.Person own = book.person(person);
    own.seen = clock.instant();
    Shown shown = own.open == null ? null : look(own.open);
    if (shown == null) {
      Assignment next = next(person, own);
      if (next != null) {
        log.given(next);
        book.given(next);
        shown = look(next);
      }
    }
    int waiting = 0;
    for (DeskQuestion question : open.values()) {
      boolean mine = shown != null && question.id().equals(shown.question().id());
      waiting += mine || isFree(question, own) ? 1 : 0;
    }
    DeskAnswer last = own.last();
    Optional<String> undoes =
        last != null && canUndo(last) ? Optional.of(last.id()) : Optional.empty();
    return new Standing(Optional.ofNullable(shown), own.said.size(), waiting, undoes);
  }

  /**
   * Takes an answer in.
   *
   * @param person who
   * @param id of the click, as {@link DeskAnswer#id}
   * @param assignment the id of what was answered
   * @param kind what was said
   * @param tiers of an order, best first, of positions as shown from 0; images without a place
   *     share the last one
   * @param millis since it was shown
   * @return whether it counts
   * @throws IllegalArgumentException if it does not fit the question; nothing is recorded then
   * @throws java.io.UncheckedIOException if it cannot be written; it does not count then
   */
  public synchronized Outcome answer(
      String person,
      String id,
      String assignment,
      DeskAnswer.Kind kind,
      List<List<Integer>> tiers,
      long millis) {
    DeskBook.Person own = book.person(person);
    if (own.clicks.contains(id)) {
      return Outcome.REPEATED;
    }
    Assignment given = own.given.get(assignment);
    if (given == null) {
      return Outcome.NOT_SHOWN;
    }
    if (own.said.containsKey(assignment)) {
      return Outcome.CLOSED;
    }
    Optional<Ranking> order =
        kind == DeskAnswer.Kind.RANKED
            ? Optional.of(order(given.shown(), tiers))
            : Optional.empty();
    DeskAnswer answer =
        new DeskAnswer(id, given, kind, order, clock.instant(), Math.max(0, millis));
    log.answered(answer);
    book.answered(answer);
    changed();
    return Outcome.TAKEN;
  }

  /**
   * Takes an answer back, as long as nobody has got it; the person looks at that question again.
   *
   * @param person who
   * @param id of this click
   * @param undoes the id of the answer
   * @return whether it counts
   * @throws java.io.UncheckedIOException if it cannot be written; it does not count then
   */
  public synchronized Outcome undo(String person, String id, String undoes) {
    DeskBook.Person own = book.person(person);
    if (own.clicks.contains(id)) {
      return Outcome.REPEATED;
    }
    DeskAnswer answer =
        own.said.values().stream().filter(a -> a.id().equals(undoes)).findFirst().orElse(null);
    if (answer == null) {
      return Outcome.NOT_SHOWN;
    }
    if (!canUndo(answer)) {
      return Outcome.CLOSED;
    }
    log.undone(person, id, undoes, clock.instant());
    book.undone(person, id, undoes);
    changed();
    return Outcome.TAKEN;
  }

  /**
   * What is known of everybody.
   *
   * @return figures of all answers in force
   */
  public synchronized DeskFigures figures() {
    Map<String, Ranking> right = new LinkedHashMap<>();
    known.forEach((id, one) -> right.put(id, one.right()));
    Map<String, List<DeskAnswer>> said = new LinkedHashMap<>();
    book.people().forEach((name, own) -> said.put(name, List.copyOf(own.said.values())));
    return DeskFigures.of(said, right, reference);
  }

  /**
   * What attention checks say.
   *
   * @return one report for each person, by name
   */
  public synchronized List<CheckReport> checks() {
    Map<String, Ranking> right = new LinkedHashMap<>();
    known.forEach((id, one) -> right.put(id, one.right()));
    List<CheckReport> reports = new ArrayList<>();
    book.people()
        .forEach(
            (name, own) ->
                reports.add(CheckReport.of(name, List.copyOf(own.said.values()), right)));
    return reports;
  }

  /**
   * Who did not want to answer a question.
   *
   * @param question its id
   * @return names, sorted
   */
  public synchronized List<String> skipped(String question) {
    List<String> names = new ArrayList<>();
    book.people()
        .forEach(
            (name, own) -> {
              if (own.said.values().stream()
                  .anyMatch(
                      answer ->
                          answer.kind() == DeskAnswer.Kind.SKIP
                              && answer.assignment().question().equals(question))) {
                names.add(name);
              }
            });
    return names;
  }

  /**
   * How many lines of the log could not be read when it was opened.
   *
   * @return 0 unless something else than this class has changed it
   */
  public long damaged() {
    return log.damaged();
  }

  @Override
  public synchronized void close() {
    stop();
    try (questions) {
      log.close();
    }
  }

  private void changed() {
    notifyAll();
    onChange.run();
  }

  private boolean isSettled(DeskAnswer answer) {
    return stopped
        || !answer.equals(book.person(answer.assignment().person()).last())
        || !clock.instant().isBefore(answer.time().plus(options.grace()));
  }

  private boolean canUndo(DeskAnswer answer) {
    return answer.assignment().check() != Check.NONE
        || open.containsKey(answer.assignment().question());
  }

  /** Null where the question is not at hand: nobody asks it now. */
  private @Nullable Shown look(Assignment assignment) {
    KnownQuestion one = known.get(assignment.question());
    DeskQuestion question =
        one != null
            ? one.question()
            : assignment.check() == Check.NONE
                ? open.get(assignment.question())
                : seen.get(assignment.question());
    return question == null || question.group().size() != assignment.shown().size()
        ? null
        : new Shown(assignment, question);
  }

  private @Nullable Assignment next(String person, DeskBook.Person own) {
    if (options.checkEvery() > 0) {
      long real = own.said.values().stream().filter(DeskAnswer::counts).count();
      long checks = own.given.values().stream().filter(a -> a.check() != Check.NONE).count();
      if (real / options.checkEvery() > checks) {
        Assignment check = check(person, own, (int) (checks % 3));
        if (check != null) {
          return check;
        }
      }
    }
    for (DeskQuestion question : open.values()) {
      if (isFree(question, own)) {
        return assign(person, own, question, Check.NONE, null);
      }
    }
    return null;
  }

  /** The kinds take turns: exchanged sides, a known answer, the same again. */
  private @Nullable Assignment check(String person, DeskBook.Person own, int turn) {
    for (int i = 0; i < 3; i++) {
      Assignment check =
          switch ((turn + i) % 3) {
            case 0 -> again(person, own, Check.SWAPPED);
            case 1 -> knownOne(person, own);
            default -> again(person, own, Check.REPEATED);
          };
      if (check != null) {
        return check;
      }
    }
    return null;
  }

  private @Nullable Assignment knownOne(String person, DeskBook.Person own) {
    for (KnownQuestion one : known.values()) {
      if (own.times(one.question().id()) == 0) {
        return assign(person, own, one.question(), Check.KNOWN, null);
      }
    }
    return null;
  }

  /** The earliest answer that was not asked again yet. */
  private @Nullable Assignment again(String person, DeskBook.Person own, Check check) {
    for (DeskAnswer answer : own.said.values()) {
      DeskQuestion question = seen.get(answer.assignment().question());
      if (answer.kind() == DeskAnswer.Kind.RANKED
          && answer.counts()
          && question != null
          && own.times(question.id()) == 1) {
        List<Integer> order = new ArrayList<>(answer.assignment().shown());
        if (check == Check.SWAPPED) {
          Collections.reverse(order);
        }
        return assign(person, own, question, check, order);
      }
    }
    return null;
  }

  private boolean isFree(DeskQuestion question, DeskBook.Person own) {
    if (own.hasSaid(question.id())) {
      return false;
    }
    int taken = book.answers(question.id()).size();
    for (DeskBook.Person other : book.people().values()) {
      Assignment looking = other.open;
      if (other != own
          && looking != null
          && looking.check() == Check.NONE
          && looking.question().equals(question.id())
          && isHeld(looking, other)) {
        taken++;
      }
    }
    return taken < options.people();
  }

  /** Leases of before begin again when the desk is opened: people were cut off with it. */
  private boolean isHeld(Assignment looking, DeskBook.Person person) {
    Instant now = clock.instant();
    Instant begin = looking.time().isAfter(opened) ? looking.time() : opened;
    Instant there = person.seen == null || person.seen.isBefore(begin) ? begin : person.seen;
    return there.plus(options.lease()).isAfter(now)
        && begin.plus(options.lease().multipliedBy(LONGEST_LOOK)).isAfter(now);
  }

  private Assignment assign(
      String person,
      DeskBook.Person own,
      DeskQuestion question,
      Check check,
      @Nullable List<Integer> order) {
    String id = hash(question.id() + "\n" + person + "\n" + own.times(question.id()));
    List<Integer> shown = order;
    if (shown == null) {
      shown = new ArrayList<>(IntStream.range(0, question.group().size()).boxed().toList());
      RandomGenerator random = options.seed().split(id).generator();
      for (int i = question.asGiven() ? 0 : shown.size() - 1; i > 0; i--) {
        Collections.swap(shown, i, random.nextInt(i + 1));
      }
    }
    return new Assignment(id, question.id(), person, shown, check, clock.instant());
  }

  private static Ranking order(List<Integer> shown, List<List<Integer>> tiers) {
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

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
