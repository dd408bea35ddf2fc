package org.tastemaker.feedback.cache;

import com.google.common.base.Throwables;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.run.PrivateFiles;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

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
 * <p>Several threads that ask the same question at the same time share one call and its answer. An
 * unreadable file is counted, moved to {@code <key>.json.damaged}, and the question is asked again.
 * Failures without an answer (of the network, of the budget) are not cached.
 *
 * <p>Thread-safe. Several processes may use a folder at the same time; they may then ask the same
 * question once each.
 */
public final class AnswerCache implements Judge {
  private static final Logger LOG = LoggerFactory.getLogger(AnswerCache.class);

  private final @Nullable Judge judge;
  private final String settings;
  private final Path folder;
  private final ConcurrentMap<String, CompletableFuture<CachedAnswer>> asked =
      new ConcurrentHashMap<>();
  private final AtomicLong hits = new AtomicLong();
  private final AtomicLong joined = new AtomicLong();
  private final AtomicLong misses = new AtomicLong();
  private final AtomicLong damaged = new AtomicLong();

  private AnswerCache(@Nullable Judge judge, String settings, Path folder) {
    this.judge = judge;
    this.settings = Objects.requireNonNull(settings, "settings == null");
    this.folder = Objects.requireNonNull(folder, "folder == null");
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
    return new AnswerCache(judge, settings, folder);
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
    return new AnswerCache(null, settings, folder);
  }

  @Override
  public Verdict ask(Question question) {
    String key = key(question);
    CompletableFuture<CachedAnswer> mine = new CompletableFuture<>();
    CompletableFuture<CachedAnswer> others = asked.putIfAbsent(key, mine);
    if (others != null) {
      CachedAnswer answer = await(others);
      joined.incrementAndGet();
      return answer.replay();
    }
    try {
      CachedAnswer found = read(key, question);
      if (found != null) {
        hits.incrementAndGet();
        mine.complete(found);
        return found.replay();
      }
      CachedAnswer answer = fetch(question, key);
      mine.complete(answer);
      return answer.first();
    } catch (RuntimeException | Error e) {
      mine.completeExceptionally(e);
      throw e;
    } finally {
      asked.remove(key, mine);
    }
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
    return new Counts(hits.get(), joined.get(), misses.get(), damaged.get());
  }

  /**
   * Counts of hits and misses.
   *
   * @param hits answered from a file
   * @param joined answered by the call of another thread
   * @param misses calls made
   * @param damaged files that could not be read and were moved aside
   */
  public record Counts(long hits, long joined, long misses, long damaged) {}

  private CachedAnswer fetch(Question question, String key) {
    if (judge == null) {
      throw new FeedbackException.InvalidRequest(
          "there is no cached answer "
              + file(key)
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
    misses.incrementAndGet();
    String earlier = withoutItsComplaint(question);
    if (!earlier.isEmpty()) {
      LOG.warn("a question is asked again{}", earlier);
    }
    CachedAnswer answer = CachedAnswer.of(() -> judge.ask(question).requireFits(question));
    Path file = file(key);
    try {
      PrivateFiles.createFolders(Objects.requireNonNull(file.getParent()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make the folder of " + file, e);
    }
    write(file, answer.toJson(question, settings));
    return answer;
  }

  /** Not flushed: a disk may take longer for that than the service for an answer. */
  private static void write(Path file, String text) {
    Path temporary =
        file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
    try {
      try (FileChannel channel =
          PrivateFiles.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot keep the answer " + file + ": " + e, e);
    }
  }

  private @Nullable CachedAnswer read(String key, Question question) {
    Path file = file(key);
    String text;
    try {
      if (!Files.exists(file)) {
        return null;
      }
      text = Files.readString(file);
    } catch (java.nio.charset.CharacterCodingException e) {
      return setAside(file, "it is not UTF-8");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the cached answer " + file, e);
    }
    try {
      return CachedAnswer.fromJson(text).requireFits(question);
    } catch (IllegalArgumentException | FeedbackException.MalformedVerdict e) {
      return setAside(file, String.valueOf(e.getMessage()));
    }
  }

  private @Nullable CachedAnswer setAside(Path file, String why) {
    damaged.incrementAndGet();
    Path aside = file.resolveSibling(file.getFileName() + ".damaged");
    LOG.warn("the cached answer {} is damaged and was moved to {}: {}", file, aside, why);
    try {
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot move the damaged answer " + file + " aside", e);
    }
    return null;
  }

  private static CachedAnswer await(CompletableFuture<CachedAnswer> others) {
    try {
      return others.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      Throwables.throwIfUnchecked(cause);
      throw new IllegalStateException(cause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      java.util.concurrent.CancellationException cancelled =
          new java.util.concurrent.CancellationException(
              "interrupted while waiting for the answer to the same question");
      cancelled.initCause(e);
      throw cancelled;
    }
  }

  /** Version 0.1.0 did not store the complaint, so its file may answer another request. */
  private String withoutItsComplaint(Question question) {
    int attempt = question.attempt().number();
    Path file = file(sha256(question.id() + "/" + attempt + "/" + settings));
    return attempt == 0 || !Files.exists(file)
        ? ""
        : "; the file "
            + file
            + " answers another attempt, but does not say after which complaint, so it cannot be"
            + " used";
  }

  private String key(Question question) {
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

  private Path file(String key) {
    return folder.resolve(key.substring(0, 2)).resolve(key + ".json");
  }
}
