package org.tastemaker.optim.rows;

import com.google.common.hash.Hashing;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Usage;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.LineLog;

/**
 * What rows have cost, in a file of JSON Lines in the run's folder. Every answer is counted once,
 * however often its result arrives; two answers to one row are two costs.
 *
 * <p>Thread-safe. One run writes at a time.
 */
public final class RowCosts implements AutoCloseable {
  private final LineLog log;
  private final Set<Long> counted = new HashSet<>();
  private BigDecimal spent = BigDecimal.ZERO;
  private BigDecimal lost = BigDecimal.ZERO;
  private Usage usage = Usage.NONE;
  private long answers;

  private RowCosts(LineLog log) {
    this.log = log;
  }

  /**
   * The costs of a run, with those of its earlier sessions.
   *
   * @param file such as {@code row-costs.jsonl}; made if it is missing
   * @return the costs: the caller closes them
   * @throws RowException if a line is no cost; the message names it
   * @throws java.io.UncheckedIOException if the file cannot be read or written
   */
  public static RowCosts open(Path file) {
    RowCosts costs = new RowCosts(LineLog.open(file));
    try {
      for (String line : LineLog.read(file).lines()) {
        costs.add(line, file);
      }
      return costs;
    } catch (RuntimeException e) {
      costs.close();
      throw e;
    }
  }

  /**
   * Counts an answer, unless it is counted already.
   *
   * @param result that has come
   */
  public synchronized void count(ResultRow result) {
    Usage used = result.judgement().map(Judgement::usage).orElse(Usage.NONE);
    boolean free = result.cost().signum() == 0 && used.equals(Usage.NONE);
    if (free || !counted.add(key(result.delivery().worker(), result.delivery().answer()))) {
      return;
    }
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("row", result.row());
    line.put("worker", result.delivery().worker());
    line.put("answer", result.delivery().answer());
    line.put("attempt", result.delivery().attempt());
    line.put("cost", result.cost().toPlainString());
    line.put("requests", used.requests());
    line.put("inputTokens", used.inputTokens());
    line.put("cachedInputTokens", used.cachedInputTokens());
    line.put("outputTokens", used.outputTokens());
    log.append(Json.write(line));
    sum(result.cost(), used);
  }

  /**
   * Counts what a lost worker may have spent on questions whose answers never came.
   *
   * @param most at least 0
   */
  public synchronized void lose(BigDecimal most) {
    if (most.signum() > 0) {
      log.append(Json.write(Map.of("lost", most.toPlainString())));
      lost = lost.add(most);
    }
  }

  /**
   * What answers have cost.
   *
   * @return the sum, at least 0
   */
  public synchronized BigDecimal spent() {
    return spent;
  }

  /**
   * What lost workers may have spent beside that.
   *
   * @return an upper bound, at least 0
   */
  public synchronized BigDecimal lost() {
    return lost;
  }

  /**
   * What answers have used.
   *
   * @return the sum
   */
  public synchronized Usage usage() {
    return usage;
  }

  /**
   * How many answers have cost something.
   *
   * @return at least 0
   */
  public synchronized long answers() {
    return answers;
  }

  private void add(String text, Path file) {
    try {
      JsonObject line = Json.parseObject(text, file.toString());
      if (line.has("lost")) {
        lost = lost.add(JudgementFormat.amount(line, "lost"));
      } else if (counted.add(key(line.text("worker"), line.longInteger("answer")))) {
        sum(
            JudgementFormat.amount(line, "cost"),
            new Usage(
                line.longInteger("requests"),
                line.longInteger("inputTokens"),
                line.longInteger("cachedInputTokens"),
                line.longInteger("outputTokens")));
      }
    } catch (IllegalArgumentException e) {
      throw new RowException(
          "a line of " + file + " is no cost: " + e.getMessage() + "; correct or remove it", e);
    }
  }

  private void sum(BigDecimal cost, Usage used) {
    spent = spent.add(cost);
    usage = usage.plus(used);
    answers++;
  }

  /** 64 bits are enough to tell the answers of a run apart, and small. */
  private static long key(String worker, long answer) {
    return Hashing.sha256().hashString(worker + "\n" + answer, StandardCharsets.UTF_8).asLong();
  }

  @Override
  public void close() {
    log.close();
  }
}
