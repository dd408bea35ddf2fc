package org.tastemaker.feedback.cache;

import com.google.common.base.Throwables;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.run.OwnerLock;
import org.tastemaker.core.run.PrivateFiles;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.cache.AnswerFolder.Found;

/**
 * A judge that asks another judge each question at most once.
 *
 * <p>The key of an answer is a hash of the settings (model, wire format, sampling, form of the
 * images) and of {@link Question#id} and {@link Question#attempt}: the kind of question, the
 * prompt, the rubric with its words, the images in the order shown, and what was wrong with the
 * answer before. So a key stands for one request only, also after a restart. The answer to a
 * question is the file {@code <folder>/<first two digits of the key>/<key>.json}. A killed process
 * leaves a whole file or none. A machine that loses power may lose or damage the answers of the
 * last seconds, since files are not flushed one by one.
 *
 * <p><b>Shared by all who use the folder</b>: a question that is being asked anywhere, by a thread,
 * another cache, or another process, is not asked a second time. Whoever comes later waits for the
 * answer. If the one who asks is cancelled or killed, one of those who wait asks; threads of one
 * cache share a failure. A wait ends after {@linkplain #withPatience half an hour} with a {@link
 * FeedbackException.TransportFailed}, so that a stopped process does not stop all others. This
 * works by locks of the operating system ({@link OwnerLock}) on parts of {@code <folder>/.lock}.
 *
 * <p><b>An answer that cannot be kept is not bought</b>: its space on the disk is reserved before
 * the question is asked. If it does not suffice after all, the answer is returned and kept in
 * memory, and nothing more is asked before it is on the disk. A file system that writes anew what
 * is overwritten, or compresses, gives no such guarantee.
 *
 * <p>An unreadable file is counted, moved to {@code <key>.json.damaged}, and the question is asked
 * again. Failures without an answer (of the network, of the budget) are not cached. Thread-safe.
 */
public final class AnswerCache implements Judge {
  private static final Logger LOG = LoggerFactory.getLogger(AnswerCache.class);
  private static final Duration PATIENCE = Duration.ofMinutes(30);
  private static final long POLL_MILLIS = 20; // nobody tells of what another process does

  private final @Nullable Judge judge;
  private final String settings;
  private final Path folder;
  private final AnswerFolder answers;
  private final Duration patience;
  private final ConcurrentMap<String, CompletableFuture<CachedAnswer>> asked;
  private final Tally tally;
  private final boolean retrying;

  private AnswerCache(@Nullable Judge judge, String settings, Path folder, Duration patience) {
    this.judge = judge;
    this.settings = Objects.requireNonNull(settings, "settings == null");
    this.folder = Objects.requireNonNull(folder, "folder == null");
    this.answers = new AnswerFolder(folder);
    this.patience = patience;
    this.asked = new ConcurrentHashMap<>();
    this.tally = new Tally();
    this.retrying = false;
  }

  /** The same cache, with its counts, that asks again. */
  private AnswerCache(AnswerCache cache) {
    this.judge = cache.judge == null ? null : cache.judge.retrying();
    this.settings = cache.settings;
    this.folder = cache.folder;
    this.answers = cache.answers;
    this.patience = cache.patience;
    this.asked = cache.asked;
    this.tally = cache.tally;
    this.retrying = true;
  }

  /**
   * A judge that caches the answers of another.
   *
   * @param judge the judge to ask on a miss
   * @param settings everything besides the question that decides the answer, as text
   * @param folder where the answers are; created if missing
   * @return the judge
   * @throws UncheckedIOException if the folder cannot be created or written
   */
  public static AnswerCache of(Judge judge, String settings, Path folder) {
    Objects.requireNonNull(judge, "judge == null");
    makeFolder(folder);
    AnswerCache cache = new AnswerCache(judge, settings, folder, PATIENCE);
    cache.answers.removeLeftovers();
    return cache;
  }

