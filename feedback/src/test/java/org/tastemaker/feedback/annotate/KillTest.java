package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/**
 * A job that is killed at any moment ends with what a calm one gives, and pays for nothing twice.
 */
class KillTest {
  private static final int GROUPS = 400; // more than 200 runs get through before they are killed

  @TempDir Path folder;

  @Test
  void twoHundredRandomKillsChangeNothing() throws IOException {
    List<ImageGroup> groups = Jobs.groups(GROUPS);
    Path calm = folder.resolve("calm.jsonl");
    Jobs.job(calm, Jobs.faulty()).build().run(groups);

    RandomGenerator random = Seed.of(99).generator();
    Store store = new Store();
    Path dataset = folder.resolve("killed.jsonl");
    int kills = 0;
    int torn = 0;
    boolean finished = false;
    while (!finished) {
      // after 200 kills the job is left alone
      Moment moment = Moment.values()[random.nextInt(Moment.values().length)];
      Fate fate = new Fate(moment, kills < 200 ? 1 + random.nextInt(3) : Integer.MAX_VALUE);
      AnnotationJob job =
          Jobs.job(dataset, store.before(Jobs.faulty(), fate))
              .concurrency(3)
              .fileLayer(file -> crashing(file, fate))
              .build();
      try {
        job.run(groups);
        finished = true;
      } catch (Killed e) {
        kills++;
        torn += fate.tear(dataset, random) ? 1 : 0;
      }
    }

    assertThat(kills).isEqualTo(200);
    assertThat(torn).as("kills in the middle of a line").isGreaterThan(10);
    assertThat(Jobs.judgements(dataset)).isEqualTo(Jobs.judgements(calm)).hasSize(GROUPS);
    PreferenceDataset.Contents contents = PreferenceDataset.read(dataset, group -> {});
    assertThat(contents.repeated()).isZero();
    assertThat(contents.damaged()).isZero();
    assertThat(contents.unfinished()).isFalse();
    assertThat(contents.missing()).as("the judge is a faulty one").isPositive();
    assertThat(store.paid.values()).as("times that an answer was paid for").containsOnly(1);
    // a kill may cut a character in two, so bytes are counted
    assertThat(
            Files.readAllLines(folder.resolve("killed.jsonl.damaged"), StandardCharsets.ISO_8859_1))
        .hasSize(torn);
  }

  /** The end of a process. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  /** When the kill comes. */
  private enum Moment {
    BEFORE_THE_QUESTION,
    AFTER_THE_ANSWER,
    WHILE_WRITING,
    AFTER_WRITING
  }

  /** Counts down to the kill; after it nothing of the job has any effect. */
  private static final class Fate {
    private final Moment moment;
    private int left;
    private boolean dead;
    private @Nullable String halfWritten;

    Fate(Moment moment, int left) {
      this.moment = moment;
      this.left = left;
    }

    synchronized void at(Moment now) {
      dead |= now == moment && --left == 0;
      if (dead) {
        throw new Killed();
      }
    }

    /** The line that is being written when the kill comes reaches the file up to some byte. */
    synchronized void write(String line, Consumer<String> file) {
      if (!dead && moment == Moment.WHILE_WRITING && left == 1) {
        halfWritten = line;
      }
      at(Moment.WHILE_WRITING);
      file.accept(line);
    }

    synchronized boolean tear(Path dataset, RandomGenerator random) throws IOException {
      if (halfWritten == null) {
        return false;
      }
      byte[] bytes = halfWritten.getBytes(StandardCharsets.UTF_8);
      int written = random.nextInt(bytes.length + 1); // all but the line feed at most
      Files.write(dataset, Arrays.copyOf(bytes, written), StandardOpenOption.APPEND);
      return written > 0;
    }
  }

  private static Consumer<String> crashing(Consumer<String> file, Fate fate) {
    return line -> {
      fate.write(line, file);
      fate.at(Moment.AFTER_WRITING);
    };
  }

  /** Answers on disk, as it were: they outlive the process that paid for them. */
  private static final class Store {
    private final Map<String, Verdict> answers = new ConcurrentHashMap<>();
    private final Map<String, Integer> paid = new ConcurrentHashMap<>();

    Judge before(Judge judge, Fate fate) {
      return new Judge() {
        @Override
        public Verdict ask(Question question) {
          Verdict kept = answers.get(question.id());
          if (kept != null) {
            return kept.fromCache();
          }
          fate.at(Moment.BEFORE_THE_QUESTION);
          try {
            Verdict verdict = judge.ask(question);
            paid.merge(question.id(), 1, Integer::sum);
            answers.put(question.id(), verdict);
            return verdict;
          } finally { // a refusal, which is not kept, is an answer too
            fate.at(Moment.AFTER_THE_ANSWER);
          }
        }

        @Override
        public String name() {
          return judge.name();
        }
      };
    }
  }
}
