package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.JsonDataException;
import com.squareup.moshi.Moshi;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.AtomicFiles;

/**
 * One batch on the disk: a folder with what is asked, how far it has come, and what came back.
 *
 * <pre>
 *   requests.jsonl   what is uploaded; deleted once the answers are here
 *   keys.txt         each question's key, and what it is estimated to use
 *   batch.json       how far it has come: written before and after each step
 *   output.jsonl     answers, as they came
 *   errors.jsonl     lines without an answer
 * </pre>
 */
final class BatchPart {
  /** How far a batch has come. */
  enum Step {
    /** Its requests are on the disk. Nothing was sent. */
    WRITTEN,
    /** Its file is at the server, its cost reserved. */
    UPLOADED,
    /** It may have been made. */
    CREATING,
    /** It was made. */
    CREATED,
    /** It is over, and what came back is on the disk. */
    ENDED,
    /** What it cost is in the ledger. */
    SETTLED
  }

  private static final int FORMAT = 1;

  /** Public, in a class that is not, since Moshi calls the accessors. */
  public record State(
      int format,
      String name,
      String model,
      String wire,
      String can,
      long requests,
      long input,
      long output,
      Step step,
      int tries,
      long since,
      @Nullable String file,
      @Nullable String batch,
      @Nullable String status,
      @Nullable Long completed,
      Map<String, String> rejected) {}

  private static final JsonAdapter<State> JSON =
      new Moshi.Builder().build().adapter(State.class).indent(" ");

  private final Path folder;
  private State state;

  private BatchPart(Path folder, State state) {
    this.folder = folder;
    this.state = state;
  }

  /** The state of a batch that was just written. */
  static State written(String name, ChatGptJudge.Options asked, String can, Usage estimate) {
    return new State(
        FORMAT,
        name,
        asked.model(),
        asked.wireFormat().name(),
        can,
        estimate.requests(),
        estimate.inputTokens(),
        estimate.outputTokens(),
        Step.WRITTEN,
        0,
        0,
        null,
        null,
        null,
        null,
        Map.of());
  }

  static void write(Path folder, State state) {
    AtomicFiles.write(folder.resolve("batch.json"), JSON.toJson(state));
  }

  /** A batch that an earlier run, or this one, has written. */
  static BatchPart open(Path folder) {
    Path file = folder.resolve("batch.json");
    try {
      State state = Objects.requireNonNull(JSON.fromJson(Files.readString(file)), "null");
      if (state.format != FORMAT) {
        throw new JsonDataException("it has format " + state.format);
      }
      return new BatchPart(folder, state);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the state of a batch, " + file, e);
    } catch (JsonDataException | NullPointerException e) {
      throw new IllegalStateException(
          file
              + " is not the state of a batch that this version has written: "
              + e.getMessage()
              + "; it may stand for answers that are paid for, so look at it before you move it"
              + " away",
          e);
    }
  }

  Path folder() {
    return folder;
  }

  State state() {
    return state;
  }

  boolean is(Step step) {
    return state.step == step;
  }

  Usage estimate() {
    return new Usage(state.requests, state.input, 0, state.output);
  }

  WireFormat wire() {
    return WireFormat.valueOf(state.wire);
  }

  /** The name of this try at the server. */
  String nameOfTheTry() {
    return state.name + "." + state.tries;
  }

  Path requests() {
    return folder.resolve("requests.jsonl");
  }

  Path output() {
    return folder.resolve("output.jsonl");
  }

  Path errors() {
    return folder.resolve("errors.jsonl");
  }

  /** Each question's key, with what it is estimated to use. */
  Map<String, Usage> keys() {
    try {
      Map<String, Usage> keys = new LinkedHashMap<>();
      List<String> lines = Files.readAllLines(folder.resolve("keys.txt"));
      for (String line : lines) {
        String[] words = line.split(" ", -1);
        keys.put(words[0], new Usage(1, Long.parseLong(words[1]), 0, Long.parseLong(words[2])));
      }
      return keys;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the questions of a batch in " + folder, e);
    }
  }

  void uploaded(String file) {
    save(Step.UPLOADED, state.tries, 0, file, null, null, null, Map.of());
  }

  void creating() {
    save(Step.CREATING, state.tries, state.since, state.file, null, null, null, Map.of());
  }

  void created(String batch, long now) {
    save(Step.CREATED, state.tries, now, state.file, batch, null, null, Map.of());
  }

  /** Another try, after the server would not take it for now. */
  void again(long since) {
    save(Step.UPLOADED, state.tries + 1, since, state.file, null, null, null, Map.of());
  }

  void ended(String status, @Nullable Long completed, Map<String, String> rejected) {
    save(
        Step.ENDED, state.tries, state.since, state.file, state.batch, status, completed, rejected);
  }

  void settled() {
    save(
        Step.SETTLED,
        state.tries,
        state.since,
        state.file,
        state.batch,
        state.status,
        state.completed,
        state.rejected);
  }

  private void save(
      Step step,
      int tries,
      long since,
      @Nullable String file,
      @Nullable String batch,
      @Nullable String status,
      @Nullable Long completed,
      Map<String, String> rejected) {
    State next =
        new State(
            FORMAT,
            state.name,
            state.model,
            state.wire,
            state.can,
            state.requests,
            state.input,
            state.output,
            step,
            tries,
            since,
            file,
            batch,
            status,
            completed,
            rejected);
    write(folder, next);
    state = next;
  }
}
