package org.tastemaker.human.desk;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.testing.HandClock;

/** What tests of the desk share: questions about grey images, and people who answer them. */
public final class People {
  private People() {}

  /** A clock that stands still until it is moved. */
  static HandClock clock() {
    return new HandClock(Instant.parse("2026-01-02T03:04:05Z"));
  }

  /** Images of which the later are brighter; values are whole 255ths, so that PNG keeps them. */
  public static ImageGroup group(String prompt, int size) {
    List<Image> images = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      float value = (20 * i + Math.floorMod(prompt.hashCode(), 17)) / 255f;
      images.add(Image.filled(2, 2, value, value, value));
    }
    return new ImageGroup(Prompt.of(prompt), images);
  }

  static DeskQuestion question(String id, int size) {
    return new DeskQuestion(id, group(id, size), "Which is brighter?");
  }

  public static Path log(Path folder) {
    return folder.resolve("answers.jsonl");
  }

  public static Desk desk(Path folder, int people) {
    return desk(folder, people, 0, Clock.systemUTC());
  }

  static Desk desk(
      Path folder, int people, int checkEvery, Clock clock, Desk.KnownQuestion... known) {
    return Desk.open(
        log(folder),
        new Desk.Options(people, Duration.ofMinutes(5), Duration.ZERO, checkEvery, Seed.of(3)),
        List.of(known),
        Map.of(),
        clock);
  }

  /** Asks in a thread, and returns when people can see the question. */
  static CompletableFuture<List<DeskAnswer>> ask(Desk desk, String id, int size) {
    CompletableFuture<List<DeskAnswer>> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                result.complete(desk.ask(question(id, size), Duration.ofMinutes(1)));
              } catch (InterruptedException | RuntimeException e) {
                result.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    while (!desk.isAsking(id) && !result.isDone()) {
      Thread.onSpinWait();
    }
    return result;
  }

  static Desk.Shown look(Desk desk, String person) {
    return desk.standing(person).shown().orElseThrow();
  }

  /** The brighter image first. */
  public static List<List<Integer>> brightest(Desk.Shown shown) {
    List<Image> images = shown.question().group().images();
    List<Integer> order = shown.assignment().shown();
    return IntStream.range(0, order.size())
        .boxed()
        .sorted(Comparator.comparing(place -> -images.get(order.get(place)).get(0, 0, 0)))
        .map(List::of)
        .toList();
  }

  /** As they are shown, from the left. */
  static List<List<Integer>> leftmost(Desk.Shown shown) {
    List<List<Integer>> tiers = new ArrayList<>();
    for (int place = 0; place < shown.assignment().shown().size(); place++) {
      tiers.add(List.of(place));
    }
    return tiers;
  }

  /** Answers what the person sees now. */
  static Desk.Outcome say(
      Desk desk, String person, String click, Function<Desk.Shown, List<List<Integer>>> rule) {
    Desk.Shown shown = look(desk, person);
    return desk.answer(
        person, click, shown.assignment().id(), DeskAnswer.Kind.RANKED, rule.apply(shown), 900);
  }

  /** Somebody who answers everything until the thread is interrupted. */
  public static Thread annotator(
      Desk desk, String person, Function<Desk.Shown, List<List<Integer>>> rule) {
    Thread thread =
        new Thread(
            () -> {
              while (!Thread.currentThread().isInterrupted()) {
                Desk.Shown shown = desk.standing(person).shown().orElse(null);
                if (shown == null) {
                  Thread.onSpinWait();
                  continue;
                }
                String id = shown.assignment().id();
                desk.answer(person, "c" + id, id, DeskAnswer.Kind.RANKED, rule.apply(shown), 500);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return thread;
  }
}