  /**
   * The same cache with another patience, to be used instead of this one.
   *
   * @param longest how long to wait for the answer to a question that somebody else asks; by
   *     default half an hour
   * @return a cache of the same folder, with counts of its own
   */
  public AnswerCache withPatience(Duration longest) {
    if (longest.isNegative()) {
      throw new IllegalArgumentException("a patience is at least 0, but was " + longest);
    }
    return new AnswerCache(judge, settings, folder, longest);
  }

  /**
   * Creates a folder for answers, if it is missing.
   *
   * @param folder where
   * @throws UncheckedIOException if it cannot be created or written
   */
  public static void makeFolder(Path folder) {
    try {
      PrivateFiles.createFolders(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the folder for answers " + folder + " cannot be made: " + e.getMessage(), e);
    }
    if (!Files.isWritable(folder)) {
      throw new UncheckedIOException(
          new IOException("the folder for answers " + folder + " cannot be written"));
    }
  }

  /**
   * A judge that only repeats cached answers.
   *
   * @param settings as they were when the answers were cached
   * @param folder where the answers are
   * @return a judge that makes no calls, and fails on a miss
   */
  public static AnswerCache replay(String settings, Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(
          "there is no folder " + folder + " to replay answers from");
    }
    return new AnswerCache(null, settings, folder, PATIENCE);
  }

  @Override
  public Verdict ask(Question question) {
    String key = key(question);
    CompletableFuture<CachedAnswer> mine = new CompletableFuture<>();
    CompletableFuture<CachedAnswer> others = asked.putIfAbsent(key, mine);
    if (others != null) {
      try {
        CachedAnswer answer = await(others);
        tally.joined.incrementAndGet();
        return answer.replay();
      } catch (CancellationException e) {
        if (Thread.currentThread().isInterrupted()) {
          throw e;
        }
        return ask(question); // the other thread was cancelled, and this one was not
      }
    }
    try {
      Found found = answers.find(key, question);
      if (found.answer() != null && !isAskedAgain(found.answer())) {
        tally.hits.incrementAndGet();
        mine.complete(found.answer());
        return found.answer().replay();
      }
      if (judge == null) {
        setAside(key, found);
        throw missing(question, key);
      }
      Outcome outcome = alone(judge, question, key);
      mine.complete(outcome.answer());
      return outcome.bought() ? outcome.answer().first() : outcome.answer().replay();
    } catch (RuntimeException | Error e) {
      mine.completeExceptionally(e);
      throw e;
    } finally {
      asked.remove(key, mine);
    }
  }

  /**
   * The same cache, for questions that had no verdict: a refusal or a malformed answer in it counts
   * as a miss, and is replaced by what is answered now. Verdicts are repeated as ever. A replay
   * repeats everything.
   *
   * @return shares the folder and the counts with this one
   */
  @Override
  public AnswerCache retrying() {
    return retrying || judge == null ? this : new AnswerCache(this);
  }

  @Override
  public String name() {
    return judge == null ? "replay" : judge.name();
  }

  /**
   * Counts of hits and misses so far.
   *
   * @return counts
   */
  public Counts counts() {
    return new Counts(
        tally.hits.get(), tally.joined.get(), tally.misses.get(), tally.damaged.get());
  }

  /**
   * Counts of hits and misses.
   *
   * @param hits answered from a file
   * @param joined answered by the call of another thread, cache or process
   * @param misses calls made
   * @param damaged files that could not be read and were moved aside
   */
  public record Counts(long hits, long joined, long misses, long damaged) {}

  /** The counts, while they grow. */
  private static final class Tally {
    private final AtomicLong hits = new AtomicLong();
    private final AtomicLong joined = new AtomicLong();
    private final AtomicLong misses = new AtomicLong();
    private final AtomicLong damaged = new AtomicLong();
  }

  /** An answer, and whether it was paid for just now. */
  private record Outcome(CachedAnswer answer, boolean bought) {}

  /** Asks, unless somebody else does: then waits for the answer. */
  private Outcome alone(Judge asking, Question question, String key) {
    long start = System.nanoTime();
    boolean waited = false;
    while (true) {
      Optional<OwnerLock> turn = answers.claim(key);
      if (turn.isPresent()) {
        try {
          Found found = answers.find(key, question); // the one before may have had its answer
          if (found.answer() != null && (waited || !isAskedAgain(found.answer()))) {
            tally.joined.incrementAndGet();
            return new Outcome(found.answer(), false);
          }
          setAside(key, found);
          return new Outcome(fetch(asking, question, key), true);
        } finally {
          turn.get().close();
        }
      }
      if (System.nanoTime() - start > patience.toNanos()) {
        throw new FeedbackException.TransportFailed(
            "a question is being asked by somebody else who uses the answers in "
                + folder
                + ", and has had no answer for "
                + patience.toSeconds()
                + " seconds: is a process that uses them stopped? End it, and start again",
            null,
            false);
      }
      waited = true;
      pause();
    }
  }

  private boolean isAskedAgain(CachedAnswer answer) {
    return retrying && answer.isFailure();
  }

  private CachedAnswer fetch(Judge asking, Question question, String key) {
    int longest =
        4
            * (settings.length()
                + question.prompt().text().length()
                + question.attempt().complaint().length());
    try (AnswerSpace space = answers.reserve(key, longest)) {
      tally.misses.incrementAndGet();
      String earlier = withoutItsComplaint(question);
      if (!earlier.isEmpty()) {
        LOG.warn("a question is asked again{}", earlier);
      }
      Function<Supplier<Verdict>, CachedAnswer> keep =
          outcome -> {
            CachedAnswer answer = CachedAnswer.of(() -> outcome.get().requireFits(question));
            answers.keep(key, space, answer.toJson(question, settings));
            return answer;
          };
      try {
        // Kept before anything else happens, so that a kill loses the calls in flight at most.
        return asking.ask(question, keep);
      } catch (FeedbackException.Refused | FeedbackException.MalformedVerdict e) {
        return keep.apply( // there was no call to keep it in
            () -> {
              throw e;
            });
      }
    }
  }

  private void setAside(String key, Found found) {
    if (found.damage() != null) {
      tally.damaged.incrementAndGet();
      answers.setAside(key, found.damage());
    }
  }

  private FeedbackException missing(Question question, String key) {
    return new FeedbackException.InvalidRequest(
        "there is no cached answer "
            + answers.file(key)
            + " to a question of kind "
            + question.kind()
            + " about "
            + question.size()
            + " images of prompt '"
            + question.prompt().text()
            + "' by rubric "
            + question.rubric().id()
            + ", and a replay makes no calls; run it once with a judge, under the same settings: "
            + settings
            + withoutItsComplaint(question),
        true);
  }

  private static CachedAnswer await(CompletableFuture<CachedAnswer> others) {
    try {
      return others.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      Throwables.throwIfUnchecked(cause);
      throw new IllegalStateException(cause);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static CancellationException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    CancellationException cancelled =
        new CancellationException("interrupted while waiting for the answer to the same question");
    cancelled.initCause(e);
    return cancelled;
  }

  /** Version 0.1.0 did not store the complaint, so its file may answer another request. */
  private String withoutItsComplaint(Question question) {
    int attempt = question.attempt().number();
    Path file = answers.file(sha256(question.id() + "/" + attempt + "/" + settings));
    return attempt == 0 || !Files.exists(file)
        ? ""
        : "; the file "
            + file
            + " answers another attempt, but does not say after which complaint, so it cannot be"
            + " used";
  }

  /**
   * The file of an answer.
   *
   * @param key as {@link #key} gives it
   * @return where it is, or would be
   */
  public Path file(String key) {
    return answers.file(key);
  }

  /**
   * The key of the answer to a question: the name of its file.
   *
   * @param question any
   * @return 64 hexadecimal digits
   */
  public String key(Question question) {
    Question.Attempt attempt = question.attempt();
    String complaint = attempt.complaint();
    String after = complaint.isEmpty() ? "" : " after " + complaint.length() + ":" + complaint;
    return sha256(question.id() + "/" + attempt.number() + after + "/" + settings);
  }

  private static String sha256(String text) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
